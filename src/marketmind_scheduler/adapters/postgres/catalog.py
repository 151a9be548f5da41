"""Brands, campaigns and posts: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from marketmind_scheduler.adapters.postgres.tables import brands, campaigns, posts
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound, PostNotFound
from marketmind_scheduler.domain.post import Platform, Post

_post_count = (
    select(func.count())
    .select_from(posts)
    .where(posts.c.campaign_id == campaigns.c.campaign_id)
    .scalar_subquery()
    .label("post_count")
)
_campaigns = select(campaigns, _post_count)

# One statement for one post or ten thousand. The order of the arrays is the order in which positions are given out.
_SAVE_POSTS = """
INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at)
SELECT post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
              $8::timestamptz[]) WITH ORDINALITY
    AS given(post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, nth)
 ORDER BY nth
ON CONFLICT (post_id) DO UPDATE
   SET campaign_id = excluded.campaign_id, title = excluded.title, s3_url = excluded.s3_url,
       updated_at = excluded.updated_at
 WHERE (posts.campaign_id, posts.title, posts.s3_url)
       IS DISTINCT FROM (excluded.campaign_id, excluded.title, excluded.s3_url)
"""


class PostgresBrandRepository:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, brand_id: UUID) -> Brand:
        if brand := await self.find(brand_id):
            return brand
        raise BrandNotFound(brand_id)

    async def find(self, brand_id: UUID) -> Brand | None:
        found = await self._connection.execute(select(brands).where(brands.c.brand_id == brand_id))
        return None if (row := found.one_or_none()) is None else _to_brand(row)

    async def save(self, brand: Brand) -> Brand:
        replaced = {
            "brand_name": brand.name,
            "brand_default_timezone": brand.default_zone,
            "tone_profile": brand.tone_profile,
            "updated_at": brand.updated_at,
        }
        saved = await self._connection.execute(
            insert(brands)
            .values(brand_id=brand.brand_id, created_at=brand.created_at, **replaced)
            .on_conflict_do_update(index_elements=[brands.c.brand_id], set_=replaced)
            .returning(brands)
        )
        return _to_brand(saved.one())

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        chosen = select(brands).order_by(brands.c.brand_id).limit(limit)
        if after is not None:
            chosen = chosen.where(brands.c.brand_id > after)
        return [_to_brand(row) for row in await self._connection.execute(chosen)]


class PostgresCampaignRepository:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, campaign_id: UUID) -> Campaign:
        if campaign := await self.find(campaign_id):
            return campaign
        raise CampaignNotFound(campaign_id)

    async def find(self, campaign_id: UUID) -> Campaign | None:
        found = await self._connection.execute(_campaigns.where(campaigns.c.campaign_id == campaign_id))
        return None if (row := found.one_or_none()) is None else _to_campaign(row)

    async def save(self, campaign: Campaign) -> Campaign:
        replaced = {
            "name": campaign.name,
            "goal": campaign.goal,
            "start_date": campaign.start_date,
            "end_date": campaign.end_date,
            "updated_at": campaign.updated_at,
        }
        saved = await self._connection.execute(
            insert(campaigns)
            .values(
                campaign_id=campaign.campaign_id,
                brand_id=campaign.brand_id,
                status=campaign.status,
                created_at=campaign.created_at,
                **replaced,
            )
            .on_conflict_do_update(index_elements=[campaigns.c.campaign_id], set_=replaced)
            .returning(campaigns, _post_count)
        )
        return _to_campaign(saved.one())

    async def set_status(self, campaign_id: UUID, status: CampaignStatus, *, now: datetime) -> None:
        await self._connection.execute(
            update(campaigns)
            .where(campaigns.c.campaign_id == campaign_id, campaigns.c.status != status)
            .values(status=status, updated_at=now)
        )

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        chosen = _campaigns.order_by(campaigns.c.campaign_id).limit(limit)
        if brand_id is not None:
            chosen = chosen.where(campaigns.c.brand_id == brand_id)
        if status is not None:
            chosen = chosen.where(campaigns.c.status == status)
        if after is not None:
            chosen = chosen.where(campaigns.c.campaign_id > after)
        return [_to_campaign(row) for row in await self._connection.execute(chosen)]


class PostgresPostRepository:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, post_id: UUID) -> Post:
        if post := await self.find(post_id):
            return post
        raise PostNotFound(post_id)

    async def find(self, post_id: UUID) -> Post | None:
        return await self._one(select(posts).where(posts.c.post_id == post_id))

    async def lock(self, post_id: UUID) -> Post:
        locking = select(posts).where(posts.c.post_id == post_id).with_for_update(key_share=True)
        if post := await self._one(locking):
            return post
        raise PostNotFound(post_id)

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        known = select(posts).where(posts.c.post_id == func.any(cast(list(post_ids), ARRAY(Uuid))))
        return [_to_post(row) for row in await self._connection.execute(known)]

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        return [_to_post(row) for row in await self._connection.execute(_of_campaign(campaign_id, platforms))]

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        locking = _of_campaign(campaign_id, platforms).with_only_columns(posts.c.post_id)
        return (await self._connection.scalars(locking.with_for_update(key_share=True))).all()

    async def save(self, posts: Sequence[Post]) -> None:
        columns = (
            [post.post_id for post in posts],
            [post.brand_id for post in posts],
            [post.campaign_id for post in posts],
            [post.title for post in posts],
            [post.s3_url for post in posts],
            [post.platform.value for post in posts],
            [post.created_at for post in posts],
            [post.updated_at for post in posts],
        )
        await self._connection.exec_driver_sql(_SAVE_POSTS, columns)

    async def list(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        chosen = select(posts).order_by(posts.c.position).limit(limit)
        if brand_id is not None:
            chosen = chosen.where(posts.c.brand_id == brand_id)
        if campaign_id is not None:
            chosen = chosen.where(posts.c.campaign_id == campaign_id)
        if platform is not None:
            chosen = chosen.where(posts.c.platform == platform)
        if after is not None:
            chosen = chosen.where(posts.c.position > after)
        return [_to_post(row) for row in await self._connection.execute(chosen)]

    async def _one(self, chosen: Select[*tuple[Any, ...]]) -> Post | None:
        found = await self._connection.execute(chosen)
        return None if (row := found.one_or_none()) is None else _to_post(row)


def _of_campaign(campaign_id: UUID, platforms: Collection[Platform]) -> Select[*tuple[Any, ...]]:
    return (
        select(posts)
        .where(posts.c.campaign_id == campaign_id, posts.c.platform.in_(sorted(platforms)))
        .order_by(posts.c.position)
    )


def _to_brand(row: Row[*tuple[Any, ...]]) -> Brand:
    return Brand(
        brand_id=row.brand_id,
        name=row.brand_name,
        default_zone=row.brand_default_timezone,
        tone_profile=row.tone_profile,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _to_campaign(row: Row[*tuple[Any, ...]]) -> Campaign:
    return Campaign(
        campaign_id=row.campaign_id,
        brand_id=row.brand_id,
        name=row.name,
        goal=row.goal,
        start_date=row.start_date,
        end_date=row.end_date,
        status=CampaignStatus(row.status),
        post_count=row.post_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _to_post(row: Row[*tuple[Any, ...]]) -> Post:
    return Post(
        post_id=row.post_id,
        brand_id=row.brand_id,
        campaign_id=row.campaign_id,
        title=row.title,
        s3_url=row.s3_url,
        platform=Platform(row.platform),
        position=row.position,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
