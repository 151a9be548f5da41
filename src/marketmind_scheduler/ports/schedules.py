"""What is kept of schedules.

Every method is one statement, however many rows it touches, and raises StorageUnavailable when the storage cannot be
used; see ``Storage.within`` for what is out of reach.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Confirmation, Schedule, ScheduleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFilter:
    """Which schedules to list; None does not limit. ``from_time`` is included, ``to_time`` is not."""

    brand_id: UUID | None = None
    campaign_id: UUID | None = None
    status: ScheduleStatus | None = None
    platform: Platform | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None


class ScheduleRepository(Protocol):
    async def find_current(self, post_id: UUID) -> Schedule | None:
        """The post's active schedule, else its most recent one."""
        ...

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        """The same, locked against every other change until the unit of work ends. Lock the post first: else another
        schedule may take its place while this one is waited for."""
        ...

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        """The post's active schedule and its latest COMPLETED one, where they exist."""
        ...

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        """For each post of the campaign on ``platforms``, what ``standing_of_post`` would return; in time order."""
        ...

    async def get(self, schedule_id: UUID) -> Schedule:
        """Raises UnknownSchedule."""
        ...

    async def lock(self, schedule_id: UUID) -> Schedule:
        """The same, locked against every other change until the unit of work ends. Lock its post first, if at all."""
        ...

    async def find_all(self, schedule_ids: Collection[UUID]) -> Sequence[Schedule]:
        """The schedules that exist among ``schedule_ids``, in no order."""
        ...

    async def attempts_of(self, schedule_id: UUID) -> Sequence[AttemptRecord]:
        """Every try to publish it, in their order."""
        ...

    async def next_attempt_at(self, schedule_id: UUID) -> datetime | None:
        """When it may next be sent; None while it is being sent or held, and for ever once it is final."""
        ...

    async def count_ahead(self, brand_id: UUID, *, now: datetime, most: int) -> int:
        """How many active schedules the brand has after ``now``, counted up to ``most``."""
        ...

    async def add(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        """Insert all; return them as they are stored: held where their brand or campaign is paused. Raises LostRace
        when one of the posts has got an active schedule meanwhile."""
        ...

    async def save(self, schedule: Schedule) -> None:
        """Replace slot, status, version and ``updated_at`` of a schedule that this unit of work has locked."""
        ...

    async def confirm(
        self, schedule_id: UUID, confirmation: Confirmation, *, external_id: str | None, note: str | None
    ) -> Schedule | None:
        """Let an UNCONFIRMED schedule be what a person says; None, and nothing changed, when it is not UNCONFIRMED."""
        ...

    async def follow_campaigns(self, post_ids: Collection[UUID]) -> None:
        """Let the active schedules of posts that changed their campaign be held while their new one is paused."""
        ...

    async def cancel_pending(self, schedule_ids: Collection[UUID], *, now: datetime) -> Sequence[Schedule]:
        """Cancel those that are PENDING, as ``Schedule.cancelled`` does; return them as they are now, in time order."""
        ...

    async def cancel_pending_of_campaign(self, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
        """Cancel all that are PENDING; return them as they are now, in time order."""
        ...

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        """Up to ``limit`` schedules by publish time, then id, those behind ``after``."""
        ...
