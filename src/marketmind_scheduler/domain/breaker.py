"""A circuit breaker: leaves a receiver alone that does not answer, so that it costs nothing and delays nobody."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Self

from marketmind_scheduler.domain.verdict import Unknown, Unsent, Verdict

_MOST_OUTAGES = 5
_MOST_UNKNOWN = 3
_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=5)


class BreakerState(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"  # one send may find out
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Opens after five outages or three unknown outcomes in a row, for 30 s, doubling to 5 min; then lets one send
    through. Without the second rule, a receiver that swallows everything would leave a whole backlog UNCONFIRMED.

    Times are readings of one monotonic clock.
    """

    outages: int = 0
    unknowns: int = 0
    openings: int = 0
    open_until: timedelta | None = None

    def state(self, now: timedelta) -> BreakerState:
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def rest(self, now: timedelta) -> timedelta:
        """How long it stays open; zero when a send may be tried."""
        return max(timedelta(), self.open_until - now) if self.open_until is not None else timedelta()

    def after(self, verdict: Verdict, *, now: timedelta) -> Self:
        """The breaker after a send that ended now."""
        match verdict:
            case Unsent():
                counted = replace(self, outages=self.outages + 1, unknowns=0)
            case Unknown():
                counted = replace(self, unknowns=self.unknowns + 1, outages=0)
            case _:
                return replace(self, outages=0, unknowns=0, openings=0, open_until=None)
        must_open = counted.outages >= _MOST_OUTAGES or counted.unknowns >= _MOST_UNKNOWN
        if self.state(now) is BreakerState.HALF_OPEN or (must_open and self.open_until is None):
            rest = min(_LONGEST_REST, _FIRST_REST * 2 ** min(self.openings, 10))
            return replace(counted, openings=self.openings + 1, open_until=now + rest)
        return counted
