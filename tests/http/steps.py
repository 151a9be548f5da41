"""What the HTTP suites do again and again: call, register, read answers, look at what is stored."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.observed import Observed
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.readiness import PostgresReadiness
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.postgres.tables import metadata, schedules
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.entrypoints.bootstrap import assemble
from marketmind_scheduler.ports.clock import Clock

Json = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HORIZON = timedelta(days=1827)
LOS_ANGELES = "America/Los_Angeles"
SEVEN_PM = "2027-03-17T19:00:00"
SAMPLES = Path(__file__).parents[1] / "data"
PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail", "instance", "errors", "details"}


def over(pool: Pool, zones: ZoneCatalogue, clock: Clock) -> UseCases:
    return assemble(
        storage=PostgresStorage(pool),
        readiness=PostgresReadiness(pool),
        zones=zones,
        clock=clock,
        new_id=new_uuid7,
        horizon=HORIZON,
    )


def observed(use_cases: UseCases) -> App:
    return cast("App", Observed(create_app(use_cases), new_id=new_uuid7))


def calling(app: App) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


async def at_once(client: httpx2.AsyncClient, requests: Iterable[Awaitable[httpx2.Response]]) -> list[httpx2.Response]:
    """Send all at once, with every connection of the pool open already, so that the first has no start."""
    await asyncio.gather(*(client.get("/brands") for _ in range(20)))
    return await asyncio.gather(*requests)


def new_id() -> str:
    return str(uuid4())


async def a_brand(client: httpx2.AsyncClient, *, zone: str = LOS_ANGELES) -> str:
    brand_id = new_id()
    body = {"brand_name": "Northwind Tea", "brand_default_timezone": zone}
    answer = await client.put(f"/brands/{brand_id}", json=body)
    assert answer.status_code == 201, answer.text
    return brand_id


async def a_campaign(
    client: httpx2.AsyncClient,
    *,
    brand_id: str | None = None,
    zone: str = LOS_ANGELES,
    start: str = "2027-03-15",
    end: str = "2027-03-21",
    posts: Sequence[str] = (),
) -> str:
    """The id of a campaign with one post on each platform of ``posts``, in their order."""
    campaign_id = new_id()
    body = {
        "brand_id": brand_id or await a_brand(client, zone=zone),
        "name": "Spring launch",
        "start_date": start,
        "end_date": end,
    }
    answer = await client.put(f"/campaigns/{campaign_id}", json=body)
    assert answer.status_code == 201, answer.text
    if posts:
        await add_posts(client, campaign_id, posts)
    return campaign_id


async def add_posts(client: httpx2.AsyncClient, campaign_id: str, platforms: Sequence[str]) -> list[str]:
    """Register one post on each of ``platforms``; return their ids in that order."""
    posts = [a_post_body(platform) for platform in platforms]
    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})
    assert answer.status_code == 201, answer.text
    return [post["post_id"] for post in posts]


def a_post_body(platform: str = "TWITTER") -> Json:
    return {"post_id": new_id(), "title": "Meet the new line", "s3_url": "s3://tea/meet.mp4", "platform": platform}


async def a_post(client: httpx2.AsyncClient, *, brand_id: str | None = None, zone: str = LOS_ANGELES) -> str:
    """The id of a post that belongs to no campaign."""
    content = a_post_body()
    post_id = content.pop("post_id")
    brand_id = brand_id or await a_brand(client, zone=zone)
    answer = await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, **content})
    assert answer.status_code == 201, answer.text
    return post_id


async def a_scheduled_post(client: httpx2.AsyncClient, timestamp: str = SEVEN_PM) -> tuple[str, Json]:
    post_id = await a_post(client)
    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": timestamp})
    assert answer.status_code == 201, answer.text
    return post_id, answer.json()


def problem(answer: httpx2.Response, status: int, code: str) -> Json:
    """The problem that the answer must be, checked for what every problem has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: Json = answer.json()
    assert set(body) == PROBLEM_MEMBERS
    assert body["code"] == code, body
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["instance"] == answer.request.url.path
    assert body["title"]
    assert body["detail"]
    assert bool(body["errors"]) == (code in {"malformed", "unsupported_media_type"})
    return body


async def walk(
    client: httpx2.AsyncClient, path: str, query: Mapping[str, str | int] | None = None, *, items: str = "items"
) -> list[list[Json]]:
    """Every page of a list, from the first to the one without a next_cursor."""
    pages: list[list[Json]] = []
    cursor: dict[str, str] = {}
    while len(pages) < 100:
        answer = await client.get(path, params={**(query or {}), **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        pages.append(page[items])
        if page["next_cursor"] is None:
            return pages
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError(f"{path} has no end")


async def stored(engine: AsyncEngine) -> Mapping[str, Sequence[Row[Any]]]:
    """Every row of every table."""
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(table).order_by(*table.primary_key))).all()
            for table in metadata.sorted_tables
        }


async def set_status(engine: AsyncEngine, post_id: str, status: str) -> None:
    """Put the post's schedules into a status that only the dispatcher gives."""
    async with engine.connect() as connection:
        chosen = update(schedules).where(schedules.c.post_id == UUID(post_id))
        await connection.execute(chosen.values(status=status))


async def table_exists(engine: AsyncEngine, name: str) -> bool:
    async with engine.connect() as connection:
        return (await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name})) is not None


def day_of(schedule: Json) -> date:
    """The day in its zone on which a schedule goes out."""
    return date.fromisoformat(schedule["publish_time_local"][:10])


def sample(name: str, *, of_each: int, **kinds: tuple[object, ...]) -> list[Json]:
    """The first ``of_each`` rows of a sample file for each of the given values of one field."""
    rows = [json.loads(line) for line in (SAMPLES / name).read_text("utf-8").splitlines()]
    ((field, values),) = kinds.items()
    chosen = [row for value in values for row in [row for row in rows if row[field] == value][:of_each]]
    assert len(chosen) == of_each * len(values)
    return chosen
