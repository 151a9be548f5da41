"""Clocks that stand still and ids that are counted: the same run gives the same values."""

from datetime import datetime, timedelta
from uuid import UUID


class FrozenClock:
    """Stands at ``now`` until it is set or moved on."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, by: timedelta) -> None:
        self._now += by


class Ticking:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self, seconds: float = 1000) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


class CountedIds:
    """UUIDv7s as they would be made one a millisecond from ``since`` on, without the randomness."""

    def __init__(self, since: datetime) -> None:
        self._milliseconds = round(since.timestamp() * 1000)

    def __call__(self) -> UUID:
        self._milliseconds += 1
        return UUID(int=self._milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
