"""What may be tried again, found by what went wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.transitions import LaneCount


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryFilter:
    """Which schedules to try again; None does not limit. Those with one of ``statuses`` or, with ``dry_run``, those
    that a dry run called published; ended at ``since`` or after. ``in_error`` is a part of the error, in upper or lower
    case."""

    statuses: Collection[ScheduleStatus]
    is_dry_run: bool = False
    brand_id: UUID | None = None
    campaign_id: UUID | None = None
    platform: Platform | None = None
    since: datetime | None = None
    in_error: str | None = None


class Retryables(Protocol):
    """Only the latest schedule of a post counts, and none of a post that is out or has an active schedule. Each method
    is a few statements, and raises StorageUnavailable; see ``Storage.within`` for what is out of reach."""

    async def count(self, chosen: RetryFilter) -> Sequence[LaneCount]:
        """How many there are, by brand and platform."""
        ...

    async def lock(self, chosen: RetryFilter, *, limit: int) -> Sequence[Schedule]:
        """Up to ``limit`` of them in the order of their publish times, their posts locked until the unit of work ends:
        nobody else gives them a schedule meanwhile."""
        ...
