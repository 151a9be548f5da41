"""What the service says about itself."""

from importlib.metadata import version

import httpx2

from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import NOON, SEVEN_PM, a_campaign, add_posts, document, problem

NOW = "2027-03-01T12:00:00Z"


async def test_the_root_names_the_service_and_every_endpoint(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/")

    assert answer.status_code == 200
    body = answer.json()
    endpoints = body.pop("endpoints")
    assert body == {
        "service": "marketmind-scheduler",
        "version": version("marketmind-scheduler"),
        "status": "running",
        "publisher": "dry_run",
        "publishing": "nothing is posted: SCHEDULER_PUBLISHER=dry_run logs what is due and calls it published",
    }
    documented = {f"{method.upper()} {path}" for path, item in document()["paths"].items() for method in item}
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


async def test_a_service_with_its_database_and_schema_is_ready(client: httpx2.AsyncClient, zones: ZoneCatalog) -> None:
    answer = await client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "timestamp": NOW,
        "checks": {"database": "ok", "schema": "ok", "time_zones": "ok"},
        "tz_release": zones.release,
        "publisher": "dry_run",
        "publishing": "nothing is posted: SCHEDULER_PUBLISHER=dry_run logs what is due and calls it published",
    }


async def test_with_older_zone_rules_than_others_have_used_no_wall_time_is_resolved(
    client: httpx2.AsyncClient, storage: InMemoryStorage, zones: ZoneCatalog
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 2)
    await client.post(f"/schedule/post/{post_ids[0]}", json={"timestamp": SEVEN_PM})
    async with storage.unit_of_work() as work:
        await work.tz_releases.add("2999a", now=NOON)
        await work.commit()

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
    assert (readiness.status_code, readiness.json()["status"]) == (200, "ready")
    assert "2999a" in readiness.json()["checks"]["time_zones"]
    assert (reading.status_code, instant.status_code) == (200, 201)
