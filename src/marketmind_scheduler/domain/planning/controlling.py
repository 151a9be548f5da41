"""Which posts of a plan the lot leaves at the naive rule's time, so that chosen times have something to be compared
with."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.digests import brief_hash, parts_of
from marketmind_scheduler.domain.planning.engaging import reason_at
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.reasons import Reason
from marketmind_scheduler.domain.planning.room import Counted, limits_of, slots_of, stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.rules.policy import ControlShare
from marketmind_scheduler.domain.schedulers import SEVEN_PM

_THOUSANDTHS = 1_000
_LOT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Lot:
    """How the lot fell: ``controls`` stand at the naive rule's time, ``chosen`` are the posts that could have stood at
    theirs. Only these two are compared; what could not stand there is neither."""

    controls: tuple[Placement, ...] = ()
    chosen: frozenset[UUID] = frozenset()

    def around(self, brief: Brief) -> Brief:
        """What is left to place, round the controls."""
        left = {each.post.post_id for each in self.controls}
        posts = tuple(post for post in brief.posts if post.post_id not in left)
        return replace(brief, posts=posts, kept=(*brief.kept, *self.controls)) if left else brief

    def completed(self, plan: Plan) -> Plan:
        """The plan of what was left, with the controls in it and its posts marked that are compared with them."""
        placements = [*map(self._marked, plan.placements), *self.controls]
        placements.sort(key=lambda each: (each.slot.publish_time, each.post.platform))
        return replace(plan, placements=tuple(placements))

    def _marked(self, placement: Placement) -> Placement:
        reason = placement.reason
        if reason is None or placement.post.post_id not in self.chosen:
            return placement
        return replace(placement, reason=replace(reason, arm=Arm.CHOSEN))


def drawn(brief: Brief) -> Lot:
    """The lot for every post that could stand at the naive rule's time: its 19:00 is open beside what stands, and
    nobody has it. Each is a control with the probability of its lane's share, by a digest of the brief and the post, so
    that the same brief has the same lot. Without a share, and for a post by itself, nothing is drawn."""
    lanes: defaultdict[Platform, list[PostToPlace]] = defaultdict(list)
    for post in brief.posts:
        if _share(brief, post.platform) and not brief.is_of_one:
            lanes[post.platform].append(post)
    seed = brief_hash(parts_of(brief)) if lanes else ""
    lot = Lot()
    for platform, posts in lanes.items():
        of_lane = _drawn_in(platform, posts, lot.around(brief), seed)
        lot = Lot((*lot.controls, *of_lane.controls), lot.chosen | of_lane.chosen)
    return lot


def _drawn_in(platform: Platform, posts: Sequence[PostToPlace], brief: Brief, seed: str) -> Lot:
    standing, share = stands(brief), _share(brief, platform)
    counted = [Counted.of(limit, standing) for limit in limits_of(brief, platform)]
    taken = {instant for lane, instant in standing if lane is platform}
    controls: list[Placement] = []
    chosen: set[UUID] = set()
    for placement, slot in _at_the_rules_time(platform, posts, brief):
        if slot.instant in taken or any(each.is_full(slot.instant) for each in counted):
            continue
        if _falls_on(placement.post, seed, share):
            controls.append(replace(placement, reason=_of_control(slot, platform, brief)))
            for each in counted:
                each.add(platform, slot.instant)
        else:
            chosen.add(placement.post.post_id)
    return Lot(tuple(controls), frozenset(chosen))


def _share(brief: Brief, platform: Platform) -> int:
    """In thousandths; of several the largest."""
    rules = brief.binding.policy.of(platform)
    return max((rule.thousandths for rule in rules if isinstance(rule, ControlShare)), default=0)


def _at_the_rules_time(
    platform: Platform, posts: Sequence[PostToPlace], brief: Brief
) -> Iterator[tuple[Placement, GridSlot]]:
    """Where the naive rule would have each of the lane's posts, as far as that is open; nowhere, where it has no plan
    for them. What it puts off because its time is taken is on no grid."""
    try:
        plan = plan_naively(replace(brief, posts=tuple(posts)))
    except Rejected:
        return
    open_at = {slot.instant: slot for slot in slots_of(brief, platform)}
    for placement in plan.placements:
        slot = open_at.get(placement.slot.publish_time)
        if slot and slot.local_time.time() == SEVEN_PM and _suits(placement.post, slot):
            yield placement, slot


def _suits(post: PostToPlace, slot: GridSlot) -> bool:
    is_soon_enough = post.not_after is None or slot.instant <= post.not_after
    return is_soon_enough and (post.not_before is None or slot.instant >= post.not_before)


def _falls_on(post: PostToPlace, seed: str, share: int) -> bool:
    drawn = int.from_bytes(sha256(f"{seed}{post.post_id}".encode()).digest()[:_LOT_BYTES])
    return drawn * _THOUSANDTHS < share << 8 * _LOT_BYTES


def _of_control(slot: GridSlot, platform: Platform, brief: Brief) -> Reason:
    return reason_at(slot, brief.profile_of(platform), arm=Arm.CONTROL)
