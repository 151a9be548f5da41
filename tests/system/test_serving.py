"""The service as a person starts it: what it says, what it keeps, and how it ends."""

import asyncio
import re
import signal
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psutil
import pytest

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.demo import DEMO_CAMPAIGN
from tests.system.servers import a_database, connected
from tests.system.services import Service, a_home, serving, started, started_anew

pytestmark = pytest.mark.timeout(120)

DEMO_POST = UUID("33333333-3333-3333-3333-333333333333")
BRAND = "/brands/b0000000-0000-4000-8000-000000000000"
BRAND_BODY = {"brand_name": "Northwind Tea", "brand_default_timezone": "Europe/London"}
END_SECONDS = 5
HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: "
HALF_A_BODY = (
    f"PUT {BRAND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
).encode()
SHIFT_DAYS = """
UPDATE campaigns SET start_date = start_date - $2::int, end_date = end_date - $2::int WHERE campaign_id = $1
"""
DEMO_ROWS = "SELECT * FROM campaigns JOIN posts USING (campaign_id) JOIN schedules USING (post_id)"
WHOLE = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def home() -> Generator[Path]:
    """Where the data of all these starts is kept."""
    with a_home() as directory:
        yield directory


def database_processes(service: Service) -> list[psutil.Process]:
    children = psutil.Process(service.process.pid).children(recursive=True)
    assert any("postgres" in child.name() for child in children)
    return children


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=0)[1]


async def ended_by(service: Service, how: signal.Signals) -> tuple[int, float]:
    """The exit code, and how many seconds it took."""
    began = time.monotonic()
    code = await service.stop(how)
    return code, time.monotonic() - began


