"""A lane's posts and open slots as numbers, for whoever chooses among them, and what is chosen.

Instants are whole seconds since 1970 UTC, values millionths of an ordinary post's. Arithmetic on them is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


class Method(StrEnum):
    """How a lane's slots were chosen. Each tells by its certificate how far from the best it is at most."""

    DAYS = "days"  # the best of each day, for days that do not touch: proven
    INTERVALS = "intervals"  # a linear model that is whole by its nature: proven
    ORDER = "order"  # post by post in their order, every choice kept: proven
    PRICES = "prices"  # a path through the slots, with a price for each post
    ASSIGNMENT = "assignment"  # a model in whole numbers, on this grid
    ASSIGNMENT_HOURLY = "assignment_hourly"  # the same on a grid of hours, then moved on the finer one
    EXCHANGE = "exchange"  # moved one by one from a good beginning, beside the bound of an easier problem
    SEVERAL = "several"  # of the lanes of a plan, which have ways of their own
    NAIVE = "naive"  # the naive rule's times: nothing was found that is worth more
    AGENT = "agent"  # chosen by a language model among plans of the solver, beside the bound of the best one
    QUICK = "quick"  # what was found at once, beside a bound as soon found: the time was up


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How good a choice is shown to be. ``value`` and ``bound`` are in the problem's unit times the weight over 1,000;
    no choice is worth more than ``bound``."""

    method: Method
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
    placed, and among such choices the best. Where more might fit, the certificate is not proven."""

    chosen: Sequence[int | None]
    certificate: Certificate

    @property
    def placed(self) -> int:
        return sum(each is not None for each in self.chosen)

    def within(self, relaxed: "LaneChoice") -> "LaneChoice":
        """The same, where what is wanted is the best of an easier problem, of which ``relaxed`` is the choice."""
        own = self.certificate
        least = own.value + 1 if relaxed.placed > self.placed else own.bound
        bound = max(own.bound, relaxed.certificate.bound, least)
        return replace(self, certificate=replace(own, bound=bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another slot of a post, by its number, with the other posts where they are, and what that changes of the value,
    rounded down."""

    slot: int
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """So many ``posts`` may stand nowhere but in the open slots from ``begin`` to ``end``, both included, where no more
    than ``places`` fit; or were found to fit, where that is not ``proven``."""

    posts: int
    places: int
    begin: int
    end: int
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A post without a slot, by its number. ``shortage`` is what keeps it out; without one, no slot of its own window
    is open beside what is taken."""

    post: int
    shortage: Shortage | None


class Relaxable(StrEnum):
    """What would make room."""

    MIN_GAP = "min_gap"  # to so many seconds
    DAILY_CAP = "daily_cap"  # to so many posts
    ROLLING_CAP = "rolling_cap"  # to so many posts
    MORE_DAYS = "more_days"  # by so many days


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """One change that places every post: a rule loosened as little as does it, or left out where ``to`` is None. A
    rolling cap is named by its ``seconds``."""

    rule: Relaxable
    to: int | None
    seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyUnplaced:
    """For each post left out why, and what would place them all, each change solved again; ``was_looked_for`` is false
    where there was no time for that."""

    unplaced: Sequence[Unplaced]
    relaxations: Sequence[Relaxation] = ()
    was_looked_for: bool = True
