"""Appointments as callers make and move them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule


class Bookings(Protocol):
    """Each method is a few statements, and raises StorageUnavailable; what is locked stays so until the unit of work
    ends."""

    async def lock(self, schedule_id: UUID) -> Schedule:
        """The schedule, locked against every other change; raises UnknownSchedule, Gone where it was forgotten. Lock
        its post first, if at all."""
        ...

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        """The post's active schedule, else its most recent one, locked against every other change. Lock the post first:
        else another schedule may take its place while this one is waited for."""
        ...

    async def lock_to_move(self, post_id: UUID) -> Schedule | None:
        """As ``lock_current``, with its brand and campaign locked before, against whoever pauses or changes them."""
        ...

    async def add(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        """Insert PENDING schedules; return them as they are stored: with their brand's lateness, and held where their
        brand or campaign is paused. Raises LostRace when one of the posts has got an active schedule meanwhile."""
        ...

    async def move(self, schedule: Schedule) -> Schedule:
        """Replace the slot, and what follows from it, of a schedule that this unit of work has locked to move; return
        it as it is stored: held where its brand or campaign is paused. Its claim is revoked."""
        ...

    async def take_turns(
        self, schedules: Sequence[Schedule], *, age: timedelta, paces: Mapping[Platform, timedelta]
    ) -> None:
        """Give what is due soon on the lanes of these schedules its place, as ``Upkeep.catch_up`` does."""
        ...

    async def tell_post_changed(self, post_ids: Collection[UUID]) -> Sequence[Schedule]:
        """Tell of the active schedules of posts that say something else now, as ``lifecycle.post_changed`` says; return
        them as they are stored."""
        ...

    async def follow_campaigns(self, post_ids: Collection[UUID]) -> None:
        """Let the active schedules of posts that changed their campaign be held while their new one is paused, as
        ``lifecycle.held`` and ``released`` say."""
        ...
