"""What a plan may put its weight on beside the worth of its hours. Each is a problem of its own, solved as exactly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

from marketmind_scheduler.domain.planning.problem import LaneProblem, OpenSlot

_WHOLE = 1_000
_SATURDAY = 5


class Emphasis(StrEnum):
    BEST = "best"  # the worth of the hours, and nothing else
    EVEN = "even"  # far apart
    EARLY = "early"
    LATE = "late"
    WEEKDAYS = "weekdays"  # from Monday to Friday


def emphasised(problem: LaneProblem, emphasis: Emphasis, stress: int) -> LaneProblem:
    """The problem with so much weight on it, in thousandths: where it is a preference of slots, the most preferred one
    is worth that much more than the least; where it is a distance, that is so much of an even one. No rule of the
    problem is loosened."""
    if emphasis is Emphasis.BEST or not problem.slots or not problem.posts:
        return problem
    if emphasis is Emphasis.EVEN:
        return replace(problem, min_gap=max(problem.min_gap, _even_gap(problem) * stress // _WHOLE))
    preferred = _PREFERENCES[emphasis](problem.slots)
    return replace(
        problem,
        slots=[
            replace(slot, value=slot.value + slot.value * stress * each // _WHOLE**2)
            for slot, each in zip(problem.slots, preferred, strict=True)
        ],
    )


def _even_gap(problem: LaneProblem) -> int:
    """The seconds between posts that stand evenly between the first slot and the last, what is taken there included."""
    first, last = problem.slots[0].instant, problem.slots[-1].instant
    posts = len(problem.posts) + sum(first <= each <= last for each in problem.taken)
    return (last - first) // max(1, posts - 1)


def _late(slots: Sequence[OpenSlot]) -> Sequence[int]:
    first, last = slots[0].instant, slots[-1].instant
    return [_WHOLE * (slot.instant - first) // max(1, last - first) for slot in slots]


def _early(slots: Sequence[OpenSlot]) -> Sequence[int]:
    return [_WHOLE - each for each in _late(slots)]


def _on_weekdays(slots: Sequence[OpenSlot]) -> Sequence[int]:
    return [_WHOLE if date.fromordinal(slot.day).weekday() < _SATURDAY else 0 for slot in slots]


_PREFERENCES: Mapping[Emphasis, Callable[[Sequence[OpenSlot]], Sequence[int]]] = {
    Emphasis.EARLY: _early,
    Emphasis.LATE: _late,
    Emphasis.WEEKDAYS: _on_weekdays,
}
