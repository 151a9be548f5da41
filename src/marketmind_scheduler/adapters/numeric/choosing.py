"""Which way solves which lane: the first of these that can, and so the one that proves the most."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from marketmind_scheduler.adapters.numeric.assignment import by_assignment
from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay, simple_bound, windows_bound
from marketmind_scheduler.adapters.numeric.days import by_days
from marketmind_scheduler.adapters.numeric.decay import decay_of
from marketmind_scheduler.adapters.numeric.exchange import LOOKS, improved
from marketmind_scheduler.adapters.numeric.intervals import by_intervals
from marketmind_scheduler.adapters.numeric.lane import Ints, lane_of
from marketmind_scheduler.adapters.numeric.order import by_order, by_short_order
from marketmind_scheduler.adapters.numeric.packing import PackedProblem, packed
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, posts_of
from marketmind_scheduler.adapters.numeric.prices import by_few_prices, by_prices
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import Certificate, LaneChoice, LaneProblem, Method

PER_WEIGHT = 1_000
_FEW_LOOKS = 4_000_000
_Way: TypeAlias = Callable[[Case], Found]

_WAYS: Sequence[_Way] = (by_days, by_intervals, by_short_order, by_prices, by_order, by_assignment)
_QUICK_WAYS: Sequence[_Way] = (by_days, by_intervals, by_short_order, by_few_prices)


def solve_lane(problem: LaneProblem) -> LaneChoice:
    """The same for the same problem, on any machine."""
    return choice(packed(problem))


def choice(packed: PackedProblem) -> LaneChoice:
    return _solved(packed, best)


def quick_choice(packed: PackedProblem) -> LaneChoice:
    """What is found at once."""
    return _solved(packed, quick)


def best(case: Case) -> Found:
    return _by_the_first(_WAYS, case, best) or by_exchange(case)


def by_exchange(case: Case) -> Found:
    return _exchanged(case, [best(each) for each in case.easier()], Method.EXCHANGE, LOOKS)


def quick(case: Case) -> Found:
    """What takes about half a second."""
    found = _by_the_first(_QUICK_WAYS, case, quick)
    if found:
        return found
    return _exchanged(case, [quick(each) for each in case.easier() if case.posts.alike], Method.QUICK, _FEW_LOOKS)


def _by_the_first(ways: Sequence[_Way], case: Case, itself: _Way) -> Found | None:
    if np.all(case.posts.first >= case.posts.behind):
        return Found(slots=case.start, bound=0, method=Method.DAYS, most_fit=True)
    if case.posts.alike and not case.all_fit:
        return _with_those_that_fit(case, itself)
    for way in ways:
        try:
            return way(case)
        except NotThisWay:
            continue
    return None


def _exchanged(case: Case, easier: Sequence[Found], method: Method, looks: int) -> Found:
    """An easier case's best is a bound for as many posts; where it keeps the rules of this one, it is the best. Else it
    is where to begin."""
    starts = [found.slots for found in easier if case.keeps(found.slots)] or [case.start]
    moved = [improved(case, start, looks=looks) for start in starts]
    slots = max(moved, key=lambda slots: (_placed(slots), case.value(slots)))
    bounds = [found.bound for found in easier if found.most_fit and _placed(found.slots) == _placed(slots)]
    return Found(
        slots=slots,
        bound=min([*bounds, simple_bound(case), windows_bound(case)]),
        method=method,
        most_fit=bool(bounds) or _are_most(case, slots),
    )


def _with_those_that_fit(case: Case, way: _Way) -> Found:
    """Of posts that are alike the first ones go out."""
    found = way(replace(case, posts=case.posts.first_ones(case.count), start=case.start[: case.count]))
    return replace(found, slots=case.posts.in_their_order(found.slots))


def _placed(slots: Ints) -> int:
    return int((slots != NOWHERE).sum())


def _are_most(case: Case, slots: Ints) -> bool:
    """Whether certainly no choice places more."""
    return case.posts.share_slots or NOWHERE not in slots


def _solved(packed: PackedProblem, way: _Way) -> LaneChoice:
    lane = lane_of(packed)
    posts, numbers = posts_of(packed.rest, lane), lane.number.tolist()
    case = Case(lane=lane, posts=posts, decay=decay_of(packed.rest), start=first_that_fit(lane, posts))
    found = way(case)
    value = case.value(found.slots)
    bound = max(found.bound, value) if found.most_fit else max(found.bound, value + PER_WEIGHT)
    certificate = Certificate(method=found.method, value=value // PER_WEIGHT, bound=bound // PER_WEIGHT)
    chosen = [None if slot == NOWHERE else numbers[slot] for slot in found.slots.tolist()]
    return LaneChoice(chosen=chosen, certificate=certificate)
