"""Many rows, a piece at a time: a statement has three seconds, also where the machine is busy."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 1000


def pieces(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """All of them in their order, in pieces that a statement is done with in a fraction of its time."""
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
