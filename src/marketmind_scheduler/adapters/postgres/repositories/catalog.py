"""Brands, campaigns and posts: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import select_page, within
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.brand import Brand, Lateness, OnLate
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound, PostNotFound
from marketmind_scheduler.domain.post import Platform, Post

_BRAND = (
    "brand_id, brand_name, brand_default_timezone, tone_profile, on_late, max_lateness_seconds, paused_at, created_at, "
    "updated_at"
)
_CAMPAIGN = """
campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at,
(SELECT count(*) FROM posts WHERE posts.campaign_id = campaigns.campaign_id) AS post_count
"""
_POST = "post_id, brand_id, campaign_id, title, s3_url, platform, position, created_at, updated_at"

_SELECT_BRAND = f"SELECT {_BRAND} FROM brands"
_LOCK_BRAND = "SELECT 1 FROM brands WHERE brand_id = $1 FOR NO KEY UPDATE"
_INSERT_BRAND = """
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, on_late, max_lateness_seconds,
                    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ADD_BRAND = f"{_INSERT_BRAND} RETURNING {_BRAND}"
_SAVE_BRAND = f"""
{_INSERT_BRAND}
ON CONFLICT (brand_id) DO UPDATE
   SET brand_name = excluded.brand_name, brand_default_timezone = excluded.brand_default_timezone,
       tone_profile = excluded.tone_profile, on_late = excluded.on_late,
       max_lateness_seconds = excluded.max_lateness_seconds, updated_at = excluded.updated_at
RETURNING {_BRAND}
"""
_SELECT_CAMPAIGN = f"SELECT {_CAMPAIGN} FROM campaigns"
_INSERT_CAMPAIGN = """
INSERT INTO campaigns (campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ADD_CAMPAIGN = f"{_INSERT_CAMPAIGN} RETURNING {_CAMPAIGN}"
_SAVE_CAMPAIGN = f"""
{_INSERT_CAMPAIGN}
ON CONFLICT (campaign_id) DO UPDATE
   SET name = excluded.name, goal = excluded.goal, start_date = excluded.start_date, end_date = excluded.end_date,
       updated_at = excluded.updated_at
