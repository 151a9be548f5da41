"""How often a caller may ask, over all processes, at the price of a look at the storage now and then."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

from marketmind_scheduler.domain.access import Rate
from marketmind_scheduler.domain.errors import RateLimited
from marketmind_scheduler.ports.rate_limits import Allowance, RateLimits

K = TypeVar("K")
V = TypeVar("V")

_MOST_TAKEN_AT_ONCE = 50
_KEPT_SECONDS = 1.0
_MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class _Taken:
    """Requests that have been spent in the storage and not been made yet; where there were none left, until when."""

    unused: int
    allowance: Allowance
    until: float
    is_spent: bool = False


class RateLimiter:
    """Takes a caller's requests from the storage by the second, so that the limit holds over all processes and most
    requests ask nobody. What is taken and not used within a second is lost to the caller. Who has spent all is
    remembered until there is more, so that most refusals ask nobody either."""

    def __init__(self, limits: RateLimits, *, rate: Rate, monotonic: Callable[[], float]) -> None:
        self.rate = rate
        self._limits = limits
        self._monotonic = monotonic
        self._taken: dict[str, _Taken] = {}
        self._owners: dict[bytes, str] = {}

    def check(self, credential: str) -> None:
        """Before anybody looks who shows this: raises RateLimited where the one who showed it last has spent all."""
        if owner := self._owners.get(_digest(credential)):
            self._check_unspent(owner)

    async def admit(self, owner: str, *, credential: str = "") -> Allowance:
        """Count one request of the owner, who shows this; return what is left. Raises RateLimited and
        StorageUnavailable."""
        if credential:
            _keep(self._owners, _digest(credential), owner)
        self._check_unspent(owner)
        taken = self._taken.get(owner)
        if taken is None or not taken.unused or self._monotonic() >= taken.until:
            taken = await self._take(owner)
            _keep(self._taken, owner, taken)
            if taken.is_spent:
                raise self._refusal(taken)
        self._taken[owner] = taken = replace(taken, unused=taken.unused - 1)
        return replace(taken.allowance, remaining=taken.allowance.remaining + taken.unused)

    async def _take(self, owner: str) -> _Taken:
        left = Allowance(0, timedelta())
        for count in dict.fromkeys((self._at_once, 1)):
            is_granted, left = await self._limits.take(owner, count, self.rate)
            if is_granted:
                return _Taken(count, left, self._monotonic() + _KEPT_SECONDS)
            if not left.remaining:
                break
        return _Taken(0, left, self._monotonic() + left.next_in.total_seconds(), is_spent=True)

    def _check_unspent(self, owner: str) -> None:
        taken = self._taken.get(owner)
        if taken is not None and taken.is_spent and taken.until > self._monotonic():
            raise self._refusal(taken)

    def _refusal(self, taken: _Taken) -> RateLimited:
        left = timedelta(seconds=max(1.0, taken.until - self._monotonic()))
        return RateLimited(requests=self.rate.requests, per=self.rate.per, retry_after=left)

    @property
    def _at_once(self) -> int:
        a_second = int(self.rate.requests / self.rate.per.total_seconds())
        return max(1, min(a_second, _MOST_TAKEN_AT_ONCE))


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """As the youngest; the oldest make room."""
    kept.pop(key, None)
    while len(kept) >= _MOST_CALLERS:
        del kept[next(iter(kept))]
    kept[key] = value


def _digest(credential: str) -> bytes:
    return sha256(credential.encode("utf-8", "surrogatepass")).digest()
