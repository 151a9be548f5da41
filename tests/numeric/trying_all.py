"""The best choice for a lane as one finds it by trying every one, and the rules of a lane read word by word.

It shares nothing with the solver: no arrays, no limits on stretches, no order of slots.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import combinations

from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective

Slots = Sequence[int | None]


def broken(problem: LaneProblem, chosen: Slots) -> Sequence[str]:
    """Every rule that a choice breaks."""
    return [
        *_windows(problem, chosen),
        *_gaps(problem, chosen),
        *_days(problem, chosen),
        *_rolling(problem, chosen),
        *_order(problem, chosen),
    ]


def value_of(problem: LaneProblem, chosen: Slots) -> int:
    """The sum of weight times worth."""
    own = [problem.slots[slot].instant for slot in chosen if slot is not None]
    total = 0
    for post, slot in zip(problem.posts, chosen, strict=True):
        if slot is not None:
            at, value = problem.slots[slot].instant, problem.slots[slot].value
            before = [each for each in own if each < at] + [each for each in problem.taken if each <= at]
            total += post.weight * (value - value * _lost(problem, at - max(before) if before else None) // 1_000_000)
    return total


def best_of(problem: LaneProblem) -> tuple[int, int]:
    """How many posts fit at most, and what so many are worth at most."""
    every = list(_all(problem))
    most = max(_placed(chosen) for chosen in every)
    return most, max(value_of(problem, chosen) for chosen in every if _placed(chosen) == most)


def _placed(chosen: Slots) -> int:
    return sum(slot is not None for slot in chosen)


def _all(problem: LaneProblem, begun: Slots = ()) -> Iterator[Slots]:
    if broken(problem, begun):
        return
    if len(begun) == len(problem.posts):
        yield begun
        return
    yield from _all(problem, (*begun, None))
    alike = len({(post.weight, post.earliest, post.latest) for post in problem.posts}) == 1
    last = max((slot for slot in begun if slot is not None), default=-1) if alike else -1
    for slot in range(last + 1, len(problem.slots)):
        if slot not in begun:
            yield from _all(problem, (*begun, slot))


def _instants(problem: LaneProblem, chosen: Slots) -> Sequence[int]:
    return [problem.slots[slot].instant for slot in chosen if slot is not None]


def _windows(problem: LaneProblem, chosen: Slots) -> Iterator[str]:
    for post, slot in zip(problem.posts, chosen, strict=False):
        if slot is not None and not post.earliest <= problem.slots[slot].instant <= post.latest:
            yield "outside its window"


def _gaps(problem: LaneProblem, chosen: Slots) -> Iterator[str]:
    own = _instants(problem, chosen)
    pairs = [*combinations(own, 2), *((each, other) for each in own for other in problem.taken)]
    yield from ("too near" for one, other in pairs if abs(one - other) < problem.min_gap)


def _days(problem: LaneProblem, chosen: Slots) -> Iterator[str]:
    own = Counter(problem.slots[slot].day for slot in chosen if slot is not None)
    taken = Counter(dict(problem.taken_on))
    if problem.per_day is not None:
        yield from ("too many a day" for day in own if own[day] + taken[day] > problem.per_day)


def _rolling(problem: LaneProblem, chosen: Slots) -> Iterator[str]:
    own = _instants(problem, chosen)
    every = [*own, *problem.taken]
    for cap in problem.at_most:
        for begin in every:
            inside = [each for each in every if begin <= each < begin + cap.seconds]
            if len(inside) > cap.posts and any(each in own for each in inside):
                yield "too many in a row"


def _order(problem: LaneProblem, chosen: Slots) -> Iterator[str]:
    own = _instants(problem, chosen)
    if problem.in_order and own != sorted(own):
        yield "out of order"


def _lost(problem: LaneProblem, since: int | None) -> int:
    if problem.objective is Objective.SLOT_VALUE or since is None:
        return 0
    return _fallen(*problem.decay, since)


@cache
def _fallen(part: int, seconds: int, since: int) -> int:
    return int((part * (Decimal(-since) / seconds).exp()).quantize(Decimal(1), ROUND_HALF_UP))
