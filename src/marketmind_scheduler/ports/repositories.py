"""What is kept, by kind: brands, campaigns, posts, schedules.

``get`` raises the kind's NotFound, ``find`` may return None, ``list`` returns a page; see ``Storage.within`` for what
is out of reach. Every method is one statement,
however many rows it touches, and raises StorageUnavailable when the storage cannot be used.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.event import Event
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Confirmation, Schedule, ScheduleStatus


class BrandRepository(Protocol):
    async def get(self, brand_id: UUID) -> Brand: ...

    async def find(self, brand_id: UUID) -> Brand | None: ...

    async def save(self, brand: Brand) -> Brand:
        """Insert or replace; return what is stored now, which keeps the first ``created_at`` and stays paused."""
        ...

    async def add(self, brand: Brand) -> Brand:
        """Insert; return what is stored now. Raises LostRace when it is there already."""
        ...

    async def lock(self, brand_id: UUID) -> None:
        """Lock until the unit of work ends, where it exists."""
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

    async def add(self, campaign: Campaign) -> Campaign:
        """Insert; return what is stored now. Raises LostRace when it is there already."""
        ...

    async def lock(self, campaign_id: UUID) -> None:
        """Lock until the unit of work ends, where it exists. Lock its posts first."""
        ...

    async def follow_schedules(self, campaign_id: UUID) -> None:
        """Let the status be what ``campaign.status_of`` says of the schedules as they are now."""
        ...

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

    async def add(self, post: Post) -> None:
        """Insert, behind all others. Raises LostRace when it is there already."""
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


class EventRepository(Protocol):
    async def list(self, *, brand_id: UUID | None, after: int, limit: int) -> Sequence[Event]:
        """Up to ``limit`` events behind the position ``after``, in their final order."""
        ...

    async def latest_position(self) -> int:
        """The last position that has been given; 0 before the first."""
        ...


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
