"""What is kept of schedules.

Every method is one statement, however many rows it touches, and one more where nothing is found. It raises
StorageUnavailable when the storage cannot be used; see ``Storage.within`` for what is out of reach.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.sources import Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFilter:
    """Which schedules to list; None does not limit. ``from_time`` is included, ``to_time`` is not.
    ``without`` leaves out what has that status, ``in_title`` is a part of the title in upper or lower case. ``among``:
    only these. ``differs``: only what is PENDING and stands otherwise than its sources in one of these, as
    ``domain.derivation`` says; for DATES, which need ``days``, outside of these instants."""

    brand_id: UUID | None = None
    campaign_id: UUID | None = None
    status: ScheduleStatus | None = None
    without: ScheduleStatus | None = None
    platform: Platform | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    differs: frozenset[Difference] = frozenset()
    days: tuple[datetime, datetime] | None = None
    in_title: str | None = None
    among: frozenset[UUID] | None = None


def outside_of(campaign: Campaign) -> ScheduleFilter:
    """What of a campaign is PENDING and lies outside its days."""
    return ScheduleFilter(campaign_id=campaign.campaign_id, differs=frozenset({Difference.DATES}), days=campaign.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends:
    """Every try to publish a schedule, in their order, and when it may next be sent: None while it is being sent or
    held, and for ever once it has ended."""

    attempts: Sequence[AttemptRecord]
    next_attempt_at: datetime | None


class ScheduleRepository(Protocol):
    """Reading schedules."""

    async def get(self, schedule_id: UUID) -> Schedule:
        """Raises UnknownSchedule, Gone where it was forgotten."""
        ...

    async def find_all(self, schedule_ids: Collection[UUID]) -> Sequence[Schedule]:
        """The schedules that exist among ``schedule_ids``, in no order."""
        ...

    async def find_current(self, post_id: UUID) -> Schedule | None:
        """The post's active schedule, else its most recent one; None where the post is deleted."""
        ...

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        """The post's active schedule and its latest COMPLETED one, where they exist."""
        ...

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        """For each post of the campaign on ``platforms``, what ``standing_of_post`` would return; in time order."""
        ...

    async def sends_of(self, schedule_ids: Collection[UUID]) -> Mapping[UUID, Sends]:
        """Those of the schedules that exist."""
        ...

    async def count_ahead(self, brand_id: UUID, *, now: datetime, most: int) -> int:
        """How many active schedules the brand has after ``now``, counted up to ``most``."""
        ...

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        """Up to ``limit`` schedules by publish time, then id, those behind ``after``. Looks through all there are for
        a title, and for what differs: see ``ScheduleSearch``."""
        ...