RETURNING {_CAMPAIGN}
"""
_LOCK_CAMPAIGN = "SELECT 1 FROM campaigns WHERE campaign_id = $1 FOR NO KEY UPDATE"
FOLLOW_SCHEDULES = statement("follow_schedules")
_SELECT_POST = f"SELECT {_POST} FROM posts"
_OF_CAMPAIGN = "FROM posts WHERE campaign_id = $1 AND platform = ANY($2::text[])"
# Whoever takes many posts takes them in the order of their ids, so that two wait instead of blocking each other.
_LOCK_OF_CAMPAIGN = f"""
WITH locked AS (SELECT post_id, position {_OF_CAMPAIGN} ORDER BY post_id FOR NO KEY UPDATE)
SELECT post_id FROM locked ORDER BY position
"""
_ADD_POSTS = statement("add_posts")
_SAVE_POSTS = statement("save_posts")


class PostgresBrandRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, brand_id: UUID) -> Brand:
        if brand := await self.find(brand_id):
            return brand
        raise BrandNotFound(brand_id)

    async def find(self, brand_id: UUID) -> Brand | None:
        if not self._reach.covers(brand_id):
            raise BrandNotFound(brand_id)
        row = await self._connection.fetchrow(f"{_SELECT_BRAND} WHERE brand_id = $1", brand_id)
        return None if row is None else _to_brand(row)

    async def save(self, brand: Brand) -> Brand:
        return await self._store(_SAVE_BRAND, brand)

    async def add(self, brand: Brand) -> Brand:
        return await self._store(_ADD_BRAND, brand)

    async def lock(self, brand_id: UUID) -> None:
        await self._connection.execute(_LOCK_BRAND, brand_id)

    async def _store(self, statement: str, brand: Brand) -> Brand:
        [row] = await self._connection.fetch(
            statement,
            brand.brand_id,
            brand.name,
            brand.default_zone,
            brand.tone_profile,
            brand.lateness.on_late,
            round(brand.lateness.max_lateness.total_seconds()),
            brand.created_at,
            brand.updated_at,
        )
        return _to_brand(row)

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        conditions = [within(self._reach), ("brand_id > {}", after)]
        statement, parameters = select_page(_SELECT_BRAND, conditions, order="brand_id", limit=limit)
        return [_to_brand(row) for row in await self._connection.fetch(statement, *parameters)]


class PostgresCampaignRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, campaign_id: UUID) -> Campaign:
        if campaign := await self.find(campaign_id):
            return campaign
        raise CampaignNotFound(campaign_id)

    async def find(self, campaign_id: UUID) -> Campaign | None:
        row = await self._connection.fetchrow(f"{_SELECT_CAMPAIGN} WHERE campaign_id = $1", campaign_id)
        if row is not None and not self._reach.covers(row["brand_id"]):
            raise CampaignNotFound(campaign_id)
        return None if row is None else _to_campaign(row)

    async def save(self, campaign: Campaign) -> Campaign:
        return await self._store(_SAVE_CAMPAIGN, campaign)

    async def add(self, campaign: Campaign) -> Campaign:
        return await self._store(_ADD_CAMPAIGN, campaign)

    async def _store(self, statement: str, campaign: Campaign) -> Campaign:
        [row] = await self._connection.fetch(
            statement,
            campaign.campaign_id,
            campaign.brand_id,
            campaign.name,
            campaign.goal,
            campaign.start_date,
            campaign.end_date,
            campaign.status,
            campaign.created_at,
            campaign.updated_at,
        )
        return _to_campaign(row)

    async def lock(self, campaign_id: UUID) -> None:
        await self._connection.execute(_LOCK_CAMPAIGN, campaign_id)

    async def follow_schedules(self, campaign_id: UUID) -> None:
        await self._connection.execute(FOLLOW_SCHEDULES, [campaign_id])

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        conditions = [
            within(self._reach),
            ("brand_id = {}", brand_id),
            ("status = {}", status),
            ("campaign_id > {}", after),
        ]
        statement, parameters = select_page(_SELECT_CAMPAIGN, conditions, order="campaign_id", limit=limit)
        return [_to_campaign(row) for row in await self._connection.fetch(statement, *parameters)]


class PostgresPostRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, post_id: UUID) -> Post:
        if post := await self.find(post_id):
            return post
        raise PostNotFound(post_id)

    async def find(self, post_id: UUID) -> Post | None:
        row = await self._connection.fetchrow(f"{_SELECT_POST} WHERE post_id = $1", post_id)
        return None if row is None else self._reached(row)

    async def lock(self, post_id: UUID) -> Post:
        row = await self._connection.fetchrow(f"{_SELECT_POST} WHERE post_id = $1 FOR NO KEY UPDATE", post_id)
        if row is None:
            raise PostNotFound(post_id)
        return self._reached(row)

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        rows = await self._connection.fetch(f"{_SELECT_POST} WHERE post_id = ANY($1::uuid[])", list(post_ids))
        return [self._reached(row) for row in rows]

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        listing = f"SELECT {_POST} {_OF_CAMPAIGN} ORDER BY position"
        rows = await self._connection.fetch(listing, campaign_id, list(platforms))
        return [_to_post(row) for row in rows]

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        rows = await self._connection.fetch(_LOCK_OF_CAMPAIGN, campaign_id, list(platforms))
        return [row["post_id"] for row in rows]

    async def save(self, posts: Sequence[Post]) -> None:
        await self._store(_SAVE_POSTS, posts)

    async def add(self, post: Post) -> None:
        await self._store(_ADD_POSTS, [post])

    async def _store(self, statement: str, posts: Sequence[Post]) -> None:
        await self._connection.execute(
            statement,
            [post.post_id for post in posts],
            [post.brand_id for post in posts],
            [post.campaign_id for post in posts],
            [post.title for post in posts],
            [post.s3_url for post in posts],
            [post.platform for post in posts],
            [post.created_at for post in posts],
            [post.updated_at for post in posts],
        )

    async def list(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        conditions = [
            within(self._reach),
            ("brand_id = {}", brand_id),
            ("campaign_id = {}", campaign_id),
            ("platform = {}", platform),
            ("position > {}", after),
        ]
        statement, parameters = select_page(_SELECT_POST, conditions, order="position", limit=limit)
        return [_to_post(row) for row in await self._connection.fetch(statement, *parameters)]

    def _reached(self, row: Record) -> Post:
        if not self._reach.covers(row["brand_id"]):
            raise PostNotFound(row["post_id"])
        return _to_post(row)


def _to_brand(row: Record) -> Brand:
    return Brand(
        brand_id=row["brand_id"],
        name=row["brand_name"],
        default_zone=row["brand_default_timezone"],
        tone_profile=row["tone_profile"],
        lateness=Lateness(on_late=OnLate(row["on_late"]), max_lateness=timedelta(seconds=row["max_lateness_seconds"])),
        paused_at=row["paused_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _to_campaign(row: Record) -> Campaign:
    return Campaign(
        campaign_id=row["campaign_id"],
        brand_id=row["brand_id"],
        name=row["name"],
        goal=row["goal"],
        start_date=row["start_date"],
        end_date=row["end_date"],
        status=CampaignStatus(row["status"]),
        post_count=row["post_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _to_post(row: Record) -> Post:
    return Post(
        post_id=row["post_id"],
        brand_id=row["brand_id"],
        campaign_id=row["campaign_id"],
        title=row["title"],
        s3_url=row["s3_url"],
        platform=Platform(row["platform"]),
        position=row["position"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
