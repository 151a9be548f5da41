"""A server whose commits wait for a standby that is away: no writes, and everything else goes on."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import pytest

from tests.http.steps import a_post
from tests.system.calls import schedule_post
from tests.system.servers import OwnServer, Sql, connected, own_server, until
from tests.system.services import Service, serving

pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]

POOL_SIZE = 2
PROMISED = 2 * POOL_SIZE + 4
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'marketmind-scheduler'"
STANDBYS = "ALTER SYSTEM SET synchronous_standby_names = '{}'"


@pytest.fixture
def server() -> Generator[OwnServer]:
    with own_server() as own:
        yield own


@pytest.fixture
async def owner(server: OwnServer) -> AsyncGenerator[Sql]:
    async with connected(server.url) as sql:
        yield sql


@pytest.fixture
async def service(server: OwnServer) -> AsyncGenerator[Service]:
    async with serving(DATABASE_URL=server.url, SCHEDULER_POOL_SIZE=str(POOL_SIZE)) as serves:
        yield serves


async def stand_by(owner: Sql, names: str) -> None:
    await owner.execute(STANDBYS.format(names))
    await owner.execute("SELECT pg_reload_conf()")


async def test_a_process_keeps_within_its_connections_and_is_not_ready_while_no_commit_ends(
    server: OwnServer, owner: Sql, service: Service
) -> None:
    most, is_over = 0, asyncio.Event()

    async def watch() -> None:
        nonlocal most
        async with connected(server.url) as watching:
            while not is_over.is_set():
                most = max(most, await watching.fetchval(BACKENDS))
                await asyncio.sleep(0.05)

    async with service.client() as client:
        post_ids = [await a_post(client) for _ in range(10)]
        await stand_by(owner, "nobody")
        watching = asyncio.create_task(watch())
        refused = [await schedule_post(client, post_id) for post_id in post_ids]
        ready, reading = await client.get("/health/ready"), await client.get("/schedule")
        is_over.set()
        await watching
        await stand_by(owner, "")

        async def is_ready() -> bool:
            return (await client.get("/health/ready")).status_code == 200

        await until(is_ready, seconds=20)
        well = [await schedule_post(client, post_id) for post_id in post_ids]

    assert {answer.status_code for answer in refused} == {503}
    assert most <= PROMISED
    assert (ready.status_code, reading.status_code) == (503, 200)
    assert "takes no writes" in ready.json()["checks"]["database"]
    assert {answer.status_code for answer in well} <= {200, 201}
