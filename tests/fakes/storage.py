"""Storage in memory: an adapter that keeps every promise of its port, and is trusted because the contract suite runs
on it as on PostgreSQL.

A unit of work writes into a copy of everything, which takes its place at commit; leaving without commit drops the
copy. Nothing ever waits: where PostgreSQL would make one unit of work wait for another, here the one that commits
second gets LostRace, as the port allows. References between rows are not checked.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound, PostNotFound
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.repositories import ScheduleFilter
from marketmind_scheduler.ports.storage import LostRace


@dataclass(slots=True)
class _Rows:
    brands: dict[UUID, Brand] = field(default_factory=dict[UUID, Brand])
    campaigns: dict[UUID, Campaign] = field(default_factory=dict[UUID, Campaign])
    posts: dict[UUID, Post] = field(default_factory=dict[UUID, Post])
    schedules: dict[UUID, Schedule] = field(default_factory=dict[UUID, Schedule])
    tz_releases: dict[str, datetime] = field(default_factory=dict[str, datetime])
    last_position: int = 0

    def copy(self) -> "_Rows":
        return _Rows(
            brands=dict(self.brands),
            campaigns=dict(self.campaigns),
            posts=dict(self.posts),
            schedules=dict(self.schedules),
            tz_releases=dict(self.tz_releases),
            last_position=self.last_position,
        )

    def posts_of(self, campaign_id: UUID) -> list[Post]:
        posts = (post for post in self.posts.values() if post.campaign_id == campaign_id)
        return sorted(posts, key=lambda post: post.position)


_View = Callable[[], _Rows]


class InMemoryBrandRepository:
    def __init__(self, view: _View) -> None:
        self._view = view

    async def get(self, brand_id: UUID) -> Brand:
        if brand := await self.find(brand_id):
            return brand
        raise BrandNotFound(brand_id)

    async def find(self, brand_id: UUID) -> Brand | None:
        return self._view().brands.get(brand_id)

    async def save(self, brand: Brand) -> Brand:
        brands = self._view().brands
        known = brands.get(brand.brand_id)
        stored = replace(brand, created_at=known.created_at) if known else brand
        brands[brand.brand_id] = stored
        return stored

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        brands = sorted(self._view().brands.values(), key=lambda brand: brand.brand_id)
        return [brand for brand in brands if after is None or brand.brand_id > after][:limit]


class InMemoryCampaignRepository:
    def __init__(self, view: _View) -> None:
        self._view = view

    async def get(self, campaign_id: UUID) -> Campaign:
        if campaign := await self.find(campaign_id):
            return campaign
        raise CampaignNotFound(campaign_id)

    async def find(self, campaign_id: UUID) -> Campaign | None:
        rows = self._view()
        campaign = rows.campaigns.get(campaign_id)
        return campaign and replace(campaign, post_count=len(rows.posts_of(campaign_id)))

    async def save(self, campaign: Campaign) -> Campaign:
        campaigns = self._view().campaigns
        if known := campaigns.get(campaign.campaign_id):
            campaign = replace(campaign, brand_id=known.brand_id, status=known.status, created_at=known.created_at)
        campaigns[campaign.campaign_id] = campaign
        return await self.get(campaign.campaign_id)

    async def set_status(self, campaign_id: UUID, status: CampaignStatus, *, now: datetime) -> None:
        campaigns = self._view().campaigns
        known = campaigns.get(campaign_id)
        if known and known.status is not status:
            campaigns[campaign_id] = replace(known, status=status, updated_at=now)

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        chosen = [
            campaign
            for campaign in sorted(self._view().campaigns.values(), key=lambda campaign: campaign.campaign_id)
            if brand_id in (None, campaign.brand_id)
            and status in (None, campaign.status)
            and (after is None or campaign.campaign_id > after)
        ]
        return [await self.get(campaign.campaign_id) for campaign in chosen[:limit]]


class InMemoryPostRepository:
    def __init__(self, view: _View) -> None:
        self._view = view

    async def get(self, post_id: UUID) -> Post:
        if post := await self.find(post_id):
            return post
        raise PostNotFound(post_id)

    async def find(self, post_id: UUID) -> Post | None:
        return self._view().posts.get(post_id)

    async def lock(self, post_id: UUID) -> Post:
        return await self.get(post_id)

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        posts = self._view().posts
        return [posts[post_id] for post_id in post_ids if post_id in posts]

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        return [post for post in self._view().posts_of(campaign_id) if post.platform in platforms]

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        return [post.post_id for post in await self.list_of_campaign(campaign_id, platforms=platforms)]

    async def save(self, posts: Sequence[Post]) -> None:
        rows = self._view()
        for post in posts:
            if known := rows.posts.get(post.post_id):
                rows.posts[post.post_id] = _replaced(known, post)
            else:
                rows.last_position += 1
                rows.posts[post.post_id] = replace(post, position=rows.last_position)

    async def list(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        return [
            post
            for post in sorted(self._view().posts.values(), key=lambda post: post.position)
            if brand_id in (None, post.brand_id)
            and campaign_id in (None, post.campaign_id)
            and platform in (None, post.platform)
            and (after is None or post.position > after)
        ][:limit]


class InMemoryTzReleaseRepository:
    def __init__(self, view: _View) -> None:
        self._view = view

    async def add(self, release: str, *, now: datetime) -> None:
        self._view().tz_releases.setdefault(release, now)

    async def newest(self) -> str | None:
        return max(self._view().tz_releases, default=None)


class InMemoryScheduleRepository:
    def __init__(self, view: _View) -> None:
        self._view = view

    async def find_current(self, post_id: UUID) -> Schedule | None:
        return max(self._of_posts({post_id}), key=lambda each: (each.is_active, each.schedule_id), default=None)

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        return await self.find_current(post_id)

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        return _standing(self._of_posts({post_id}))

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        post_ids = {post.post_id for post in self._view().posts_of(campaign_id) if post.platform in platforms}
        by_post: defaultdict[UUID, list[Schedule]] = defaultdict(list)
        for schedule in self._of_posts(post_ids):
            by_post[schedule.post_id].append(schedule)
        return _in_time_order(each for schedules in by_post.values() for each in _standing(schedules))

    async def add(self, schedules: Sequence[Schedule]) -> None:
        stored = self._view().schedules
        taken = {each.post_id for each in stored.values() if each.is_active}
        for schedule in schedules:
            if schedule.is_active and schedule.post_id in taken:
                raise LostRace
            if schedule.is_active:
                taken.add(schedule.post_id)
        stored.update((schedule.schedule_id, schedule) for schedule in schedules)

    async def save(self, schedule: Schedule) -> None:
        stored = self._view().schedules
        stored[schedule.schedule_id] = replace(
            stored[schedule.schedule_id],
            slot=schedule.slot,
            status=schedule.status,
            version=schedule.version,
            updated_at=schedule.updated_at,
        )

    async def cancel_pending(self, schedule_ids: Collection[UUID], *, now: datetime) -> Sequence[Schedule]:
        stored = self._view().schedules
        cancelled = {
            schedule_id: stored[schedule_id].cancelled(now=now)
            for schedule_id in schedule_ids
            if schedule_id in stored and stored[schedule_id].status is ScheduleStatus.PENDING
        }
        stored.update(cancelled)
        return _in_time_order(cancelled.values())

    async def cancel_pending_of_campaign(self, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
        of_campaign = self._of_posts({post.post_id for post in self._view().posts_of(campaign_id)})
        return await self.cancel_pending([each.schedule_id for each in of_campaign], now=now)

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        return [
            each
            for each in _in_time_order(self._view().schedules.values())
            if self._is_chosen(each, chosen) and (after is None or _place(each) > after)
        ][:limit]

    def _is_chosen(self, schedule: Schedule, chosen: ScheduleFilter) -> bool:
        post = self._view().posts[schedule.post_id]
        return (
            chosen.brand_id in (None, schedule.brand_id)
            and chosen.campaign_id in (None, post.campaign_id)
            and chosen.status in (None, schedule.status)
            and chosen.platform in (None, schedule.platform)
            and (chosen.from_time is None or schedule.publish_time >= chosen.from_time)
            and (chosen.to_time is None or schedule.publish_time < chosen.to_time)
        )

    def _of_posts(self, post_ids: Collection[UUID]) -> Sequence[Schedule]:
        return [each for each in self._view().schedules.values() if each.post_id in post_ids]


class InMemoryRepositories:
    def __init__(self, view: _View) -> None:
        self.brands = InMemoryBrandRepository(view)
        self.campaigns = InMemoryCampaignRepository(view)
        self.posts = InMemoryPostRepository(view)
        self.schedules = InMemoryScheduleRepository(view)
        self.tz_releases = InMemoryTzReleaseRepository(view)


class InMemoryUnitOfWork(InMemoryRepositories):
    def __init__(self, view: _View, commit: Callable[[], None]) -> None:
        super().__init__(view)
        self._commit = commit

    async def commit(self) -> None:
        self._commit()


class InMemoryStorage:
    def __init__(self) -> None:
        self.races_to_lose = 0
        """How many of the next commits raise LostRace."""
        self._committed = _Rows()
        self._open_units_of_work = 0

    @property
    def has_open_unit_of_work(self) -> bool:
        return self._open_units_of_work > 0

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[InMemoryRepositories]:
        yield InMemoryRepositories(self._snapshot)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[InMemoryUnitOfWork]:
        began_with = self._committed
        draft = began_with.copy()

        def commit() -> None:
            if self.races_to_lose > 0:
                self.races_to_lose -= 1
                raise LostRace
            if self._committed is not began_with:
                raise LostRace
            self._committed = draft.copy()

        self._open_units_of_work += 1
        try:
            yield InMemoryUnitOfWork(lambda: draft, commit)
        finally:
            self._open_units_of_work -= 1

    def _snapshot(self) -> _Rows:
        return self._committed.copy()  # so that nothing can be written while reading


def _replaced(known: Post, given: Post) -> Post:
    changed = replace(known, campaign_id=given.campaign_id, title=given.title, s3_url=given.s3_url)
    return known if changed == known else replace(changed, updated_at=given.updated_at)


def _standing(schedules_of_post: Collection[Schedule]) -> Sequence[Schedule]:
    active = [each for each in schedules_of_post if each.is_active]
    completed = [each for each in schedules_of_post if each.status is ScheduleStatus.COMPLETED]
    return [*active, *sorted(completed, key=lambda each: each.schedule_id)[-1:]]


def _place(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


def _in_time_order(schedules: Iterable[Schedule]) -> Sequence[Schedule]:
    return sorted(schedules, key=_place)
