"""Several processes answer at one port as if they were one."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence

import httpx2
import psutil
import pytest

from marketmind_scheduler.entrypoints.processes.workers import tell
from tests.http.steps import new_id
from tests.system.servers import a_database, until
from tests.system.services import Service, a_home, serving, started

pytestmark = pytest.mark.timeout(120)

WORKERS = 3
BRAND = {"brand_name": "Northwind Tea", "brand_default_timezone": "Europe/London"}
BROKEN = 'marketmind_scheduler_parts_broken_total{part="worker"}'


@pytest.fixture
async def service() -> AsyncGenerator[Service]:
    async with a_database() as database, serving(DATABASE_URL=database, SCHEDULER_WORKERS=str(WORKERS)) as serves:
        await until_all_answer(serves)
        yield serves


def workers_of(service: Service) -> Sequence[psutil.Process]:
    children = psutil.Process(service.process.pid).children()
    return [each for each in children if "marketmind_scheduler.entrypoints.commands.worker" in each.cmdline()]


async def samples(service: Service) -> dict[str, float]:
    """Of a connection of its own, so that any of them may answer."""
    async with service.client() as client:
        lines = (await client.get("/metrics")).text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


async def pools(service: Service) -> float:
    return (await samples(service))['marketmind_scheduler_pool_connections_max{pool="requests"}']


async def until_all_answer(service: Service, *, workers: int = WORKERS) -> None:
    async def do_all() -> bool:
        return await pools(service) == 10 * workers

    await until(do_all, seconds=30)


async def put_brand(service: Service) -> int:
    async with service.client() as client:
        return (await client.put(f"/brands/{new_id()}", json=BRAND)).status_code


def put_brands(shown: dict[str, float]) -> float:
    count = "http_server_request_duration_seconds_count{"
    return sum(value for name, value in shown.items() if name.startswith(count) and '_method="PUT"' in name)


async def test_all_of_them_answer_and_each_tells_what_all_have_measured(service: Service) -> None:
    statuses = await asyncio.gather(*(put_brand(service) for _ in range(60)))
    shown = [await samples(service) for _ in range(10)]

    assert set(statuses) == {201}
    assert {put_brands(each) for each in shown} == {60}
    assert len(workers_of(service)) == WORKERS - 1
    assert service.logged("error") == []


async def test_one_that_dies_is_replaced_counted_and_missed_by_nobody(service: Service) -> None:
    await asyncio.gather(*(put_brand(service) for _ in range(30)))
    before = await samples(service)
    [killed, *_] = workers_of(service)

    killed.kill()
    statuses = [await put_brand(service) for _ in range(10)]
    await until_all_answer(service)
    after = await samples(service)

    assert set(statuses) == {201}
    assert (put_brands(before), put_brands(after)) == (30, 40)
    assert (before.get(BROKEN, 0), after[BROKEN]) == (0, 1)
    assert killed.pid not in {each.pid for each in workers_of(service)}
    [told] = service.logged("error")
    assert (told["event"], told["part"]) == ("a part of the service broke; it is started again", "worker")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_the_first_ends_all_in_order(service: Service, how: signal.Signals) -> None:
    workers = workers_of(service)
    async with service.client() as client:
        waiting = [asyncio.create_task(client.get("/events?wait_seconds=20")) for _ in range(10)]

        async def all_wait() -> bool:
            return (await samples(service))["http_server_waits"] == 10

        await until(all_wait)
        code = await service.stop(how)
        answers = await asyncio.gather(*waiting)

    assert code == 0
    assert {answer.status_code for answer in answers} == {200}
    assert not [each for each in workers if each.is_running()]


async def test_one_that_has_ended_by_itself_may_be_told_to_end() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()

    for how in (signal.SIGTERM, signal.SIGKILL):
        tell(process, how)

    assert process.returncode == 0


async def test_they_end_with_a_first_one_that_is_killed(service: Service) -> None:
    workers = workers_of(service)
    service.process.kill()

    async def are_gone() -> bool:
        return not [each for each in workers if each.is_running()]

    await until(are_gone)


async def test_all_of_them_use_the_one_embedded_server() -> None:
    with a_home() as home:
        async with serving(SCHEDULER_DATA_DIR=str(home), SCHEDULER_WORKERS="2") as service:
            await until_all_answer(service, workers=2)
            statuses = await asyncio.gather(*(put_brand(service) for _ in range(20)))
            servers = [each for each in psutil.Process(service.process.pid).children() if "postgres" in each.name()]
            code = await service.stop()

    assert set(statuses) == {201}
    assert len(servers) == 1
    assert code == 0


async def test_what_is_no_number_of_workers_is_refused_in_words() -> None:
    async with a_database() as database:
        for wrong in ("0", "65", "two", "-1"):
            async with started(DATABASE_URL=database, SCHEDULER_WORKERS=wrong) as service:
                code = await service.process.wait()

                assert code == 1
                assert "it takes a whole number from 1 to 64, or auto" in service.output().replace("\n", " ")


async def test_health_is_answered_by_whichever_has_the_connection(service: Service) -> None:
    async def healthy(path: str) -> int:
        async with httpx2.AsyncClient(base_url=service.url, trust_env=False) as client:
            return (await client.get(path)).status_code

    statuses = await asyncio.gather(*(healthy(path) for path in ("/health", "/health/live", "/health/ready") * 10))

    assert set(statuses) == {200}
