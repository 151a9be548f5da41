"""Clients who are slow, huge, ambiguous or broken, on raw sockets: refused in time, while others are served."""

import asyncio
import itertools
import json
import random
import socket
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any

import httpx2
import psutil
import pytest

from tests.http.steps import a_brand, a_campaign, a_post_body
from tests.system.servers import BACKENDS, a_database, connected, until, until_active
from tests.system.services import PARSERS, Service, serving

pytestmark = pytest.mark.timeout(120)

LIMIT_SECONDS = 10
SOON_SECONDS = 2
END_SECONDS = 6
LEAVING = 300
POOLS = 10 + 4
MB = 1024 * 1024
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
A_BRAND = "/brands/b0000000-0000-4000-8000-000000000000"
SLOW_HEAD = GET + b"X-Slow: " + b"x" * 100
SMALL = b"Content-Length: 2\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def put(path: str) -> bytes:
    """The beginning of a head; what says how long the body is comes next."""
    return f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()


PUT = put(A_BRAND)


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module", params=PARSERS)
async def service(database: str, request: pytest.FixtureRequest) -> AsyncGenerator[Service]:
    async with serving(DATABASE_URL=database, SCHEDULER_HTTP_PARSER=request.param) as serves:
        yield serves


@pytest.fixture
async def client(service: Service) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller who behaves."""
    async with service.client() as caller:
        yield caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back until the server closed the connection, and when that was."""

    received: bytes
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """Of every answer, in order."""
        lines = self.received.split(b"HTTP/1.1 ")[1:]
        return [int(line[:3]) for line in lines]

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.received.rpartition(b"\r\n\r\n")[2])


async def reply_to(
    service: Service, sent: Iterable[bytes], *, pause: float = 0, seconds: float = LIMIT_SECONDS + SOON_SECONDS
) -> Reply:
    """Send the pieces while the server takes them; read until it closes, which it must within the time."""
    loop = asyncio.get_running_loop()
    with closing(socket.socket()) as connection:
        connection.setblocking(False)  # noqa: FBT003
        await loop.sock_connect(connection, ("127.0.0.1", service.port))
        began = time.monotonic()
        sending = asyncio.create_task(_send(connection, sent, pause))
        try:
            async with asyncio.timeout(seconds):
                received = await _received(connection)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    return Reply(received=received, seconds=time.monotonic() - began)


async def _send(connection: socket.socket, pieces: Iterable[bytes], pause: float) -> None:
    with suppress(ConnectionError):
        for piece in pieces:
            await asyncio.get_running_loop().sock_sendall(connection, piece)
            await asyncio.sleep(pause)


async def _received(connection: socket.socket) -> bytes:
    """What was sent before a reset counts as well."""
    received = b""
    with suppress(ConnectionError):
        while piece := await asyncio.get_running_loop().sock_recv(connection, 65536):
            received += piece
    return received


@asynccontextmanager
async def memory_of(service: Service) -> AsyncGenerator[list[int]]:
    """The most bytes that the service had more than before, once the block has ended."""
    process = psutil.Process(service.process.pid)
    before, peak = process.memory_info().rss, [0]

    async def watch() -> None:
        while True:
            peak[0] = max(peak[0], process.memory_info().rss - before)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    try:
        yield peak
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def drip(what: bytes) -> Iterable[bytes]:
    """Byte by byte."""
    return (what[nth : nth + 1] for nth in range(len(what)))


