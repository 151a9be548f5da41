"""Looking for schedules page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.schedules import ScheduleFilter


@dataclass(frozen=True, slots=True)
class Found:
    """Part of what was asked for, and the place behind which to go on; None: this is the last of it."""

    schedules: Sequence[Schedule]
    goes_on: tuple[datetime, UUID] | None


class ScheduleSearch(Protocol):
    async def search(self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None) -> Found:
        """Up to ``limit`` schedules by publish time, then id, those behind ``after``.

        By title, and by what differs from its sources, it looks through some thousands and no more, unless a campaign
        or single schedules are named: there may be fewer, or none, and yet a place to go on from. Raises
        StorageUnavailable.
        """
        ...
