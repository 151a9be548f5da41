"""Schedules and what they were derived from."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.schedules import ScheduleFilter


class Derivations(Protocol):
    """Each method is one statement, and raises StorageUnavailable; what is locked stays so until the unit of work
    ends."""

    async def tell_changed(self, chosen: ScheduleFilter) -> int:
        """Tell schedule.source_changed of every schedule that is chosen; its version rises. Returns how many."""
        ...

    async def rename_zone(self, brand_id: UUID, zone: str, *, other_names: Collection[str]) -> None:
        """Let active schedules that took the brand's zone, by one of its ``other_names``, call it ``zone``. Nothing
        else of them changes, and nothing is told."""
        ...

    async def count_outside(self, days: Mapping[UUID, tuple[datetime, datetime]]) -> Mapping[UUID, int]:
        """How many PENDING schedules of each of these campaigns lie before the first of its instants, or at or behind
        the second."""
        ...

    async def lock(self, chosen: ScheduleFilter) -> Sequence[Schedule]:
        """Every schedule that is chosen, by id, locked against every other change."""
        ...

    async def move(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        """Replace slot and lateness, and what follows from them, of schedules that this unit of work has locked; return
        them as they are stored, in the given order: held where their brand or campaign is paused. Their claims are
        revoked."""
        ...
