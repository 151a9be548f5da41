"""How many schedules a brand may have ahead."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.errors import QuotaExceeded
from marketmind_scheduler.ports.schedules import ScheduleRepository

_BELIEVED_SECONDS = 10.0
_MOST_BRANDS = 10_000


@dataclass(frozen=True, slots=True)
class _Room:
    left: int
    until: float


class Quota:
    """A count is believed for ten seconds, so that counting costs little; what several processes add meanwhile may
    together go beyond the quota. One process alone never does."""

    def __init__(self, most: int, *, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._rooms: dict[UUID, _Room] = {}

    async def check(self, schedules: ScheduleRepository, brand_id: UUID, *, adding: int, now: datetime) -> None:
        """Raises QuotaExceeded where the brand would have more schedules after ``now`` than it may."""
        room = self._rooms.get(brand_id)
        if room is None or room.left < adding or self._monotonic() >= room.until:
            ahead = await schedules.count_ahead(brand_id, now=now, most=self._most)
            if ahead + adding > self._most:
                raise QuotaExceeded(brand_id, ahead=ahead, adding=adding, most=self._most)
            room = _Room(self._most - ahead, self._monotonic() + _BELIEVED_SECONDS)
        if len(self._rooms) >= _MOST_BRANDS:
            self._rooms.clear()
        self._rooms[brand_id] = _Room(room.left - adding, room.until)
