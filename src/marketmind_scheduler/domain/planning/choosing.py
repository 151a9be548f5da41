"""From a brief to the problem of each lane, and from what was chosen back to placements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import CELLS, cell_at
from marketmind_scheduler.domain.planning.emphasis import emphasised
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.problem import AtMost, Candidate, LaneProblem, Objective, OpenSlot
from marketmind_scheduler.domain.planning.room import Counted, Stand, limits_of, slots_of, stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, Rolling
from marketmind_scheduler.domain.rules.limits import company
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, local_day, resolve

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LONGEST_DAY = timedelta(hours=25)
_FOR_EVER = 2**40
OWN_POST_LOSS = 500_000
"""The part of a post's worth, in millionths, that is lost right behind another one of its lane: assumed."""

_HALF_LIVES: Mapping[Platform, timedelta] = {
    Platform.INSTAGRAM: timedelta(hours=19),
    Platform.LINKEDIN: timedelta(hours=24),
    Platform.YOUTUBE: timedelta(hours=24),  # six days, held within one
}
_HALF_LIFE = timedelta(hours=1)
"""Of the platforms whose posts are over sooner, and of those of which nothing is known: assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneBrief:
    """A lane as a solver is asked about it; ``slots`` are those of the problem, in its order. ``is_exact``: the problem
    forbids no more than the rules do beside what stands."""

    platform: Platform
    posts: Sequence[PostToPlace]
    slots: Sequence[GridSlot]
    problem: LaneProblem
    is_exact: bool
    boldness: float


def lane_brief(
    platform: Platform, posts: Sequence[PostToPlace], brief: Brief, standing: Sequence[Stand], *, boldness: float = 0
) -> LaneBrief:
    """The problem of a lane beside what stands on it, and on others that are counted with it. Values are what is
    believed of the hours, so many standard deviations above what is expected."""
    counted = [Counted.of(limit, standing) for limit in limits_of(brief, platform)]
    own = sorted(instant for lane, instant in standing if lane is platform)
    slots = [slot for slot in slots_of(brief, platform) if not any(each.is_full(slot.instant) for each in counted)]
    elsewhere = [stand for stand in standing if stand[0] is not platform]
    at_most, is_exact = _rolling(brief, platform, elsewhere)
    per_day, taken_on = _daily(counted, brief.zone)
    problem = LaneProblem(
        posts=[_candidate(post) for post in posts],
        slots=_open(slots, brief.profile_of(platform), boldness),
        taken=[whole_seconds(each) for each in own],
        min_gap=_gap(counted),
        per_day=per_day,
        taken_on=taken_on,
        at_most=at_most,
        objective=brief.objective,
        decay=decay_of(platform) if brief.objective is Objective.OWN_POST_DECAY else (0, 1),
    )
    return LaneBrief(
        platform=platform,
        posts=posts,
        slots=slots,
        problem=emphasised(problem, *brief.emphasis),
        is_exact=is_exact,
        boldness=boldness,
    )


def relaxed(lane: LaneBrief, brief: Brief) -> LaneProblem:
    """A problem that forbids no more of the lane than the rules do, as if its plan placed nothing on others: what no
    choice of that exceeds, the lane exceeds in no plan."""
    alone = lane_brief(lane.platform, lane.posts, brief, stands(brief), boldness=lane.boldness)
    return alone.problem if alone.is_exact else replace(alone.problem, at_most=())


def slot_at(slot: GridSlot, brief: Brief) -> Slot:
    return resolve(
        slot.local_time, zone=brief.zone, disambiguation=Disambiguation.COMPATIBLE, tz_release=brief.tz_release
    )


def decay_of(platform: Platform) -> tuple[int, int]:
    """What ``LaneProblem.decay`` is for a platform."""
    return OWN_POST_LOSS, _HALF_LIVES.get(platform, _HALF_LIFE) // SECOND


def whole_seconds(instant: datetime) -> int:
    return (instant - EPOCH) // SECOND


def _open(slots: Sequence[GridSlot], profile: Profile, boldness: float) -> Sequence[OpenSlot]:
    values = [profile.value(cell, boldness=boldness) for cell in range(CELLS)]
    return [
        OpenSlot(instant=whole_seconds(slot.instant), day=slot.day.toordinal(), value=values[cell_at(slot.local_time)])
        for slot in slots
    ]


def _candidate(post: PostToPlace) -> Candidate:
    first, last = post.not_before, post.not_after
    return Candidate(
        post_id=post.post_id,
        weight=post.weight,
        earliest=0 if first is None else -(-(first - EPOCH) // SECOND),  # rounded up
        latest=_FOR_EVER if last is None else whole_seconds(last),
    )


def _gap(counted: Sequence[Counted]) -> int:
    gaps = [each.limit.length for each in counted if each.limit.posts == 1 and isinstance(each.limit.window, Rolling)]
    return max([1, *(gap // SECOND for gap in gaps)])


def _daily(counted: Sequence[Counted], zone: str) -> tuple[int | None, Sequence[tuple[int, int]]]:
    """The most that any day holds, and how much of that each day has less."""
    caps = [each for each in counted if each.limit.window == CalendarDay(zone)]
    if not caps:
        return None, ()
    most = min(each.limit.posts for each in caps)
    less: Counter[int] = Counter()
    for each in caps:
        for day, taken in Counter(local_day(instant, zone).toordinal() for instant in each.instants).items():
            less[day] = max(less[day], taken - (each.limit.posts - most))
    return most, sorted((day, taken) for day, taken in less.items() if taken > 0)


def _rolling(brief: Brief, platform: Platform, elsewhere: Sequence[Stand]) -> tuple[Sequence[AtMost], bool]:
    """Caps of rolling windows, and whether they say no more than the rules. Those of another zone's days are kept as if
    any 25 hours were one; what other lanes hold in their fullest window counts always."""
    found: list[AtMost] = []
    is_exact = True
    for limit in limits_of(brief, platform):
        if isinstance(limit.window, Rolling) and limit.posts > 1:
            theirs = max(map(len, company(limit, Counted.of(limit, elsewhere).instants)), default=0)
            found.append(AtMost(posts=max(1, limit.posts - theirs), seconds=limit.length // SECOND))
            is_exact = is_exact and theirs == 0
        elif isinstance(limit.window, CalendarDay) and limit.window.zone != brief.zone:
            found.append(AtMost(posts=max(1, limit.posts), seconds=LONGEST_DAY // SECOND))
            is_exact = False
    return found, is_exact
