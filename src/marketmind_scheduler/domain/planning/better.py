"""The better times that a plan could not use, each with the rule that closes it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.audience.week import cell_at
from marketmind_scheduler.domain.planning.plan import Brief, Placement
from marketmind_scheduler.domain.planning.reasons import Binding
from marketmind_scheduler.domain.planning.room import Counted, slots_of
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.limits import limits
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.rules.openness import closed_by
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied
from marketmind_scheduler.domain.wall_clock import local_day

MOST_NAMED = 3
_NEAR = timedelta(days=7)  # on either side, so that each hour of the week comes
_MOST_LOOKED_AT = 60
_MOST_HOLDERS = 10


def bindings(placements: Sequence[Placement], brief: Brief) -> Mapping[UUID, Sequence[Binding]]:
    """For each post up to three times within a week that are expected to do better than its own, the best first and of
    those alike the nearest, each with the first rule that it would break there, with all else where it is. One time
    stands for its hour."""
    platforms = sorted({each.post.platform for each in placements})
    lanes = {platform: _Lane.of(platform, placements, brief) for platform in platforms}
    return {each.post.post_id: list(lanes[each.post.platform].bindings(each)) for each in placements}


@dataclass(frozen=True, slots=True)
class _Lane:
    platform: Platform
    brief: Brief
    slots: Sequence[GridSlot]
    values: Sequence[int]
    counted: Sequence[Counted]
    holders: Sequence[Occupied]
    closed: dict[datetime, RuleKind | None]

    @classmethod
    def of(cls, platform: Platform, placements: Sequence[Placement], brief: Brief) -> "_Lane":
        rules, profile = brief.binding, brief.profile_of(platform)
        nothing = BrandRules(policy=replace(rules.policy, rules=()), caps={}, zone=rules.zone)
        slots = slots_of(replace(brief, rules=nothing), platform)
        holders = [*brief.occupied, *map(_holder, (*brief.kept, *placements))]
        standing = [(each.platform, each.publish_time) for each in holders]
        return cls(
            platform=platform,
            brief=brief,
            slots=slots,
            values=[profile.value(cell_at(slot.local_time)) for slot in slots],
            counted=[Counted.of(limit, standing) for limit in limits(rules, {platform})],
            holders=sorted(holders, key=lambda each: each.publish_time),
            closed={},
        )

    def bindings(self, placement: Placement) -> Iterator[Binding]:
        own, named = placement.slot.publish_time, set[datetime]()
        for each in self.counted:
            each.remove(own)
        for slot, value in self._better(placement):
            hour = slot.local_time.replace(minute=0)
            if hour not in named and (rule := self._closed(slot.instant)) is not None:
                named.add(hour)
                yield Binding(
                    publish_time=slot.instant,
                    local_time=slot.local_time,
                    multiplier=value,
                    rule=rule[0],
                    with_=self._beside(slot.instant, rule[1], placement),
                )
            if len(named) == MOST_NAMED:
                break
        for each in self.counted:
            each.add(self.platform, own)

    def _better(self, placement: Placement) -> Sequence[tuple[GridSlot, int]]:
        post, own = placement.post, placement.slot.publish_time
        begin = bisect_left(self.slots, max(own - _NEAR, post.not_before or own - _NEAR), key=_instant)
        end = bisect_right(self.slots, min(own + _NEAR, post.not_after or own + _NEAR), key=_instant)
        value = placement.reason.expected_multiplier if placement.reason else 0
        better = [(self.slots[nth], self.values[nth]) for nth in range(begin, end) if self.values[nth] > value]
        better.sort(key=lambda each: (-each[1], abs(each[0].instant - own), each[0].instant))
        return better[:_MOST_LOOKED_AT]

    def _closed(self, at: datetime) -> tuple[RuleKind, Counted | None] | None:
        """The first rule that closes an instant, and what it counts."""
        if at not in self.closed:
            rule = closed_by(at, self.platform, self.brief.binding, now=self.brief.now)
            self.closed[at] = rule and rule.kind
        if kind := self.closed[at]:
            return kind, None
        full = next((each for each in self.counted if each.is_full(at)), None)
        return full and (full.limit.rule, full)

    def _beside(self, at: datetime, counted: Counted | None, placement: Placement) -> tuple[UUID, ...]:
        """Who stands with it in what the rule counts."""
        if counted is None:
            return ()
        limit, zone = counted.limit, counted.day_zone
        begin = bisect_left(self.holders, at - limit.length, key=_publish_time)
        end = bisect_right(self.holders, at + limit.length, key=_publish_time)
        near = [
            each.holder_id
            for each in self.holders[begin:end]
            if each.platform in limit.platforms
            and each.holder_id != placement.post.post_id
            and (abs(each.publish_time - at) < limit.length if zone is None else _same_day(each, at, zone))
        ]
        return tuple(near[:_MOST_HOLDERS])


def _holder(placement: Placement) -> Occupied:
    """Under the post's own id."""
    post, slot = placement.post, placement.slot
    return Occupied(holder_id=post.post_id, platform=post.platform, publish_time=slot.publish_time)


def _instant(slot: GridSlot) -> datetime:
    return slot.instant


def _publish_time(holder: Occupied) -> datetime:
    return holder.publish_time


def _same_day(holder: Occupied, at: datetime, zone: str) -> bool:
    return local_day(holder.publish_time, zone) == local_day(at, zone)
