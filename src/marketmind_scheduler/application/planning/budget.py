"""The time that a plan may take, shared by all that is solved for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

PLAN_SECONDS = 8.0
"""From a plan's first question to its last. Work is limited by itself, in nodes and looks, so that a plan is the same
on any machine; the clock only ends what would take too long, and then the plan says so."""

SAYING_SECONDS = 2.0
"""Of those, so many are kept for what is said of a choice once it is made, and for what is found at once."""

WHY_SECONDS = 6.0
"""For choosing a platform's slots again with a post where somebody wants it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """``monotonic`` reads seconds, and ``until`` is its reading at which they are spent."""

    monotonic: Callable[[], float]
    until: float

    @classmethod
    def of(cls, seconds: float, monotonic: Callable[[], float]) -> Self:
        return cls(monotonic, monotonic() + seconds)

    def left(self) -> float:
        return max(0.0, self.until - self.monotonic())

    def to_choose(self, *, groups: int = 1) -> float:
        """What the next of so many groups of lanes may take, so that each of them has as much; what it leaves is for
        the others."""
        return max(0.0, self.left() - SAYING_SECONDS) / groups
