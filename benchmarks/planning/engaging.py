"""The engagement scheduler's choices, by the service's own scheduler, fitter and solver, in this process."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from benchmarks.planning.rules import BEGIN, PLATFORM, RULES, problem_of
from benchmarks.planning.worlds import WEEK, Floats, Ints

from marketmind_scheduler.adapters.numeric import explaining
from marketmind_scheduler.adapters.numeric.choosing import solve_lane
from marketmind_scheduler.adapters.numeric.fitting import fitted, narrowed
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.observations import LEARNING_AGE, Figure, LaneHistory, Measurement
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.problem import Alternative, LaneChoice, LaneProblem, OpenSlot, WhyUnplaced
from marketmind_scheduler.domain.rules.violations import Occupied

_BRAND = BrandContent(name="", default_zone="UTC", tone_profile="")
_MEASURED_AFTER = LEARNING_AGE[PLATFORM] / timedelta(hours=1)


def learned(posts: Floats, figures: Ints, now: float) -> Profile:
    """What is believed at that hour, of the posts that were measured by then."""
    return fitted(history(posts, figures, now))


def history(posts: Floats, figures: Ints, now: float) -> LaneHistory:
    measurements = [
        Measurement(f"{nth:06}", Figure.ENGAGEMENTS, _second(hours), _second(hours + _MEASURED_AFTER), figure)
        for nth, (hours, figure) in enumerate(zip(posts.tolist(), figures.tolist(), strict=True))
        if hours + _MEASURED_AFTER <= now
    ]
    as_of = (BEGIN + timedelta(hours=now)).date()
    return LaneHistory(platform=PLATFORM, zone="UTC", as_of=as_of, measurements=measurements)


def chosen(slots: Floats, values: Sequence[int], posts: int, taken: Sequence[float] = ()) -> Floats:
    """The solver's choice, where each half hour is worth so many millionths."""
    choice = solve_lane(problem_of(slots, values, posts, taken)).chosen
    return slots[sorted(slot for slot in choice if slot is not None)]


def planned(profile: Profile, days: tuple[int, int], posts: int, taken: Sequence[float] = ()) -> Floats:
    """What the service plans for these days, the last not included, beside what is taken."""
    plan = asyncio.run(EngagementScheduler(_Solver()).propose(_brief(profile, days, posts, taken)))
    return np.sort([(each.slot.publish_time - BEGIN) / timedelta(hours=1) for each in plan.placements])


class _Solver:
    """Solves on the spot. What else would do as well as a plan is not asked here."""

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        del seconds
        return [solve_lane(problem) for problem in problems]

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        return narrowed(profile, posts)

    async def fixed(self, problem: LaneProblem, *, post: int, slot: int, seconds: float) -> LaneChoice:
        del seconds
        return explaining.fixed(packed(problem), post, slot)

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        del problem, most, seconds
        return [()] * len(chosen)

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        del later, seconds
        return explaining.why_unplaced(packed(problem), choice.chosen)


def _brief(profile: Profile, days: tuple[int, int], posts: int, taken: Sequence[float]) -> Brief:
    first, over = days
    return Brief(
        campaign_id=UUID(int=1),
        brand=_BRAND,
        tz_release="",
        first_day=_day(first),
        last_day=_day(over - 1),
        now=BEGIN + timedelta(days=first),
        posts=tuple(PostToPlace(post_id=UUID(int=nth), platform=PLATFORM) for nth in range(posts)),
        occupied=tuple(
            Occupied(holder_id=UUID(int=nth), platform=PLATFORM, publish_time=BEGIN + timedelta(hours=hours))
            for nth, hours in enumerate(taken)
        ),
        rules=RULES,
        profiles={PLATFORM: profile},
    )


def _day(nth: int) -> date:
    return (BEGIN + timedelta(days=nth)).date()


def hour_of_week(hours: Floats) -> Ints:
    return np.floor(hours).astype(np.int64) % WEEK


def _second(hours: float) -> int:
    return int((BEGIN + timedelta(hours=hours)).timestamp())
