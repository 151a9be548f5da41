"""A circuit breaker: leaves a receiver alone that does not answer, or refuses whatever it is sent, so that it costs
nothing and delays nobody."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from marketmind_scheduler.domain.verdict import Accepted, Misdirected, Unknown, Unsent, Verdict

_MOST_OUTAGES = 5
_MOST_UNKNOWN = 3
_MOST_MISDIRECTED = 3
_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=5)


class BreakerState(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"  # one send may find out
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Opens after five outages or three unknown outcomes in a row, or after three refusals that speak of the receiver
    and no post accepted in between; for 30 s, doubling to 5 min; then lets one send through. Without the second rule, a
    receiver that swallows everything would leave a whole backlog UNCONFIRMED; without the third, one with a wrong
    secret would end it as FAILED.

    ``accepted`` counts for ever. ``why`` says what it has opened for. Times are readings of one monotonic clock.
    """

    outages: int = 0
    unknowns: int = 0
    misdirected: int = 0
    accepted: int = 0
    why: str = ""
    openings: int = 0
    open_until: timedelta | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing has gone wrong since a post was accepted last."""
        return self == Breaker(accepted=self.accepted)

    def state(self, now: timedelta) -> BreakerState:
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def rest(self, now: timedelta) -> timedelta:
        """How long it stays open; zero when a send may be tried."""
        return max(timedelta(), self.open_until - now) if self.open_until is not None else timedelta()

    def judges_posts(self, *, since: int | None) -> bool:
        """Whether a refusal that could speak of the receiver speaks of the post after all: the same was said of it when
        ``since`` posts had been accepted, others have been accepted after it, and nothing was refused so after them."""
        return since is not None and self.accepted > since and not self.misdirected

    def after(self, verdict: Verdict, *, now: timedelta) -> "Breaker":
        """The breaker after a send that ended now."""
        match verdict:
            case Unsent():
                counted = replace(self, outages=self.outages + 1, unknowns=0, why="does not answer")
            case Unknown():
                counted = replace(self, unknowns=self.unknowns + 1, outages=0, why="does not answer")
            case Misdirected(_, gist):
                why = f"refuses whatever it is sent ({gist})"
                counted = replace(self, misdirected=self.misdirected + 1, outages=0, unknowns=0, why=why)
            case Accepted():
                return Breaker(accepted=self.accepted + 1)
            case _:
                return replace(self, outages=0, unknowns=0, openings=0, open_until=None)
        must_open = (
            counted.outages >= _MOST_OUTAGES
            or counted.unknowns >= _MOST_UNKNOWN
            or counted.misdirected >= _MOST_MISDIRECTED
        )
        if self.state(now) is BreakerState.HALF_OPEN or (must_open and self.open_until is None):
            rest = min(_LONGEST_REST, _FIRST_REST * 2 ** min(self.openings, 10))
            return replace(counted, openings=self.openings + 1, open_until=now + rest)
        return counted
