"""The queue scheduler's rule: the posts of each lane take, in their order, the next of the brand's weekly slots."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace, Unplaced
from marketmind_scheduler.domain.planning.room import Counted, limits_of, stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.curing import loosening
from marketmind_scheduler.domain.rules.limits import Limit
from marketmind_scheduler.domain.rules.openness import closed_by
from marketmind_scheduler.domain.rules.policy import Slots, Weekday
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Resolution, Slot, resolve

NO_SLOTS, NO_CAPACITY = "no_slots", "no_capacity"
_NO_SLOTS = (
    "the brand's policy has no weekly slots for {}; add a rule of the kind slots with PUT /brands/{{brand_id}}/policy"
)


@dataclass(slots=True)
class _Lane:
    """``counted`` are the rules that its posts must keep, and ``taken`` the instants at which one of it stands.
    ``closing`` is the limit that has closed the latest slot to a post that waited for it."""

    waiting: deque[PostToPlace]
    counted: Sequence[Counted]
    taken: set[datetime]
    closing: Limit | None = None

    def takes(self, at: datetime) -> bool:
        """Whether the post whose turn it is may stand there."""
        if not self.waiting or at in self.taken or not _takes(self.waiting[0], at):
            return False
        full = next((each.limit for each in self.counted if each.is_full(at)), None)
        self.closing = full or self.closing
        return full is None


def plan_by_queue(brief: Brief) -> Plan:
    """Each slot of the policy that is open under every rule, and at which nothing stands, takes one post of its lane.
    Where lanes have a slot at one instant, the one whose post was registered first goes first. What finds none up to
    the last day is unplaced."""
    lanes = _lanes(brief)
    nth = {post.post_id: nth for nth, post in enumerate(brief.posts)}
    offered = [(slot, platform) for platform in lanes for slot in _weekly(platform, brief)]
    offered.sort(key=lambda each: each[0].publish_time)
    placements: list[Placement] = []
    for at, together in groupby(offered, key=lambda each: each[0].publish_time):
        ready = [(lanes[platform].waiting[0], slot) for slot, platform in together if lanes[platform].waiting]
        for post, slot in sorted(ready, key=lambda each: nth[each[0].post_id]):
            if lanes[post.platform].takes(at):
                placements.append(Placement(post=lanes[post.platform].waiting.popleft(), slot=slot))
                _count(lanes, post.platform, at)
    placements.sort(key=lambda placement: (placement.slot.publish_time, placement.post.platform))
    left = [_unplaced(post, lane, brief) for lane in lanes.values() for post in lane.waiting]
    return Plan(scheduler=SchedulerKind.QUEUE, placements=tuple(placements), unplaced=tuple(left))


def _lanes(brief: Brief) -> Mapping[Platform, _Lane]:
    standing = stands(brief)
    return {
        platform: _Lane(
            waiting=deque(post for post in brief.posts if post.platform is platform),
            counted=[Counted.of(limit, standing) for limit in limits_of(brief, platform)],
            taken={instant for lane, instant in standing if lane is platform},
        )
        for platform in sorted({post.platform for post in brief.posts})
    }


def _count(lanes: Mapping[Platform, _Lane], platform: Platform, at: datetime) -> None:
    lanes[platform].taken.add(at)
    for counted in (each for lane in lanes.values() for each in lane.counted):
        counted.add(platform, at)


def _takes(post: PostToPlace, at: datetime) -> bool:
    return (post.not_before is None or post.not_before <= at) and (post.not_after is None or at <= post.not_after)


def _weekly(platform: Platform, brief: Brief) -> Iterator[Slot]:
    """The weekly slots of the platform on the brief's days that are ahead and open by themselves, in time order."""
    times = {each for rule in brief.binding.policy.of(platform) if isinstance(rule, Slots) for each in rule.times}
    for nth in range((brief.last_day - brief.first_day).days + 1):
        day = brief.first_day + timedelta(days=nth)
        for at in sorted(at for weekday, at in times if weekday is Weekday.of(day)):
            slot = _resolved(datetime.combine(day, at), brief)
            if slot and slot.publish_time > brief.now and not _is_closed(slot, platform, brief):
                yield slot


def _resolved(wall: datetime, brief: Brief) -> Slot | None:
    """The slot of a wall time, the first where it happens twice; None where the clock jumps over it."""
    slot = resolve(wall, zone=brief.zone, disambiguation=Disambiguation.COMPATIBLE, tz_release=brief.tz_release)
    return None if slot.intent.resolution is Resolution.GAP_SHIFTED else slot


def _is_closed(slot: Slot, platform: Platform, brief: Brief) -> bool:
    return closed_by(slot.publish_time, platform, brief.binding, now=brief.now) is not None


def _unplaced(post: PostToPlace, lane: _Lane, brief: Brief) -> Unplaced:
    has_slots = any(isinstance(rule, Slots) for rule in brief.binding.policy.of(post.platform))
    sentence = _no_capacity(post.platform, lane, brief) if has_slots else _NO_SLOTS.format(post.platform)
    reason = NO_CAPACITY if has_slots else NO_SLOTS
    return Unplaced(post_id=post.post_id, platform=post.platform, reason=reason, sentence=sentence)


def _no_capacity(platform: Platform, lane: _Lane, brief: Brief) -> str:
    days = _days(brief.first_day, brief.last_day)
    left = f"no open weekly slot is left for {saying.posts(len(lane.waiting))} of {platform} {days}"
    longer = "let not_after be later" if brief.is_of_one else "lengthen the campaign"
    if lane.closing is None:
        return f"{left}; {longer}, or add times to the slots of the policy"
    limit = loosening(lane.closing, brief.binding.policy.brand_id)
    return f"{left}: {limit}, or {longer}" if lane.closing.posts else f"{left}: {limit}"


def _days(first: date, last: date) -> str:
    return f"on {first}" if first == last else f"from {first} to {last}"