@asynccontextmanager
async def connection_with(service: Service, sent: bytes) -> AsyncGenerator[None]:
    """A client that sends this, reads the answer if there will be one, and then does nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(sent)
    await writer.drain()
    if sent == WHOLE:
        await reader.readuntil(b"\r\n\r\n")
    yield
    writer.close()


async def test_it_says_where_everything_is(home: Path) -> None:
    async with serving(SCHEDULER_DATA_DIR=str(home), SCHEDULER_LOG_FORMAT="console") as service:
        output = service.output()
        said = dict(re.findall(r"^  (API|Explorer|Health|Publishing|Try it) +(.+)$", output, re.MULTILINE))

        assert said["API"] == service.url
        assert said["Publishing"].startswith("nothing is posted: SCHEDULER_PUBLISHER=dry_run")
        async with service.client() as client:
            explorer = await client.get(said["Explorer"])
            health = await client.get(said["Health"])

    assert explorer.status_code == 200
    assert "swagger-ui" in explorer.text
    assert health.json()["status"] == "healthy"


async def test_the_curl_that_it_prints_works_as_pasted(home: Path) -> None:
    async with serving(SCHEDULER_DATA_DIR=str(home), SCHEDULER_LOG_FORMAT="console") as service:
        [pasted] = re.findall(r"curl .+", service.output())
        shell = await asyncio.create_subprocess_shell(f"{pasted} --silent --show-error", stdout=subprocess.PIPE)
        answer, _ = await shell.communicate()

    assert shell.returncode == 0
    assert f'"campaign_id":"{DEMO_CAMPAIGN}"' in answer.decode()
    assert answer.count(b'"status":"PENDING"') == 3


async def test_where_callers_need_a_key_the_curl_that_it_prints_sends_one(home: Path) -> None:
    settings = {"SCHEDULER_AUTH": "keys", "SCHEDULER_LOG_FORMAT": "console"}
    async with serving(SCHEDULER_DATA_DIR=str(home), **settings) as service:
        [pasted] = re.findall(r"curl .+", service.output())

    assert pasted.endswith('-H "authorization: Bearer $KEY"')


async def test_a_second_start_answers_for_four_seconds_of_the_processor_with_the_data_of_the_first(home: Path) -> None:
    async with serving(SCHEDULER_DATA_DIR=str(home)) as first, first.client() as client:
        registered = (await client.put(BRAND, json=BRAND_BODY)).json()
        await first.stop()

    async with started_anew(SCHEDULER_DATA_DIR=str(home)) as second, second.client() as client:
        await second.until_healthy(seconds=10)
        used = psutil.Process(second.process.pid).cpu_times()
        assert used.user + used.system < 4
        assert (await client.get(BRAND)).json() == registered


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_and_its_database(home: Path, how: signal.Signals) -> None:
    async with serving(SCHEDULER_DATA_DIR=str(home)) as service:
        database = database_processes(service)

        code, seconds = await ended_by(service, how)

    assert code == 0
    assert seconds < END_SECONDS
    assert alive(database) == []
    assert service.logged("error") == []


@pytest.mark.slow
async def test_clients_who_linger_do_not_keep_it_up(home: Path) -> None:
    async with (
        serving(SCHEDULER_DATA_DIR=str(home)) as service,
        connection_with(service, HALF_A_HEAD),
        connection_with(service, HALF_A_BODY),
        connection_with(service, WHOLE),
    ):
        database = database_processes(service)

        code, seconds = await ended_by(service, signal.SIGTERM)

    assert code == 0
    assert seconds < END_SECONDS
    assert alive(database) == []


async def test_after_kill_9_no_database_is_left_behind_and_the_next_start_works(home: Path) -> None:
    async with serving(SCHEDULER_DATA_DIR=str(home)) as killed, killed.client() as client:
        registered = (await client.put(BRAND, json=BRAND_BODY)).json()
        database = database_processes(killed)
        await killed.stop(signal.SIGKILL)

    _, left = psutil.wait_procs(database, timeout=10)
    assert left == []
    async with serving(SCHEDULER_DATA_DIR=str(home)) as next_one, next_one.client() as client:
        assert (await client.get(BRAND)).json() == registered


async def test_a_taken_port_is_told_in_one_message(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with started(SCHEDULER_DATA_DIR=str(home), SCHEDULER_PORT=str(port)) as service:
            assert await service.process.wait() == 1

    output = " ".join(re.sub(r"[^\w.:;_ ]", " ", service.output()).split())
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; set SCHEDULER_PORT" in output
    assert "Traceback" not in output


async def test_a_reset_on_start_clears_everything_and_says_so() -> None:
    async with a_database() as url:
        async with serving(DATABASE_URL=url, SCHEDULER_DEMO_DATA="true") as first, first.client() as client:
            await client.put(BRAND, json=BRAND_BODY)
            await client.post(f"/schedule/campaign/{DEMO_CAMPAIGN}")
            await first.stop()

        settings = {"DATABASE_URL": url, "SCHEDULER_DEMO_DATA": "true", "SCHEDULER_RESET_ON_START": "true"}
        async with serving(**settings) as second, second.client() as client:
            brand = await client.get(BRAND)
            brands = (await client.get("/brands")).json()["items"]
            schedules = (await client.get("/schedule")).json()["items"]

    assert brand.status_code == 404
    assert len(brands) == 2, "the demo brands are loaded anew"
    assert schedules == []
    assert ["SCHEDULER_RESET_ON_START" in line["event"] for line in second.logged("warning")].count(True) == 1


async def test_a_demo_campaign_whose_days_are_over_is_renewed_at_start() -> None:
    async with a_database() as url:
        async with serving(DATABASE_URL=url, SCHEDULER_DEMO_DATA="true") as first, first.client() as client:
            answer = await client.post(f"/schedule/campaign/{DEMO_CAMPAIGN}")
            assert answer.status_code == 201, answer.text
            await first.stop()
        async with connected(url) as sql:
            await sql.execute(SHIFT_DAYS, DEMO_CAMPAIGN, 30)
            for table in ("queue", "schedules"):
                await sql.execute(f"UPDATE {table} SET publish_time = publish_time - interval '30 days'")  # noqa: S608
            assert await sql.fetchval("SELECT count(*) FROM schedules WHERE status = 'PENDING'") == 3

        async with serving(DATABASE_URL=url, SCHEDULER_DEMO_DATA="true") as second, second.client() as client:
            today = SystemClock().now().astimezone(ZoneInfo("America/Los_Angeles")).date()
            campaign = (await client.get(f"/campaigns/{DEMO_CAMPAIGN}")).json()
            answer = await client.post(f"/schedule/campaign/{DEMO_CAMPAIGN}")

    assert campaign["start_date"] == str(today)
    assert campaign["end_date"] == str(today + timedelta(days=6))
    assert answer.status_code == 201, answer.text
    assert any("renewing" in line["event"] for line in second.logged("info"))


async def test_a_demo_campaign_that_has_schedules_ahead_is_left_alone() -> None:
    tomorrow = (SystemClock().now() + timedelta(days=1)).isoformat()
    async with a_database() as url:
        settings = {"DATABASE_URL": url, "SCHEDULER_DEMO_DATA": "true", "SCHEDULER_DISPATCH": "off"}
        async with serving(**settings) as first, first.client() as client:
            answer = await client.post(f"/schedule/post/{DEMO_POST}", json={"timestamp": tomorrow, "timezone": "UTC"})
            assert answer.status_code == 201, answer.text
            await first.stop()
        async with connected(url) as sql:
            await sql.execute(SHIFT_DAYS, DEMO_CAMPAIGN, 5)
            before = await sql.fetch(DEMO_ROWS)

        async with serving(**settings), connected(url) as sql:
            after = await sql.fetch(DEMO_ROWS)

    assert len(before) == 1
    assert after == before
