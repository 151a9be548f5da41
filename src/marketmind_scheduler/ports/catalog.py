"""What is kept of the catalog: brands, campaigns, posts.

``get`` raises the kind's NotFound, ``find`` may return None, ``list`` returns a page; see ``Storage.within`` for what
is out of reach: nothing of it is found, locked or waited for, and adding what is there raises its NotFound. Every
method is a statement or two, however many rows it touches, and raises StorageUnavailable when the storage
cannot be used.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.post import Platform, Post


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

    async def arrange(self, post_ids: Sequence[UUID], *, now: datetime) -> None:
        """Let these posts take, among themselves, the given order: the positions that they have go to them in turn.
        Others keep theirs."""
        ...

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        """Up to ``limit`` campaigns by id, those behind ``after``."""
        ...


class PostRepository(Protocol):
    async def get(self, post_id: UUID) -> Post: ...

    async def lock(self, post_id: UUID) -> Post:
        """Get, and lock until the unit of work ends: whoever adds a schedule to a post holds the post's lock."""
        ...

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        """The posts that exist among ``post_ids``, in no order."""
        ...

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        """All posts of a campaign on ``platforms``, in their order."""
        ...

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        """Lock the posts that ``list_of_campaign`` would return, until the unit of work ends; return their ids in
        the same order."""
        ...

    async def save(self, posts: Sequence[Post]) -> None:
        """Insert in the given order, or replace campaign, title and URL. ``platform``, ``position`` and ``created_at``
        stay as first stored, and a row that would not change is not touched. Raises LostRace where one of them is
        another brand's or deleted."""
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
