"""What is kept, by kind: brands, campaigns, posts, schedules.

``get`` raises the kind's NotFound, ``find`` may return None, ``list`` returns a page. Every method is one statement,
however many rows it touches, and raises StorageUnavailable when the storage cannot be used.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus


class BrandRepository(Protocol):
    async def get(self, brand_id: UUID) -> Brand: ...

    async def find(self, brand_id: UUID) -> Brand | None: ...

    async def save(self, brand: Brand) -> Brand:
        """Insert or replace; return what is stored now, which keeps the first ``created_at``."""
        ...

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        """Up to ``limit`` brands by id, those behind ``after``."""
        ...


class CampaignRepository(Protocol):
    async def get(self, campaign_id: UUID) -> Campaign: ...

    async def find(self, campaign_id: UUID) -> Campaign | None: ...

    async def save(self, campaign: Campaign) -> Campaign:
        """Insert, or replace name, goal and dates; return what is stored now. ``brand_id``, ``status`` and
        ``created_at`` stay as first stored, and ``post_count`` is counted."""
        ...

    async def set_status(self, campaign_id: UUID, status: CampaignStatus, *, now: datetime) -> None: ...

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        """Up to ``limit`` campaigns by id, those behind ``after``."""
        ...


class PostRepository(Protocol):
    async def get(self, post_id: UUID) -> Post: ...

    async def find(self, post_id: UUID) -> Post | None: ...

    async def lock(self, post_id: UUID) -> Post:
        """Get, and lock until the unit of work ends: whoever adds a schedule to a post holds the post's lock."""
        ...

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        """The posts that exist among ``post_ids``, in no order."""
        ...

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        """All posts of a campaign on ``platforms``, in the order in which they were registered."""
        ...

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        """Lock the posts that ``list_of_campaign`` would return, until the unit of work ends; return their ids in
        the same order."""
        ...

    async def save(self, posts: Sequence[Post]) -> None:
        """Insert in the given order, or replace campaign, title and URL. ``brand_id``, ``platform``, ``position``
        and ``created_at`` stay as first stored, and a row that would not change is not touched."""
        ...

    async def list(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        """Up to ``limit`` posts by position, those behind the position ``after``."""
        ...


class TzReleaseRepository(Protocol):
    """The releases of the time zone rules that processes on this storage have used."""

    async def add(self, release: str, *, now: datetime) -> None:
        """Remember a release, where it is not remembered yet."""
        ...

    async def newest(self) -> str | None: ...


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

    async def add(self, schedules: Sequence[Schedule]) -> None:
        """Insert all; raises LostRace when one of the posts has got an active schedule meanwhile."""
        ...

    async def save(self, schedule: Schedule) -> None:
        """Replace slot, status, version and ``updated_at`` of a schedule that this unit of work has locked."""
        ...

    async def cancel_pending(self, schedule_ids: Collection[UUID], *, now: datetime) -> Sequence[Schedule]:
        """Cancel those that are PENDING; return them as they are now, in time order."""
        ...

    async def cancel_pending_of_campaign(self, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
        """Cancel all that are PENDING; return them as they are now, in time order."""
        ...

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        """Up to ``limit`` schedules by publish time, then id, those behind ``after``."""
        ...
