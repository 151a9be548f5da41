"""A lane's posts and open slots as numbers, for whoever chooses among them, and what is chosen.

Instants are whole seconds since 1970 UTC, values millionths of an ordinary post's. Arithmetic on them is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Objective(StrEnum):
    SLOT_VALUE = "slot_value"  # the sum of weight times the slot's value
    OWN_POST_DECAY = "own_post_decay"  # less, the sooner it follows the lane's post before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A post to place, between these instants, both included. ``weight`` is 1 to 100,000, 1,000 as a rule."""

    post_id: UUID
    weight: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSlot:
    """An instant that nothing closes by itself, its calendar day in the brand's zone, and its value."""

    instant: int
    day: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """At most ``posts`` within any ``seconds``, the end not included, of these and what is ``taken``."""

    posts: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneProblem:
    """Which posts take which slots of one lane.

    ``posts`` are in campaign order, ``slots`` ascending. With ``in_order`` the posts go out in their order. ``taken``
    are instants at which others stand already, ascending: they count for the gap and the caps. ``per_day`` is the most
    a day holds, with what is ``taken_on`` it (day and number). ``decay``: the part in millionths that a post right
    behind another loses, and the seconds in which that falls to 1/e; none for SLOT_VALUE.
    """

    posts: Sequence[Candidate]
    slots: Sequence[OpenSlot]
    taken: Sequence[int] = ()
    in_order: bool = False
    min_gap: int = 1
    per_day: int | None = None
    taken_on: Sequence[tuple[int, int]] = ()
    at_most: Sequence[AtMost] = ()
    objective: Objective = Objective.SLOT_VALUE
    decay: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How good a choice is shown to be. ``value`` and ``bound`` are in the problem's unit times the weight over 1,000;
    no choice is worth more than ``bound``. ``method`` names the way it was found."""

    method: str
    value: int
    bound: int

    @property
    def gap(self) -> float:
        """At most by what part of the best it may be worse."""
        return 0.0 if self.bound <= 0 else (self.bound - self.value) / self.bound

    @property
    def proven(self) -> bool:
        return self.value == self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneChoice:
    """For each post of the problem the number of its slot, or None where it is left out: as many as possible are
    placed, and among such choices the best."""

    chosen: Sequence[int | None]
    certificate: Certificate