@pytest.mark.slow
async def test_who_takes_too_long_is_cut_off_while_others_are_served(
    service: Service, client: httpx2.AsyncClient
) -> None:
    slow = {
        "idle": reply_to(service, [GET + b"\r\n"]),
        "no bytes": reply_to(service, []),
        "half a head": reply_to(service, [GET]),
        "a dripped head": reply_to(service, drip(SLOW_HEAD), pause=0.2),
        "a dripped second head": reply_to(service, [GET + b"\r\n", *drip(SLOW_HEAD)], pause=0.2),
        "a dripped body": reply_to(service, [PUT + b"Content-Length: 99\r\n\r\n", *drip(b"{" + b" " * 98)], pause=0.2),
    }
    replies = asyncio.gather(*slow.values())
    served: list[httpx2.Response] = []
    while not replies.done():
        served.append(await client.get("/health"))
        await asyncio.sleep(0.1)
    seen = dict(zip(slow, await replies, strict=True))

    assert {name: reply.statuses for name, reply in seen.items()} == {
        "idle": [200],
        "no bytes": [],
        "half a head": [],
        "a dripped head": [],
        "a dripped second head": [200],
        "a dripped body": [408],
    }
    assert seen["a dripped body"].body["code"] == "request_timeout"
    assert 4.5 < seen.pop("idle").seconds < 5 + SOON_SECONDS
    assert [name for name, reply in seen.items() if not 9.5 < reply.seconds < LIMIT_SECONDS + SOON_SECONDS] == []
    assert {answer.status_code for answer in served} == {200}
    assert max(answer.elapsed.total_seconds() for answer in served) < 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([GET + b"X-Huge: " + b"x" * 2 * MB + b"\r\n\r\n"], id="one header of 2 MB"),
        pytest.param([GET + b"X-Large: " + b"x" * 20_000 + b"\r\n\r\n"], id="one header of 20 kB in one piece"),
        pytest.param([GET, *(b"X-%d: x\r\n" % nth for nth in range(20_000)), b"\r\n"], id="20,000 headers"),
        pytest.param([b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"], id="a URL of 100 kB"),
        pytest.param([PUT + SMALL + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n"], id="a length and chunks"),
        pytest.param([PUT + SMALL + b"Content-Length: 3\r\n\r\n{} "], id="two lengths"),
        pytest.param([PUT + b"Content-Length: 2, 3\r\n\r\n{} "], id="two lengths in one header"),
        pytest.param([PUT + b"Content-Length: -2\r\n\r\n{}"], id="a negative length"),
        pytest.param([PUT + b"Transfer-Encoding: gzip, chunked\r\n\r\n"], id="an encoding that nobody asked for"),
        pytest.param([PUT + CHUNKED + b"\r\nnonsense\r\n"], id="chunks that are none"),
        pytest.param([b"G@T / HTTP/1.1\r\nHost: localhost\r\n\r\n"], id="no method token"),
        pytest.param([b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"], id="a path of raw bytes"),
        pytest.param([b"GET / HTTP/1.1\r\n\r\n"], id="no host"),
        pytest.param([GET + b"X-Folded: a\r\n b: c\x00\r\n\r\n"], id="NUL in a header"),
        pytest.param([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], id="TLS"),
    ],
)
async def test_what_is_not_a_fair_request_is_malformed_and_ends_the_connection(
    service: Service, sent: Sequence[bytes]
) -> None:
    async with memory_of(service) as more_bytes:
        reply = await reply_to(service, sent, seconds=SOON_SECONDS)

    assert reply.statuses == [400]
    assert reply.body["code"] == "malformed"
    assert more_bytes[0] < 8 * MB


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([PUT + b"Content-Length: %d\r\n\r\n" % (12 * MB), b"x" * 12 * MB], id="12 MB"),
        pytest.param([PUT + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 18), b"x"], id="a length beyond reason"),
        pytest.param([PUT + CHUNKED + b"\r\n", *[b"%x\r\n%b\r\n" % (MB, b"x" * MB)] * 12], id="12 MB in chunks"),
    ],
)
async def test_a_body_that_is_too_large_is_refused_in_flat_memory(service: Service, sent: Sequence[bytes]) -> None:
    async with memory_of(service) as more_bytes:
        reply = await reply_to(service, sent, seconds=SOON_SECONDS)

    assert reply.statuses == [413]
    assert reply.body["code"] == "body_too_large"
    assert more_bytes[0] < 8 * MB


@pytest.mark.parametrize(("path", "status"), [(A_BRAND, 413), ("/health/live", 405), ("/nowhere", 404)])
async def test_a_body_without_end_is_cut_off_in_flat_memory(service: Service, path: str, status: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (65536, b"x" * 65536)
    sent = itertools.chain([put(path) + CHUNKED + b"\r\n"], itertools.repeat(chunk))

    async with memory_of(service) as more_bytes:
        reply = await reply_to(service, sent, seconds=SOON_SECONDS)

    assert reply.statuses == [status]
    assert more_bytes[0] < 8 * MB


async def test_a_body_that_stops_after_its_answer_is_not_waited_for(service: Service) -> None:
    reply = await reply_to(service, [put("/nowhere") + b"Content-Length: 9\r\n\r\n1234"], seconds=SOON_SECONDS)

    assert reply.statuses == [404]


async def test_a_small_body_that_comes_after_its_answer_costs_nobody_the_connection(
    service: Service, client: httpx2.AsyncClient
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(put("/nowhere") + SMALL + b"\r\n")
    assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 404 Not Found\r\n"

    writer.write(b"{")
    await client.get("/health/live")  # once that is answered, the first half has been seen
    writer.write(b"}" + GET + b"Connection: close\r\n\r\n")
    rest = await reader.read()
    writer.close()

    assert b"HTTP/1.1 200 OK\r\n" in rest


async def test_requests_in_one_piece_are_answered_in_their_order(service: Service) -> None:
    pipelined = [GET, b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n", GET + b"Connection: close\r\n"]

    reply = await reply_to(service, [b"\r\n".join([*pipelined, b""])], seconds=SOON_SECONDS)

    assert reply.statuses == [200, 404, 200]


async def test_what_is_no_request_after_one_that_is_ends_the_connection(service: Service) -> None:
    reply = await reply_to(service, [GET + b"\r\n" + b"nonsense\r\n\r\n"], seconds=SOON_SECONDS)

    assert reply.statuses == [200, 400]


@pytest.mark.parametrize(
    "path", ["/%ff", "/%00", "/schedule/post/%ff", "/brands/%c0%af", "/..%2f..%2fetc/passwd", "/%"]
)
async def test_a_path_that_means_nothing_is_not_found(service: Service, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()

    reply = await reply_to(service, [request], seconds=SOON_SECONDS)

    assert reply.statuses == [404]
    assert reply.body["code"] == "no_such_route"


async def test_whatever_the_service_is_called_in_a_request_is_no_fault_of_its_own(service: Service) -> None:
    for host in ("here:1x", "here:8#f", "here#f", "here:99999", "a/b", "[::1", "a@b:c", "?", ""):
        for path in ("/health/live", "/nowhere", "/brands/x", "/mcp", "/.well-known/oauth-protected-resource/mcp"):
            request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            reply = await reply_to(service, [request], seconds=SOON_SECONDS)

            [status] = reply.statuses
            assert status in (200, 400, 404, 405, 421), (host, path)
            assert status == 200 or reply.body["instance"] in (path, ""), (host, path)


async def test_a_caller_who_leaves_in_the_middle_of_its_body_is_no_fault_of_the_service(
    service: Service, client: httpx2.AsyncClient
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(put(A_BRAND) + b"Content-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await client.get("/health")

    assert service.logged("error") == []


async def test_callers_who_leave_at_any_moment_leave_no_connection_in_use_and_no_half_row(
    service: Service, database: str, client: httpx2.AsyncClient
) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    chance = random.Random(28)  # noqa: S311
    batches: list[set[str]] = []

    async def leave(nth: int) -> None:
        posts = [a_post_body() for _ in range(20)]
        batches.append({post["post_id"] for post in posts})
        body = json.dumps({"posts": posts}).encode()
        head = f"POST /campaigns/{campaign_id}/posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(whole if nth % 3 else whole[: chance.randrange(len(whole))])
        await writer.drain()
        await asyncio.sleep(chance.uniform(0, 0.05))
        writer.transport.abort()

    for first in range(0, LEAVING, 30):
        await asyncio.gather(*(leave(nth) for nth in range(first, first + 30)))

    async with connected(database) as sql:

        async def is_through() -> bool:
            return not [row for row in await sql.fetch(BACKENDS) if row["state"] != "idle"]

        await until(is_through)
        found = {str(row["post_id"]) for row in await sql.fetch("SELECT post_id FROM posts")}
        assert {len(batch & found) for batch in batches} == {0, 20}
        assert len(await sql.fetch(BACKENDS)) <= POOLS
    answers = await asyncio.gather(*(client.get("/brands") for _ in range(POOLS)))
    assert {answer.status_code for answer in answers} == {200}
    assert service.logged("error") == []


async def test_a_signal_ends_it_in_time_while_an_upload_stalls_and_events_are_waited_for() -> None:
    async with a_database() as url, serving(DATABASE_URL=url) as service, service.client() as client:
        waiting = asyncio.create_task(client.get("/events?wait_seconds=30"))
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(PUT + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        await until_active(client, requests=3)

        code = await service.stop(seconds=END_SECONDS)
        answer = await waiting
        writer.close()

    assert code == 0
    assert (answer.status_code, answer.json()["events"]) == (200, [])
