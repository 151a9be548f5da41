"""Publishing by real processes: inside the API, or by dispatchers beside it; and what they say when they cannot."""

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from marketmind_scheduler.adapters.system_clock import SystemClock
from tests.http import steps
from tests.http.steps import Json
from tests.system.servers import a_database, until, until_active
from tests.system.services import Service, free_port, serving, started

pytestmark = pytest.mark.timeout(60)

PUBLISHED_SECONDS = 3
END_SECONDS = 5


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module")
async def api(database: str) -> AsyncGenerator[Service]:
    """The API without a dispatcher inside."""
    async with serving(DATABASE_URL=database, SCHEDULER_DISPATCH="off") as service:
        yield service


@asynccontextmanager
async def dispatching(database: str, **settings: str) -> AsyncGenerator[Service]:
    """A dispatcher of its own that has begun to work."""
    async with started("dispatch", DATABASE_URL=database, **settings) as dispatcher:
        await until_said(dispatcher, "dispatching")
        yield dispatcher


async def until_said(service: Service, event: str) -> None:
    """Return when it has logged that, and fail when it ends before."""

    async def has_said() -> bool:
        assert service.process.returncode is None, service.output()
        return event in said(service)

    await until(has_said)


def said(service: Service) -> list[str]:
    return [line["event"] for line in lines(service)]


def lines(service: Service) -> list[dict[str, Any]]:
    """All that it has logged."""
    return service.logged("info")


async def test_a_dispatcher_loads_neither_what_serves_http_nor_what_migrates(api: Service, database: str) -> None:
    del api  # it has migrated
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "marketmind_scheduler", "dispatch"),
        env={"DATABASE_URL": database},
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if b"dispatching" in line:
            process.terminate()
    _, imported = await process.communicate()

    modules = {line.rpartition("|")[2].strip() for line in imported.decode().splitlines()}
    assert "asyncpg" in modules
    assert modules & {"litestar", "uvicorn", "sqlalchemy", "alembic", "cryptography", "numpy"} == set()


async def a_post_for_now(client: httpx2.AsyncClient) -> Json:
    return await steps.scheduled(client, await steps.a_post(client), SystemClock().now())


async def until_published(client: httpx2.AsyncClient, schedule: Json) -> None:
    async def is_published() -> bool:
        return (await steps.record(client, schedule))["status"] == "COMPLETED"

    await until(is_published, seconds=PUBLISHED_SECONDS)


async def test_the_service_publishes_by_itself_what_is_scheduled_for_now(database: str) -> None:
    async with serving(DATABASE_URL=database) as service, service.client() as client:
        schedule = await a_post_for_now(client)

        await until_published(client, schedule)

        found = await steps.record(client, schedule)
        assert (found["external_id"], found["dry_run"]) == (f"dry-run-{schedule['schedule_id']}", True)
        assert [attempt["verdict"] for attempt in found["attempts"]] == ["accepted"]


async def test_with_dispatch_off_the_service_leaves_it_to_a_dispatcher_beside_it(api: Service, database: str) -> None:
    async with api.client() as client, dispatching(database) as dispatcher:
        schedule = await a_post_for_now(client)

        await until_published(client, schedule)
        await dispatcher.stop()

    [published] = [line for line in lines(dispatcher) if line["event"] == "would have been posted"]
    assert published["schedule_id"] == schedule["schedule_id"]
    assert "would have been posted" not in said(api)
    assert [line.get("completed") for line in lines(dispatcher) if line["event"] == "progress"] == [1]


