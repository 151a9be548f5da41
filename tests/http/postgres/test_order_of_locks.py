"""Whoever waits for a lock holds none that others take after it: so two wait, instead of blocking each other."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import asyncpg
import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from tests.contracts.waiting import until_waiting
from tests.http.postgres.given import set_status
from tests.http.steps import SEVEN_PM, Json, a_brand, a_campaign, a_post, add_posts
from tests.loops import telling_all_misses

ORDER = ("posts", "brands", "campaigns", "queue", "schedules")
LOCK = "SELECT FROM {} FOR NO KEY UPDATE"
BERLIN = {"brand_default_timezone": "Europe/Berlin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A brand with a campaign of two posts, which are scheduled; ``late`` is one behind them that is not."""

    brand: str
    campaign: str
    posts: tuple[str, str]
    late: str


def anew(title: str) -> Json:
    return {"title": title, "s3_url": "s3://bucket/another.mp4", "platform": "TWITTER"}


REQUESTS: Mapping[str, Callable[[Given], tuple[str, str, Json | None]]] = {
    "move": lambda of: ("PUT", f"/schedule/post/{of.posts[0]}", {"timestamp": "2027-03-20T19:00:00"}),
    "cancel": lambda of: ("DELETE", f"/schedule/post/{of.posts[0]}", None),
    "schedule": lambda of: ("POST", f"/schedule/post/{of.late}", {"timestamp": "2027-03-20T19:00:00"}),
    "plan anew": lambda of: ("POST", f"/schedule/campaign/{of.campaign}", {"replace": True}),
    "cancel all": lambda of: ("DELETE", f"/schedule/campaign/{of.campaign}", None),
    "shift": lambda of: ("POST", f"/campaigns/{of.campaign}/shift", {"by": "P7D"}),
    "follow": lambda of: ("POST", f"/brands/{of.brand}/follow", {"zone": True}),
    "pause campaign": lambda of: ("POST", f"/campaigns/{of.campaign}/pause", None),
    "pause brand": lambda of: ("POST", f"/brands/{of.brand}/pause", None),
    "put brand": lambda of: ("PUT", f"/brands/{of.brand}", {"brand_name": "Tidal", "brand_default_timezone": "UTC"}),
    "put campaign": lambda of: ("PUT", f"/campaigns/{of.campaign}", {"end_date": "2027-03-15"}),
    "put post": lambda of: (
        "PUT",
        f"/posts/{of.posts[0]}",
        {"campaign_id": None, "take_schedule": True, **anew("New")},
    ),
    "put posts": lambda of: (
        *("POST", f"/campaigns/{of.campaign}/posts"),
        {"posts": [{"post_id": each, **anew("New")} for each in reversed(of.posts)]},
    ),
    "retry many": lambda of: ("POST", "/schedules/retry", {"brand_id": of.brand}),
    "delete post": lambda of: ("DELETE", f"/posts/{of.posts[0]}", None),
    "delete campaign": lambda of: ("DELETE", f"/campaigns/{of.campaign}", None),
    "delete brand": lambda of: ("DELETE", f"/brands/{of.brand}", None),
}


@pytest.mark.slow
async def test_whoever_waits_for_a_lock_holds_none_that_comes_after_it_in_the_one_order(
    client: httpx2.AsyncClient, pool: Pool, tables: AsyncEngine
) -> None:
    with telling_all_misses() as trying:
        for name, request in REQUESTS.items():
            for nth, table in enumerate(ORDER):
                with trying(name=name, table=table):
                    method, path, body = request(await given(client, tables))
                    async with pool.acquire() as in_the_way, in_the_way.transaction():
                        await in_the_way.execute(LOCK.format(table))
                        asking = asyncio.ensure_future(client.request(method, path, json=body))
                        await until_it_waits_or_is_answered(tables, asking)
                        held = [after for after in ORDER[nth + 1 :] if not await is_free(pool, after)]
                    answer = await asking

                    assert answer.is_success, answer.text
                    assert held == []


async def given(client: httpx2.AsyncClient, tables: AsyncEngine) -> Given:
    brand = await a_brand(client)
    failed = await a_post(client, brand_id=brand)
    await client.post(f"/schedule/post/{failed}", json={"timestamp": SEVEN_PM})
    await set_status(tables, failed, "FAILED")
    campaign = await a_campaign(client, brand_id=brand)
    first, second = await add_posts(client, campaign, ["TWITTER", "TWITTER"])
    assert (await client.post(f"/schedule/campaign/{campaign}")).is_success
    [late] = await add_posts(client, campaign, ["TWITTER"])
    await client.put(f"/brands/{brand}", json={"brand_name": "Tidal", **BERLIN})
    return Given(brand=brand, campaign=campaign, posts=(first, second), late=late)


async def until_it_waits_or_is_answered(tables: AsyncEngine, asking: asyncio.Future[httpx2.Response]) -> None:
    waiting = asyncio.ensure_future(until_waiting(tables, asking))
    await asyncio.wait([waiting, asking], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def is_free(pool: Pool, table: str) -> bool:
    async with pool.acquire() as connection, connection.transaction():
        try:
            await connection.execute(f"{LOCK.format(table)} NOWAIT")
        except asyncpg.LockNotAvailableError:
            return False
        return True
