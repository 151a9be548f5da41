"""What the service says while its database cannot be used, or has the schema of another version."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.databases import new_database
from tests.fakes.clock import FrozenClock
from tests.http.postgres.given import over
from tests.http.steps import NOON, SEVEN_PM, Json, calling, observed, problem
from tests.loops import on_each

NOBODY_LISTENS = "postgresql://scheduler@127.0.0.1:1/scheduler"
NOW = "2027-03-01T12:00:00Z"
SOME_ID = "f54be6d1-02a6-4d36-9fd0-5b9e77d2a210"
A_BRAND = {"brand_name": "Northwind", "brand_default_timezone": "Europe/Berlin"}
A_CAMPAIGN = {"brand_id": SOME_ID, "name": "Spring", "start_date": "2027-03-15", "end_date": "2027-03-21"}
A_POST = {"title": "Meet", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}


@pytest.fixture
async def without_database(zones: ZoneCatalog) -> AsyncGenerator[httpx2.AsyncClient]:
    async with (
        open_pool(NOBODY_LISTENS, size=2) as pool,
        calling(observed(over(pool, zones, FrozenClock(NOON)))) as caller,
    ):
        yield caller


async def test_a_service_without_its_database_is_not_healthy(without_database: httpx2.AsyncClient) -> None:
    answer = await without_database.get("/health")

    problem(answer, 503, "storage_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_service_without_its_database_is_alive(without_database: httpx2.AsyncClient) -> None:
    answer = await without_database.get("/health/live")

    assert answer.status_code == 200


async def test_a_service_without_its_database_is_not_ready(
    without_database: httpx2.AsyncClient, zones: ZoneCatalog
) -> None:
    answer = await without_database.get("/health/ready")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    body = answer.json()
    assert list(body.pop("checks")) == ["database"]
    assert {name: body[name] for name in ("status", "timestamp", "tz_release")} == {
        "status": "not ready",
        "timestamp": NOW,
        "tz_release": zones.release,
    }


async def test_a_service_with_a_schema_of_another_version_is_not_ready(zones: ZoneCatalog, worker_id: str) -> None:
    async with (
        new_database(f"test_{worker_id}_empty") as url,
        open_pool(url, size=2) as pool,
        calling(observed(over(pool, zones, FrozenClock(NOON)))) as caller,
    ):
        answer = await caller.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert "migrate" in answer.json()["checks"]["schema"]


@on_each(
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
