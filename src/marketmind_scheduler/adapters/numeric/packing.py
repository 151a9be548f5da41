"""Lane problems on their way to a worker, their slots as columns, which take no time to carry over; and back."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from marketmind_scheduler.domain.planning.problem import Alternative, LaneProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedProblem:
    """A problem without its slots, and these as columns of int64."""

    rest: LaneProblem
    instants: bytes
    days: bytes
    values: bytes


@dataclass(frozen=True, slots=True)
class Alternatives:
    """For each post its other slots, on their way back."""

    of_posts: Sequence[Sequence[Alternative]]


def packed(problem: LaneProblem) -> PackedProblem:
    return PackedProblem(
        rest=replace(problem, slots=()),
        instants=_column(slot.instant for slot in problem.slots),
        days=_column(slot.day for slot in problem.slots),
        values=_column(slot.value for slot in problem.slots),
    )


def _column(numbers: Iterable[int]) -> bytes:
    return array("q", numbers).tobytes()
