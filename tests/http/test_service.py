"""What the service says about itself, with a database and without."""

from collections.abc import AsyncGenerator
from importlib.metadata import version

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.tables import tz_releases
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalogue
from tests.databases import new_database
from tests.fakes.clock import FrozenClock
from tests.http.steps import NOON, SEVEN_PM, Json, a_campaign, add_posts, calling, observed, over, problem

NOBODY_LISTENS = "postgresql://scheduler@127.0.0.1:1/scheduler"
NOW = "2027-03-01T12:00:00Z"
SOME_ID = "f54be6d1-02a6-4d36-9fd0-5b9e77d2a210"
A_BRAND = {"brand_name": "Northwind", "brand_default_timezone": "Europe/Berlin"}
A_CAMPAIGN = {"brand_id": SOME_ID, "name": "Spring", "start_date": "2027-03-15", "end_date": "2027-03-21"}
A_POST = {"title": "Meet", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}


@pytest.fixture
async def without_database(zones: ZoneCatalogue) -> AsyncGenerator[httpx2.AsyncClient]:
    async with (
        open_pool(NOBODY_LISTENS, size=2) as pool,
        calling(observed(over(pool, zones, FrozenClock(NOON)))) as caller,
    ):
        yield caller


async def test_the_root_names_the_service_and_every_endpoint(client: httpx2.AsyncClient, use_cases: UseCases) -> None:
    answer = await client.get("/")

    assert answer.status_code == 200
    body = answer.json()
    endpoints = body.pop("endpoints")
    assert body == {
        "service": "marketmind-scheduler",
        "version": version("marketmind-scheduler"),
        "status": "running",
    }
    paths = create_app(use_cases).openapi_schema.to_schema()["paths"]
    documented = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert set(endpoints) == {*documented, "GET /docs"}
    assert all(endpoints.values())


async def test_a_service_with_its_database_is_healthy(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/health")

    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "timestamp": NOW}


async def test_a_service_that_runs_is_alive(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "alive", "timestamp": NOW}


async def test_a_service_with_its_database_and_schema_is_ready(
    client: httpx2.AsyncClient, zones: ZoneCatalogue
) -> None:
    answer = await client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "timestamp": NOW,
        "checks": {"database": "ok", "schema": "ok", "time_zones": "ok"},
        "tz_release": zones.release,
    }


async def test_a_service_without_its_database_is_not_healthy(without_database: httpx2.AsyncClient) -> None:
    answer = await without_database.get("/health")

    problem(answer, 503, "storage_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_service_without_its_database_is_alive(without_database: httpx2.AsyncClient) -> None:
    answer = await without_database.get("/health/live")

    assert answer.status_code == 200


async def test_a_service_without_its_database_is_not_ready(
    without_database: httpx2.AsyncClient, zones: ZoneCatalogue
) -> None:
    answer = await without_database.get("/health/ready")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    body = answer.json()
    assert list(body.pop("checks")) == ["database"]
    assert body == {"status": "not ready", "timestamp": NOW, "tz_release": zones.release}


async def test_a_service_with_a_schema_of_another_version_is_not_ready(zones: ZoneCatalogue, worker_id: str) -> None:
    async with (
        new_database(f"test_{worker_id}_empty") as url,
        open_pool(url, size=2) as pool,
        calling(observed(over(pool, zones, FrozenClock(NOON)))) as caller,
    ):
        answer = await caller.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert "migrate" in answer.json()["checks"]["schema"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/brands", None),
        ("GET", f"/brands/{SOME_ID}", None),
        ("PUT", f"/brands/{SOME_ID}", A_BRAND),
        ("GET", "/campaigns", None),
        ("GET", f"/campaigns/{SOME_ID}", None),
        ("PUT", f"/campaigns/{SOME_ID}", A_CAMPAIGN),
        ("POST", f"/campaigns/{SOME_ID}/posts", {"posts": [{"post_id": SOME_ID, **A_POST}]}),
        ("GET", "/posts", None),
        ("GET", f"/posts/{SOME_ID}", None),
        ("PUT", f"/posts/{SOME_ID}", {"brand_id": SOME_ID, **A_POST}),
        ("GET", f"/schedule/post/{SOME_ID}", None),
        ("POST", f"/schedule/post/{SOME_ID}", {"timestamp": SEVEN_PM}),
        ("PUT", f"/schedule/post/{SOME_ID}", {"timestamp": SEVEN_PM}),
        ("DELETE", f"/schedule/post/{SOME_ID}", None),
        ("GET", f"/schedule/campaign/{SOME_ID}", None),
        ("POST", f"/schedule/campaign/{SOME_ID}", None),
        ("DELETE", f"/schedule/campaign/{SOME_ID}", None),
        ("GET", "/schedule", None),
    ],
)
async def test_without_a_database_a_caller_is_told_to_come_back(
    without_database: httpx2.AsyncClient, method: str, path: str, body: Json | None
) -> None:
    answer = await without_database.request(method, path, json=body)

    assert "again" in problem(answer, 503, "storage_unavailable")["detail"]
    assert int(answer.headers["retry-after"]) >= 1


async def test_with_older_zone_rules_than_others_have_used_no_wall_time_is_resolved(
    client: httpx2.AsyncClient, tables: AsyncEngine, zones: ZoneCatalogue
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 2)
    await client.post(f"/schedule/post/{post_ids[0]}", json={"timestamp": SEVEN_PM})
    async with tables.connect() as connection:
        await connection.execute(tz_releases.insert().values(tz_release="2999a", first_used_at=NOON))

    refused = [
        await client.post(f"/schedule/post/{post_ids[1]}", json={"timestamp": SEVEN_PM}),
        await client.put(f"/schedule/post/{post_ids[0]}", json={"timestamp": "2027-03-18T19:00:00"}),
        await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True}),
    ]
    readiness = await client.get("/health/ready")
    reading = await client.get(f"/schedule/post/{post_ids[0]}")
    instant = await client.post(f"/schedule/post/{post_ids[1]}", json={"timestamp": "2027-03-18T02:00:00Z"})

    for answer in refused:
        details = problem(answer, 503, "zone_rules_outdated")["details"]
        assert details == {"tz_release": zones.release, "newest_tz_release": "2999a"}
        assert int(answer.headers["retry-after"]) >= 1
    assert readiness.status_code == 503
    assert "2999a" in readiness.json()["checks"]["time_zones"]
    assert (reading.status_code, instant.status_code) == (200, 201)