async def test_a_dry_run_is_said_aloud_when_a_process_starts(api: Service, database: str) -> None:
    async with dispatching(database) as dispatcher:
        await dispatcher.stop()

    for service in (api, dispatcher):
        warned = [line for line in service.logged("warning") if line.get("publisher") == "dry_run"]
        assert [line["event"].partition(":")[0] for line in warned] == ["nothing is posted"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_dispatcher_in_order(database: str, how: signal.Signals) -> None:
    async with dispatching(database) as dispatcher:
        code = await dispatcher.stop(how, seconds=END_SECONDS)

    assert code == 0, dispatcher.output()
    assert said(dispatcher)[-1] == "stopped"
    assert dispatcher.logged("error") == []


async def test_a_dispatcher_shows_its_metrics_and_health_and_nothing_else(api: Service, database: str) -> None:
    port = free_port()
    settings = {"SCHEDULER_METRICS_PORT": str(port), "SCHEDULER_PLATFORMS": "TWITTER"}
    async with (
        api.client() as client,
        dispatching(database, **settings) as dispatcher,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as monitoring,
    ):
        await until_published(client, await a_post_for_now(client))

        health = await monitoring.get("/health/ready")
        metrics = await monitoring.get("/metrics")
        elsewhere = await monitoring.get("/brands")
        code = await dispatcher.stop(seconds=END_SECONDS)

    assert (health.status_code, health.json()["status"]) == (200, "ready")
    shown = {family.name: family for family in text_string_to_metric_families(metrics.text)}
    assert {"process_resident_memory_bytes", "python_info", "python_gc_collections"} <= set(shown)
    [build] = shown["marketmind_scheduler_build_info"].samples
    assert build.labels == {"version": version("marketmind-scheduler"), "tz_release": health.json()["tz_release"]}
    pools = shown["marketmind_scheduler_pool_connections_max"].samples
    assert {sample.labels["pool"] for sample in pools} == {"requests", "keyed_requests", "dispatch"}
    assert 'marketmind_scheduler_verdicts_total{platform="TWITTER",verdict="accepted"} 1.0' in metrics.text.splitlines()
    steps.problem(elsewhere, 404, "no_such_route")
    assert (code, said(dispatcher)[-1]) == (0, "stopped")


async def test_a_platform_that_is_not_published_here_waits_for_another_dispatcher(api: Service, database: str) -> None:
    async with api.client() as client, dispatching(database, SCHEDULER_PLATFORMS="REDDIT, TIKTOK") as dispatcher:
        waiting = await a_post_for_now(client)
        clip = await steps.scheduled(client, await steps.a_post(client, platform="TIKTOK"), SystemClock().now())

        await until_published(client, clip)
        await dispatcher.stop()
        await steps.in_status(client, waiting, "PENDING")


async def test_readers_who_wait_for_events_do_not_keep_the_service_up() -> None:
    async with a_database() as url, serving(DATABASE_URL=url) as service, service.client() as client:
        query = {"after": 0, "wait_seconds": 30}
        waiting = [asyncio.create_task(client.get("/events", params=query)) for _ in range(5)]
        await until_active(client, requests=6)

        code = await service.stop(seconds=END_SECONDS)
        answers = await asyncio.gather(*waiting)

    assert code == 0
    assert [answer.json() for answer in answers] == [answers[0].json() | {"events": [], "next_after": 0}] * 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SCHEDULER_PUBLISHER": "pigeon"}, "SCHEDULER_PUBLISHER=pigeon: it takes one of dry_run, webhook"),
        ({"SCHEDULER_PLATFORMS": "TWITTER,MYSPACE"}, "'MYSPACE' is no platform; it takes some of TWITTER, YOUTUBE, "),
        ({"SCHEDULER_PUBLISHER": "webhook"}, "needs SCHEDULER_WEBHOOKS, the path of a TOML file with the receivers"),
        ({"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": "nowhere.toml"}, "nowhere.toml"),
    ],
)
async def test_a_wrong_setting_ends_a_dispatcher_with_one_message_that_helps(
    database: str, settings: dict[str, str], message: str
) -> None:
    async with started("dispatch", DATABASE_URL=database, **settings) as dispatcher:
        assert await dispatcher.process.wait() == 1

    assert message in unframed(dispatcher.output())
    assert "Traceback" not in dispatcher.output()


async def test_a_taken_metrics_port_is_told_in_one_message(api: Service, database: str) -> None:
    async with started("dispatch", DATABASE_URL=database, SCHEDULER_METRICS_PORT=str(api.port)) as dispatcher:
        assert await dispatcher.process.wait() == 1

    told = unframed(dispatcher.output())
    assert f"cannot listen on 127.0.0.1:{api.port}: Address already in use; set SCHEDULER_METRICS_PORT" in told
    assert "Traceback" not in told


async def test_status_prints_how_the_queue_stands(api: Service, database: str) -> None:
    async with api.client() as client:
        await steps.scheduled(client, await steps.a_post(client, platform="LINKEDIN"), SystemClock().now())

    async with started("status", DATABASE_URL=database) as asked:
        assert await asked.process.wait() == 0, asked.output()

    printed = asked.output()
    assert "\x1b" not in printed
    assert "nothing is posted: SCHEDULER_PUBLISHER=dry_run" in " ".join(printed.split())
    [linkedin] = re.findall(r"^ *LINKEDIN +(\d+) +(\d+) .* ago *$", printed, re.MULTILINE)
    assert linkedin == ("1", "1")
    assert max(map(len, printed.splitlines())) <= 80


async def test_status_names_the_posts_that_go_out_next_held_ones_apart(database: str, api: Service) -> None:
    async with api.client() as client:
        in_an_hour = SystemClock().now() + timedelta(hours=1)
        waiting = await steps.scheduled(client, await steps.a_post(client, platform="YOUTUBE"), in_an_hour)
        held = await steps.scheduled(client, await steps.a_post(client, platform="YOUTUBE"), in_an_hour)
        await client.post(f"/brands/{held['brand_id']}/pause")

    async with started("status", "--json", DATABASE_URL=database) as asked:
        assert await asked.process.wait() == 0, asked.output()

    shown = json.loads(asked.output())
    ids = [post["schedule_id"] for post in shown["next_posts"]]
    assert (waiting["schedule_id"] in ids, held["schedule_id"] in ids) == (True, False)
    assert {post["title"] for post in shown["next_posts"]} == {"Meet the new line"}
    assert [post["due_in_seconds"] for post in shown["next_posts"]] == sorted(
        post["due_in_seconds"] for post in shown["next_posts"]
    )


async def test_status_says_when_the_database_has_not_the_schema_of_this_version() -> None:
    async with a_database() as url, started("status", DATABASE_URL=url) as asked:
        assert await asked.process.wait() == 1

    assert "Traceback" not in asked.output()
    assert "schema" in unframed(asked.output())


def unframed(output: str) -> str:
    """A message as it was before it was put into a frame."""
    return " ".join(re.sub(r"[╭─╮│╰╯]", " ", output).split())
