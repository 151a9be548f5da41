"""Databases and schedules for the suites of this folder."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from tests.builders import a_post, a_schedule, given
from tests.postgres.given import at
from tests.system.servers import OwnServer, connected

_AT_ONCE = 1000


async def a_database(server: OwnServer) -> str:
    """The URL of a new one, with the schema of this version."""
    name = f"chaos_{uuid4().hex}"
    async with connected(server.url) as sql:
        await sql.execute(f"CREATE DATABASE {name}")
    url = urlsplit(server.url)._replace(path=f"/{name}").geturl()
    async with migrating(url) as migrator:
        await migrator.upgrade()
    return url


async def given_schedules(
    url: str, posts: Sequence[Post], times: Sequence[datetime], *owners: Brand | Campaign
) -> Sequence[Schedule]:
    """Each post at its time; ``owners`` are the brands and campaigns that are new."""
    schedules = [a_schedule(post, slot=at(publish_time)) for post, publish_time in zip(posts, times, strict=True)]
    async with open_pool(url, size=1) as pool:
        storage = PostgresStorage(pool)
        await given(storage, *owners)
        for first in range(0, len(posts), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            await given(storage, *posts[some], *schedules[some])
    return schedules


async def given_posts(url: str, brand: Brand, platform: Platform, times: Sequence[datetime]) -> Sequence[Schedule]:
    """Of this brand, which is new."""
    posts = [a_post(brand_id=brand.brand_id, platform=platform) for _ in times]
    return await given_schedules(url, posts, times, brand)
