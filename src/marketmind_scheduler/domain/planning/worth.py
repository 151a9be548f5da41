"""What a choice of times of a lane is worth, as its objective says it, word by word."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective

USUAL_WEIGHT = 1_000
_WHOLE = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Stood:
    """A post at an instant, in whole seconds since 1970, whose hour has this value."""

    instant: int
    value: int
    weight: int = USUAL_WEIGHT


def worth(problem: LaneProblem, stood: Iterable[Stood]) -> int:
    """Of these posts together, beside what is taken on the lane; in the unit of a certificate's value."""
    total, own_before, taken = 0, None, list(problem.taken)
    passed = 0
    for each in sorted(stood):
        while passed < len(taken) and taken[passed] <= each.instant:
            passed += 1
        before = max((at for at in (own_before, taken[passed - 1] if passed else None) if at is not None), default=None)
        lost = 0 if before is None else _lost(problem, each.instant - before)
        total += each.weight * (each.value - each.value * lost // _WHOLE)
        own_before = each.instant
    return total // USUAL_WEIGHT


def _lost(problem: LaneProblem, since: int) -> int:
    return 0 if problem.objective is Objective.SLOT_VALUE else _fallen(*problem.decay, since)


@cache
def _fallen(part: int, seconds: int, since: int) -> int:
    """Decimal rounds alike on every machine; floats differ in their last bit."""
    return int((part * (Decimal(-since) / seconds).exp()).quantize(Decimal(1), ROUND_HALF_UP))
