"""Posts: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from typing import NoReturn
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import REACHED, brands_of, one_of
from marketmind_scheduler.adapters.postgres.repositories.walks import NOT_DELETED, Bound, Walk, wanted_brands
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import Deleted, PostNotFound
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.ports.storage import LostRace
from marketmind_scheduler.unhurried import unhurried

_COLUMNS = "post_id, brand_id, campaign_id, title, s3_url, platform, position, created_at, updated_at, deleted_at"
_SELECT = f"SELECT {_COLUMNS} FROM posts"
_LOCK = f"{_SELECT} WHERE post_id = $1 AND {REACHED.format('$2', '')} FOR NO KEY UPDATE"
FIND_ALL = f"{_SELECT} WHERE post_id = ANY($1::uuid[])"
# Whoever takes many posts takes them in the order of their ids, so that two wait instead of blocking each other.
LOCK_POSTS = """
SELECT 1 FROM posts WHERE post_id = ANY($1::uuid[]) ORDER BY post_id::text COLLATE "C" FOR NO KEY UPDATE
"""
# BETWEEN: of an equality the planner may believe that it leaves nothing out, and look through all posts.
_OF_CAMPAIGN = """
  FROM posts WHERE campaign_id BETWEEN $1 AND $1 AND platform = ANY($2::text[]) AND deleted_at IS NULL"""
_IN_REACH = "SELECT FROM campaigns WHERE campaign_id = $1 AND brand_id = ANY($2::uuid[])"
# In an order that no index has: to get them in one that an index has, the planner may walk through all posts there are.
LIST_OF_CAMPAIGN = f"SELECT {_COLUMNS} {_OF_CAMPAIGN} ORDER BY position + 0"
LOCK_OF_CAMPAIGN = f"""
WITH locked AS (SELECT post_id, position {_OF_CAMPAIGN} ORDER BY post_id::text COLLATE "C" FOR NO KEY UPDATE)
SELECT post_id FROM locked ORDER BY position
"""
_ADD = statement("add_posts")
SAVE = statement("save_posts")
# Of those just stored: another's, or deleted, since they were looked for.
_TAKEN = f"""
SELECT g.post_id, p.brand_id FROM unnest($1::uuid[], $2::uuid[]) AS g(post_id, brand_id)
 CROSS JOIN LATERAL ({one_of("posts", "post_id", "g.post_id", "brand_id, deleted_at")}) p
 WHERE p.brand_id <> g.brand_id OR p.deleted_at IS NOT NULL LIMIT 1
"""


class PostgresPostRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, post_id: UUID) -> Post:
        return await self._one(f"{_SELECT} WHERE post_id = $1", post_id)

    async def lock(self, post_id: UUID) -> Post:
        return await self._one(_LOCK, post_id, brands_of(self._reach))

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        rows = await self._connection.fetch(FIND_ALL, list(post_ids))
        return [to_kept_post(row) async for row in unhurried(rows) if self._reach.covers(row["brand_id"])]

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        rows = await self._connection.fetch(LIST_OF_CAMPAIGN, campaign_id, list(platforms))
        return [_to_post(row) async for row in unhurried(rows)]

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        rows = await self._connection.fetch(LOCK_OF_CAMPAIGN, campaign_id, list(platforms))
        return [row["post_id"] for row in rows]

    async def save(self, posts: Sequence[Post]) -> None:
        await self._store(SAVE, posts)
        taken = await self._connection.fetchrow(
            _TAKEN, [post.post_id for post in posts], [post.brand_id for post in posts]
        )
        if taken is not None:
            self._lose(taken)

    async def add(self, post: Post) -> None:
        if not await self._store(_ADD, [post]):
            [taken] = await self._connection.fetch(FIND_ALL, [post.post_id])
            self._lose(taken)

    def _lose(self, taken: Record) -> NoReturn:
        """Somebody was first; within reach, that can be looked at."""
        if self._reach.covers(taken["brand_id"]):
            raise LostRace
        raise PostNotFound.taken(taken["post_id"])

    async def _store(self, insertion: str, posts: Sequence[Post]) -> Sequence[Record]:
        return await self._connection.fetch(
            insertion,
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
        brands = wanted_brands(brand_id, self._reach)
        if campaign_id and brands is not None and not await self._connection.fetch(_IN_REACH, campaign_id, brands):
            return ()  # all of its posts are of its brand
        walk = Walk(
            table="posts",
            alias="posts",
            key="post_id",
            lanes={
                "campaign_id": campaign_id and [campaign_id],
                "brand_id": None if campaign_id else brands,
                "platform": [platform] if platform else list(Platform),
            },
            order=("position",),
            begin=Bound(place=(after or 0,), is_in=False),
            only=[("position > 0",), (NOT_DELETED.format("posts"),)],
        )
        page = walk.page(_SELECT, limit=limit)
        return [_to_post(row) for row in await self._connection.fetch(page.text, *page.parameters)]

    async def _one(self, selection: str, post_id: UUID, *parameters: object) -> Post:
        row = await self._connection.fetchrow(selection, post_id, *parameters)
        if row is None or not self._reach.covers(row["brand_id"]):
            raise PostNotFound(post_id)
        return to_kept_post(row)


def to_kept_post(row: Record) -> Post:
    """Raises Deleted."""
    if row["deleted_at"] is not None:
        raise Deleted.of("post", row["post_id"])
    return _to_post(row)


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
