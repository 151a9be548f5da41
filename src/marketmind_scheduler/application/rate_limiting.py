"""How often a caller may ask, over all processes, at the price of a look at the storage now and then."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from marketmind_scheduler.domain.access import Rate
from marketmind_scheduler.domain.errors import RateLimited
from marketmind_scheduler.ports.rate_limits import Allowance, RateLimits

_MOST_TAKEN_AT_ONCE = 50
_KEPT_SECONDS = 1.0
_MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class _Taken:
    """Requests that have been spent in the storage and not been made yet."""

    unused: int
    allowance: Allowance
    until: float


class RateLimiter:
    """Takes a caller's requests from the storage by the second, so that the limit holds over all processes and most
    requests ask nobody. What is taken and not used within a second is lost to the caller."""

    def __init__(self, limits: RateLimits, *, rate: Rate, monotonic: Callable[[], float]) -> None:
        self.rate = rate
        self._limits = limits
        self._monotonic = monotonic
        self._taken: dict[str, _Taken] = {}

    async def admit(self, owner: str) -> Allowance:
        """Count one request; return what is left. Raises RateLimited and StorageUnavailable."""
        taken = self._taken.get(owner)
        if taken is None or not taken.unused or self._monotonic() >= taken.until:
            taken = await self._take(owner)
        self._taken[owner] = taken = replace(taken, unused=taken.unused - 1)
        return replace(taken.allowance, remaining=taken.allowance.remaining + taken.unused)

    async def _take(self, owner: str) -> _Taken:
        if len(self._taken) >= _MOST_CALLERS:
            self._taken.clear()
        for count in (self._at_once, 1):
            if allowance := await self._limits.take(owner, count, self.rate):
                return _Taken(count, allowance, self._monotonic() + _KEPT_SECONDS)
        left = await self._limits.left(owner, self.rate)
        raise RateLimited(requests=self.rate.requests, per=self.rate.per, retry_after=left.next_in)

    @property
    def _at_once(self) -> int:
        a_second = int(self.rate.requests / self.rate.per.total_seconds())
        return max(1, min(a_second, _MOST_TAKEN_AT_ONCE))
