"""One client takes all that it can get, and the others are served: on real sockets, each kind of greed by itself."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from uuid import uuid4

import httpx2
import pytest

from marketmind_scheduler.domain.access import Scope
from tests.http.steps import problem
from tests.system.keys import a_key
from tests.system.servers import a_database, until
from tests.system.services import PARSERS, Service, serving
from tests.system.test_http_edge import memory_of

pytestmark = pytest.mark.timeout(120)

MOST, OF_A_PEER, REQUESTS, WAITS = 60, 40, 20, 10
SETTINGS = {
    "SCHEDULER_AUTH": "keys",
    "SCHEDULER_CONNECTIONS": str(MOST),
    "SCHEDULER_CONNECTIONS_PER_PEER": str(OF_A_PEER),
    "SCHEDULER_REQUESTS_AT_ONCE": str(REQUESTS),
    "SCHEDULER_WAITS_AT_ONCE": str(WAITS),
}
MB = 1024 * 1024
FOR_EVER = "/events?wait_seconds=30"


@pytest.fixture(scope="module", params=PARSERS)
def parser(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
async def database(parser: str) -> AsyncGenerator[str]:
    assert parser  # each has one of its own
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module")
async def service(database: str, parser: str) -> AsyncGenerator[Service]:
    async with serving(DATABASE_URL=database, SCHEDULER_HTTP_PARSER=parser, **SETTINGS) as serves:
        yield serves


@pytest.fixture(scope="module")
async def admin(service: Service, database: str) -> Mapping[str, str]:
    assert service  # which has made the tables
    return await a_key(database, "admin", Scope.ADMIN)


@pytest.fixture
async def client(service: Service, admin: Mapping[str, str]) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller who behaves."""
    async with service.client() as caller:
        caller.headers.update(admin)
        yield caller


@asynccontextmanager
async def silent(service: Service, number: int, *, saying: bytes = b"") -> AsyncGenerator[None]:
    """So many connections that say this much and no more; those that are closed are not opened anew."""
    async with AsyncExitStack() as opened:
        for _ in range(number):
            _, writer = await asyncio.open_connection("127.0.0.1", service.port)
            writer.write(saying)
            opened.callback(writer.close)
        yield


async def metric(client: httpx2.AsyncClient, name: str) -> float:
    """Its samples, added up."""
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


