"""The engagement scheduler's choices, by the service's own fitter and solver, in this process."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from benchmarks.planning.rules import BEGIN, PLATFORM, problem_of
from benchmarks.planning.worlds import WEEK, Floats, Ints

from marketmind_scheduler.adapters.numeric.choosing import solve_lane
from marketmind_scheduler.adapters.numeric.fitting import fitted, narrowed
from marketmind_scheduler.domain.audience.observations import LEARNING_AGE, Figure, LaneHistory, Measurement
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import CELLS

_BUDGET = 0.15
_BOLDNESS = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
_MEASURED_AFTER = LEARNING_AGE[PLATFORM] / timedelta(hours=1)


def learned(posts: Floats, figures: Ints, now: float) -> Profile:
    """What is believed at that hour, of the posts that were measured by then."""
    measurements = [
        Measurement(f"{nth:06}", Figure.ENGAGEMENTS, _second(hours), _second(hours + _MEASURED_AFTER), figure)
        for nth, (hours, figure) in enumerate(zip(posts.tolist(), figures.tolist(), strict=True))
        if hours + _MEASURED_AFTER <= now
    ]
    as_of = (BEGIN + timedelta(hours=now)).date()
    return fitted(LaneHistory(platform=PLATFORM, zone="UTC", as_of=as_of, measurements=measurements))


def chosen(slots: Floats, values: Sequence[int], posts: int, taken: Sequence[float] = ()) -> Floats:
    """The solver's choice, where each half hour is worth so many millionths."""
    choice = solve_lane(problem_of(slots, values, posts, taken)).chosen
    return slots[sorted(slot for slot in choice if slot is not None)]


def planned(profile: Profile, slots: Floats, posts: int, taken: Sequence[float] = ()) -> Floats:
    """As bold as may be while no more than 15 % of the posts go to slots that are expected to be worth less than those
    they would have had without: an hour that little is known of may be better than is thought."""
    expected = _values(profile, slots, 0)
    timid = chosen(slots, expected, posts, taken)
    worth = dict(zip(slots.tolist(), expected, strict=True))
    for boldness in _BOLDNESS:
        bold = _bold(profile, slots, posts, taken, boldness)
        exploring = sum(worth[a] < worth[b] for a, b in zip(bold.tolist(), timid.tolist(), strict=True))
        if exploring <= _BUDGET * posts:
            return bold
    return timid


def hour_of_week(hours: Floats) -> Ints:
    return np.floor(hours).astype(np.int64) % WEEK


def _bold(profile: Profile, slots: Floats, posts: int, taken: Sequence[float], boldness: float) -> Floats:
    """Chosen twice: the first choice counts as learned when the second is made, or all would explore one hour."""
    first = chosen(slots, _values(profile, slots, boldness), posts, taken)
    counts: list[int] = np.bincount(hour_of_week(first), minlength=CELLS).tolist()
    return chosen(slots, _values(narrowed(profile, counts), slots, boldness), posts, taken)


def _values(profile: Profile, slots: Floats, boldness: float) -> Sequence[int]:
    by_hour = [profile.value(cell, boldness=boldness) for cell in range(CELLS)]
    cells: list[int] = hour_of_week(slots).tolist()
    return [by_hour[cell] for cell in cells]


def _second(hours: float) -> int:
    return int((BEGIN + timedelta(hours=hours)).timestamp())
