"""The rules that all policies keep, and whether they did: half hours outside the night, two hours apart, two a day."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import numpy as np
from benchmarks.planning.worlds import Floats

from marketmind_scheduler.domain.planning.problem import Candidate, LaneProblem, Objective, OpenSlot
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.judging import violations
from marketmind_scheduler.domain.rules.open_slots import open_slots
from marketmind_scheduler.domain.rules.policy import DailyCap, MinGap, Policy, QuietHours
from marketmind_scheduler.domain.rules.violations import BrandRules, Wanted

BEGIN = datetime(2027, 1, 4, tzinfo=UTC)
"""A Monday."""
PLATFORM = Platform.TWITTER
OPENS, CLOSES, GAP_HOURS, A_DAY = 6, 23, 2, 2
RULES = BrandRules(
    policy=Policy(
        brand_id=UUID(int=1),
        version=1,
        rules=(
            QuietHours(begin=time(CLOSES), end=time(OPENS)),
            MinGap(minutes=60 * GAP_HOURS),
            DailyCap(posts=A_DAY),
        ),
    ),
    caps={},
    zone="UTC",
)
DECAY = 500_000, 3600
"""What the service assumes of the platform: half is lost right behind another post, 1/e of that an hour later."""


def slots_between(first_day: int, last_day: int) -> Floats:
    """The open half hours of these days, the last not included."""
    found = open_slots(
        PLATFORM,
        RULES,
        first_day=(BEGIN + timedelta(days=first_day)).date(),
        last_day=(BEGIN + timedelta(days=last_day - 1)).date(),
        grid_minutes=30,
        now=BEGIN,
    )
    return np.array([(slot.instant - BEGIN) / timedelta(hours=1) for slot in found])


def problem_of(slots: Floats, values: Sequence[int], posts: int, taken: Sequence[float] = ()) -> LaneProblem:
    """Which of the slots, in the service's own words."""
    instants = [_seconds(hours) for hours in slots.tolist()]
    window = instants[0], instants[-1]
    return LaneProblem(
        posts=[
            Candidate(post_id=UUID(int=n), weight=1_000, earliest=window[0], latest=window[1]) for n in range(posts)
        ],
        slots=[
            OpenSlot(instant=at, day=int(hours // 24), value=value)
            for at, hours, value in zip(instants, slots.tolist(), values, strict=True)
        ],
        taken=[_seconds(hours) for hours in taken],
        min_gap=GAP_HOURS * 3600,
        per_day=A_DAY,
        objective=Objective.OWN_POST_DECAY,
        decay=DECAY,
    )


def broken(posts: Floats) -> int:
    """How often these break a rule, by the check that every door of the service asks."""
    wanted = [
        Wanted(post_id=UUID(int=n), platform=PLATFORM, publish_time=BEGIN + timedelta(hours=hours))
        for n, hours in enumerate(posts.tolist())
    ]
    return len(violations(wanted, (), RULES, now=BEGIN - timedelta(days=1)))


def _seconds(hours: float) -> int:
    return int(BEGIN.timestamp()) + round(3600 * hours)