@pytest.mark.parametrize(
    "saying", [b"", b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow:"], ids=["nothing", "half a head"]
)
async def test_silent_connections_shut_nobody_out(service: Service, client: httpx2.AsyncClient, saying: bytes) -> None:
    assert (await client.get("/brands")).status_code == 200
    given_way = await metric(client, 'http_server_refusals_total{reason="gave_way"}')

    async with silent(service, 3 * MOST, saying=saying):
        for _ in range(5):
            assert (await client.get("/brands")).status_code == 200
        async with service.client() as stranger:
            assert (await stranger.get("/health/live")).status_code == 200
            problem(await stranger.get("/brands"), 401, "credentials_missing")
        assert await metric(client, "http_server_connections") <= OF_A_PEER
        assert await metric(client, 'http_server_refusals_total{reason="gave_way"}') - given_way >= 2 * MOST

    told = [line for line in service.logged("info") if line["event"] == "connection closed"]
    assert {line["why"] for line in told} == {"gave_way"}
    assert len(told) <= 5


async def test_who_waits_for_more_than_a_share_is_refused_and_others_are_served(
    service: Service, client: httpx2.AsyncClient, database: str
) -> None:
    greedy = await a_key(database, "greedy", Scope.EVENTS_READ)
    async with service.client() as reader:
        reader.headers.update(greedy)
        waiting = [asyncio.create_task(reader.get(FOR_EVER)) for _ in range(3 * WAITS)]
        refused = await _first(waiting, 2 * WAITS)

        assert await metric(client, "http_server_waits") == WAITS
        assert (await client.get("/brands")).status_code == 200
        assert (await reader.get("/events")).status_code == 200

        for answer in refused:
            assert problem(answer, 429, "too_many_at_once")["details"] == {"most": WAITS}
            assert int(answer.headers["retry-after"]) >= 1
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

        async def is_free_again() -> bool:
            return not await metric(client, "http_server_waits")

        await until(is_free_again)


async def _first(tasks: Sequence[asyncio.Task[httpx2.Response]], number: int) -> list[httpx2.Response]:
    """The first so many of them that are answered."""
    answered = asyncio.as_completed(tasks)
    return [await next(answered) for _ in range(number)]


async def test_where_every_connection_is_busy_health_and_who_is_known_are_answered_all_the_same(
    service: Service, client: httpx2.AsyncClient, database: str
) -> None:
    assert (await client.get("/brands")).status_code == 200
    keys = [await a_key(database, f"reader {nth}", Scope.EVENTS_READ) for nth in range(4)]
    async with service.client() as reader, service.client() as stranger:
        waiting = [asyncio.create_task(reader.get(FOR_EVER, headers=key)) for key in keys for _ in range(WAITS)]

        async def are_waiting() -> bool:
            return await metric(client, "http_server_waits") >= OF_A_PEER - 10

        await until(are_waiting)
        probes = [await stranger.get("/health/live") for _ in range(10)]
        known = [await client.get("/brands") for _ in range(10)]
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert {probe.status_code for probe in probes} == {200}
    assert {answer.status_code for answer in known} == {200}


async def test_a_request_beyond_all_shares_is_told_to_come_back_with_all_that_an_answer_has(database: str) -> None:
    few = {"SCHEDULER_CONNECTIONS": "10", "SCHEDULER_CONNECTIONS_PER_PEER": "10", "SCHEDULER_WAITS_AT_ONCE": "100"}
    async with serving(DATABASE_URL=database, **few) as service, service.client() as reader:
        waiting = [asyncio.create_task(reader.get(FOR_EVER)) for _ in range(5)]
        bodies = silent(
            service,
            5,
            saying=b"PUT /brands/b0000000-0000-4000-8000-000000000000 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        )
        async with bodies, service.client() as stranger:

            async def is_full() -> bool:
                return (await stranger.get("/problems")).status_code == 503

            await until(is_full)
            refused = await stranger.get("/problems")
            alive = await stranger.get("/health/live")
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        shown = (await reader.get("/metrics")).text

    problem(refused, 503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-request-id"]
    assert refused.headers["connection"] == "close"
    assert alive.status_code == 200
    assert 'http_server_refusals_total{reason="overloaded"}' in shown
    assert [line for line in service.logged("info") if line.get("code") == "overloaded"]


async def test_large_bodies_are_held_a_few_at_a_time_and_not_by_connections_that_rest(
    service: Service, client: httpx2.AsyncClient
) -> None:
    body = b"[" + b"[[]]," * (8 * MB // 5 - 10) + b"0]"
    path = "/campaigns/b0000000-0000-4000-8000-000000000000/posts"

    async def send() -> int:
        headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
        return (await client.post(path, content=body, headers=headers)).status_code

    async with memory_of(service) as more_bytes:
        statuses = await asyncio.gather(*(send() for _ in range(REQUESTS)))

    assert set(statuses) <= {400, 503}
    assert more_bytes[0] < 100 * MB


@pytest.mark.slow
async def test_answers_that_are_not_taken_are_cut_off_and_no_fault_of_the_service(
    service: Service, client: httpx2.AsyncClient
) -> None:
    cut_off = 'http_server_refusals_total{reason="answer_not_taken"}'
    with ExitStack() as opened:
        for _ in range(5):
            reader = opened.enter_context(closing(socket.socket()))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.setblocking(False)  # noqa: FBT003
            await asyncio.get_running_loop().sock_connect(reader, ("127.0.0.1", service.port))
            reader.send(10 * b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n")

        async def are_cut_off() -> bool:
            return await metric(client, cut_off) == 5

        await until(are_cut_off, seconds=15)

    assert service.logged("error") == []
