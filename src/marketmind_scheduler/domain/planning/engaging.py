"""The engagement scheduler's plan: what a solver has chosen, as placements with their reasons, and what is left out."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime

from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.audience.priors import prior_of
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import CELLS, cell_at
from marketmind_scheduler.domain.planning.choosing import LaneBrief, slot_at
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Unplaced
from marketmind_scheduler.domain.planning.problem import (
    LaneChoice,
    Relaxable,
    Relaxation,
    Shortage,
    WhyUnplaced,
)
from marketmind_scheduler.domain.planning.reasons import Reason
from marketmind_scheduler.domain.planning.room import none_allowed
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.wall_clock import wall_time

NO_OPEN_SLOT, NO_CAPACITY = "no_open_slot", "no_capacity"
_NOT_LOOKED_FOR = "; what would make room was not looked for, because the time was up"
_LITTLE = 1.05
_WHOLE = 1_000


def placements_of(lane: LaneBrief, choice: LaneChoice, brief: Brief, expected: LaneChoice) -> Sequence[Placement]:
    """The placements of a lane. What was chosen with boldness and would stand better without it is exploratory."""
    profile = brief.profile_of(lane.platform)
    matters_little = _matters_little([profile.value(cell_at(slot.local_time)) for slot in lane.slots])
    placed: list[Placement] = []
    for post, chosen, without in zip(lane.posts, in_order(lane, choice), in_order(lane, expected), strict=True):
        if chosen is not None:
            slot = lane.slots[chosen]
            is_exploratory = without is not None and _value(profile, lane.slots[without]) > _value(profile, slot)
            reason = reason_at(slot, profile, is_exploratory=is_exploratory, matters_little=matters_little)
            placed.append(Placement(post=post, slot=slot_at(slot, brief), reason=reason))
    return placed


def in_order(lane: LaneBrief, choice: LaneChoice) -> Sequence[int | None]:
    """What was chosen, where posts that are alike have their slots in campaign order."""
    alike: defaultdict[Hashable, list[int]] = defaultdict(list)
    for nth, post in enumerate(lane.posts):
        alike[post.weight, post.not_before, post.not_after].append(nth)
    chosen: list[int | None] = [None] * len(lane.posts)
    for posts in alike.values():
        slots = sorted(slot for nth in posts if (slot := choice.chosen[nth]) is not None)
        for nth, slot in zip(posts, slots, strict=False):
            chosen[nth] = slot
    return chosen


def reason_at(
    slot: GridSlot,
    profile: Profile,
    *,
    is_exploratory: bool = False,
    arm: Arm | None = None,
    matters_little: bool = False,
) -> Reason:
    """What is believed of the hour of a slot."""
    cell = cell_at(slot.local_time)
    return Reason(
        expected_multiplier=profile.value(cell),
        interval_80=profile.interval_80(cell),
        effective_posts=round(profile.effective_posts(cell) * _WHOLE),
        own_share=round(profile.own_share(cell) * _WHOLE),
        prior_sources=tuple(study.key for study in prior_of(profile.platform).studies),
        signal=profile.signal_at(cell),
        is_exploratory=is_exploratory,
        arm=arm,
        matters_little=matters_little,
    )


def exploratory_share(choices: Sequence[tuple[LaneBrief, LaneChoice, LaneChoice]], brief: Brief) -> float:
    """Which part of what is placed is there to learn."""
    placed = [each for lane, choice, expected in choices for each in placements_of(lane, choice, brief, expected)]
    return sum(each.reason is not None and each.reason.is_exploratory for each in placed) / max(1, len(placed))


def posts_at(lane: LaneBrief, choice: LaneChoice) -> Sequence[int]:
    """How many posts the choice has at each hour of the week."""
    at = Counter(cell_at(lane.slots[each].local_time) for each in choice.chosen if each is not None)
    return [at[cell] for cell in range(CELLS)]


def unplaced_of(lane: LaneBrief, why: WhyUnplaced, brief: Brief) -> Sequence[Unplaced]:
    """Why posts of the lane are left out, in words."""
    relaxations = tuple(_relaxed(each, brief) for each in why.relaxations)
    return [
        Unplaced(
            post_id=lane.posts[each.post].post_id,
            platform=lane.platform,
            reason=NO_OPEN_SLOT if each.shortage is None else NO_CAPACITY,
            sentence=_why(lane.platform, each.shortage, brief) + ("" if why.was_looked_for else _NOT_LOOKED_FOR),
            relaxations=relaxations,
        )
        for each in why.unplaced
    ]


def _why(platform: Platform, shortage: Shortage | None, brief: Brief) -> str:
    if shortage is None:
        closing = none_allowed(brief, platform)
        return closing or f"no slot of {platform} is open to it beside what stands there and what the rules close"
    begin, end = _day(shortage.begin, brief.zone), _day(shortage.end, brief.zone)
    when = f"on {begin}" if begin == end else f"from {begin} to {end}"
    places = f"{shortage.places} fit" if shortage.proven else f"no more than {shortage.places} were found to fit"
    return f"{shortage.posts} {platform} posts need slots {when}, and {places} there under the rules"


def _relaxed(relaxation: Relaxation, brief: Brief) -> str:
    to = relaxation.to
    match relaxation.rule:
        case Relaxable.MORE_DAYS if brief.is_of_one:
            return "let not_after be later"
        case Relaxable.MORE_DAYS:
            return f"lengthen the campaign by {to} {'day' if to == 1 else 'days'}"
        case Relaxable.MIN_GAP:
            return "leave min_gap out" if to is None else f"loosen min_gap to {to // 60} minutes"
        case Relaxable.DAILY_CAP:
            return "leave daily_cap out" if to is None else f"raise daily_cap to {to} posts"
        case Relaxable.ROLLING_CAP:
            hours = f" of {relaxation.seconds // 3600} hours" if relaxation.seconds else ""
            return f"leave the rolling_cap{hours} out" if to is None else f"raise the rolling_cap{hours} to {to} posts"


def _day(instant: int, zone: str) -> str:
    return wall_time(datetime.fromtimestamp(instant, UTC), zone).date().isoformat()


def _value(profile: Profile, slot: GridSlot) -> int:
    return profile.value(cell_at(slot.local_time))


def _matters_little(values: Sequence[int]) -> bool:
    return bool(values) and max(values) * len(values) < _LITTLE * sum(values)
