"""The floor: a bare Litestar app that runs the same SQL over raw asyncpg and does nothing else; and beside it, the same
in a transaction of five statements that locks the post."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import uvicorn
from litestar import Litestar, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from uuid_utils.compat import uuid7

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.repositories.additions import ADD, ADD_IF_UNCHANGED
from marketmind_scheduler.adapters.postgres.repositories.post_bookings import LOOK
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import ADDED
from marketmind_scheduler.adapters.postgres.repositories.schedules import CURRENT, STANDING_OF_POST
from marketmind_scheduler.adapters.postgres.repositories.tz_releases import NEWEST

LOCK_POST = (
    "SELECT post_id, brand_id, campaign_id, title, s3_url, platform, position, created_at, updated_at "
    "FROM posts WHERE post_id = $1 FOR NO KEY UPDATE"
)
BRAND = (
    "SELECT brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at "
    "FROM brands WHERE brand_id = $1"
)


class Asked(Struct):
    timestamp: str


@post("/schedule/post/{post_id:uuid}")
async def schedule(state: State, post_id: FromPath[UUID], data: JSONBody[Asked]) -> dict[str, object]:
    async with state.pool.acquire() as connection:
        post = await connection.fetchrow(LOOK, post_id, None)
        row = new_row(post, data)
        seen: tuple[object, ...] = (post["post_row"], post["brand_row"], row["tz_release"], False, "floor")
        await connection.fetchrow(ADD_IF_UNCHANGED, *(row.get(name) for name in ADDED), *seen)
    return shown(row)


@post("/in-five/post/{post_id:uuid}")
async def schedule_in_five(state: State, post_id: FromPath[UUID], data: JSONBody[Asked]) -> dict[str, object]:
    async with state.pool.acquire() as connection, connection.transaction():
        post = await connection.fetchrow(LOCK_POST, post_id)
        await connection.fetchrow(BRAND, post["brand_id"])
        await connection.fetchval(NEWEST)
        await connection.fetch(STANDING_OF_POST, post_id)
        row = new_row(post, data)
        await connection.execute(ADD, *([row.get(name)] for name in ADDED))
    return shown(row)


def new_row(post: Mapping[str, object], asked: Asked) -> dict[str, object]:
    local_time, now = datetime.fromisoformat(asked.timestamp), datetime.now(UTC)  # noqa: TID251
    return {
        "schedule_id": uuid7(),
        "post_id": post["post_id"],
        "brand_id": post["brand_id"],
        "platform": post["platform"],
        "publish_time": local_time.replace(tzinfo=UTC),
        "status": "PENDING",
        "retry_count": 0,
        "max_retries": 3,
        "lost_leases": 0,
        "intent": "wall",
        "local_time": local_time,
        "timezone": "UTC",
        "disambiguation": "compatible",
        "resolution": "exact",
        "tz_release": "2026f",
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "is_doubtful": False,
        "zone_is_default": False,
    }


def shown(row: Mapping[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("schedule_id", "post_id", "publish_time")}


@get("/schedule/post/{post_id:uuid}")
async def read(state: State, post_id: FromPath[UUID]) -> dict[str, object]:
    async with state.pool.acquire() as connection:
        return dict(await connection.fetchrow(CURRENT, post_id))


async def serve(database_url: str, port: int) -> None:
    @asynccontextmanager
    async def pooled(app: Litestar) -> AsyncGenerator[None]:
        async with open_pool(database_url, size=10) as pool:
            app.state.pool = pool
            yield

    app = Litestar([schedule, schedule_in_five, read], lifespan=[pooled], openapi_config=None, logging_config=None)
    config = uvicorn.Config(app, port=port, http="h11", log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config(None, loop="auto").get_loop_factory()) as runner:  # pyright: ignore[reportArgumentType]
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
