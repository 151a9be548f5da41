"""A request is read in one way or not at all, and whatever is answered has all that an answer has."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator

import pytest

from tests.loops import on_each
from tests.system.servers import a_database
from tests.system.services import PARSERS, Service, serving
from tests.system.test_http_edge import Reply, reply_to

pytestmark = pytest.mark.timeout(120)

BRAND = "a0000000-0000-4000-8000-00000000000a"
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module", params=PARSERS)
async def service(request: pytest.FixtureRequest) -> AsyncGenerator[Service]:
    async with a_database() as database, serving(DATABASE_URL=database, SCHEDULER_HTTP_PARSER=request.param) as serves:
        yield serves


async def asked(service: Service, line: bytes, *headers: bytes, host: bytes = HOST, body: bytes = b"") -> Reply:
    head = b"".join([line, b"\r\n", host, CLOSE, *(each + b"\r\n" for each in headers), b"\r\n"])
    return await reply_to(service, [head + body], seconds=5)


def code(reply: Reply) -> str:
    return reply.body["code"]


@on_each(
    ("line", "status"),
    [
        (b"GET /health/live HTTP/1.1", 200),
        (b"GET /health/live HTTP/1.0", 200),
        (b"GET http://localhost/health/live HTTP/1.1", 200),
        (b"GET HTTP://127.0.0.1:8000/health/live?x=1 HTTP/1.1", 400),
        (b"GET http://localhost HTTP/1.1", 200),
        (b"OPTIONS * HTTP/1.1", 204),
        (b"GET * HTTP/1.1", 400),
        (b"GET metrics HTTP/1.1", 400),
        (b"GET ftp://localhost/health/live HTTP/1.1", 400),
        (b"GET http://user@localhost/health/live HTTP/1.1", 400),
        (b"GET http://evil.test/health/live HTTP/1.1", 421),
        (b"CONNECT localhost:80 HTTP/1.1", 400),
        (b"GET /health/live#part HTTP/1.1", 400),
        (b"GET /health/live HTTP/1.2", 505),
        (b"GET /health/live HTTP/2.0", 505),
        (b"GET /health/live HTTP/9.9", 505),
        (b"PRI * HTTP/2.0", 505),
        *((b"GET %b HTTP/1.1" % path, 404) for path in (b"//metrics", b"/metrics/", b"/./metrics", b"/x/../metrics")),
        *(
            (b"GET %b HTTP/1.1" % path, 404)
            for path in (b"/%6detrics", b"/%2fmetrics", b"/metrics%2f", b"/health%2flive")
        ),
        (f"GET /brands/{BRAND.upper()} HTTP/1.1".encode(), 404),
        (f"GET /brands/%61{BRAND[1:]} HTTP/1.1".encode(), 404),
        (b"GET /docs/assets/swagger-ui.css%00.js HTTP/1.1", 404),
        (b"GET /docs/assets/" + b"x" * 5000 + b" HTTP/1.1", 404),
        (b"GET /docs/assets/./swagger-ui.css HTTP/1.1", 404),
    ],
)
async def test_a_target_has_one_form_and_one_spelling(service: Service, line: bytes, status: int) -> None:
    reply = await asked(service, line)

    assert reply.statuses == [status], reply.received[:300]
    assert b"x-request-id: " in reply.received


@on_each(
    ("host", "status"),
    [
        *((name, 200) for name in (b"localhost", b"LOCALHOST:8000", b"127.0.0.1", b"127.1.2.3:80", b"[::1]:8000")),
        *((name, 421) for name in (b"evil.test", b"localhost.evil.test", b"0.0.0.0", b"10.0.0.1:8000", b"")),
        *((name, 400) for name in (b"x:99999", b"x:abc", b"x:-1", b"[::1]:70000", b"x:8120:1", b"[", b"a@localhost")),
    ],
)
async def test_without_keys_the_service_answers_under_names_of_its_machine(
    service: Service, host: bytes, status: int
) -> None:
    replies = [
        await asked(service, line, host=b"Host: %b\r\n" % host)
        for line in (b"GET /brands HTTP/1.1", b"GET /x HTTP/1.1")
    ]

    assert replies[0].statuses == [status], replies[0].received[:300]
    assert replies[1].statuses == [404 if status == 200 else status]


@on_each(
    ("header", "status"),
    [
        (b"Origin: http://localhost:3000", 200),
        (b"Sec-Fetch-Site: same-origin", 200),
        (b"Origin: https://evil.example", 403),
        (b"Origin: null", 403),
        (b"Origin: http://[", 403),
        (b"Sec-Fetch-Site: cross-site", 403),
        (b"Content-Type: application/x-www-form-urlencoded", 415),
        (b"Content-Type: text/plain", 415),
        (b"Content-Encoding: gzip", 415),
        (b"Authorization: Bearer a\r\nAuthorization: Bearer b", 400),
    ],
)
async def test_a_page_of_elsewhere_changes_nothing(service: Service, header: bytes, status: int) -> None:
    reply = await asked(service, b"POST /schedule/trigger HTTP/1.1", header, b"Content-Length: 0")

    assert reply.statuses == [status], reply.received[:300]


async def test_an_empty_line_before_a_request_is_passed_over(service: Service) -> None:
    get = b"GET /health/live HTTP/1.1\r\n" + HOST
    reply = await reply_to(service, [b"\r\n" + get + b"\r\n\r\n\r\n" + get + CLOSE + b"\r\n"], seconds=5)

    assert reply.statuses == [200, 200]


@on_each("chunk", [b"2;\rxx\r\n{}\r\n0\r\n\r\n", b"2;a=\r\r\n{}\r\n0\r\n\r\n"])
async def test_a_cr_by_itself_is_refused(service: Service, chunk: bytes) -> None:
    line = f"PUT /brands/{BRAND} HTTP/1.1".encode()
    reply = await asked(service, line, b"Content-Type: application/json", b"Transfer-Encoding: chunked", body=chunk)

    assert reply.statuses == [400]


async def test_a_body_where_none_is_taken_is_refused(service: Service) -> None:
    for line in (f"POST /brands/{BRAND}/pause HTTP/1.1".encode(), b"GET /brands HTTP/1.1"):
        reply = await asked(service, line, b"Content-Type: application/json", b"Content-Length: 2", body=b"{}")

        assert (reply.statuses, code(reply)) == ([400], "malformed")


async def test_whoever_sends_all_before_it_reads_is_told_that_it_is_too_much(service: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    body = b" " * (8 * 1024 * 1024 + 1)
    head = f"POST /campaigns/{BRAND}/posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    received = await reader.read()
    writer.close()

    assert received.startswith(b"HTTP/1.1 413 ")
    assert json.loads(received.rpartition(b"\r\n\r\n")[2])["code"] == "body_too_large"


async def test_whatever_stands_in_a_head_it_is_answered_in_the_form_of_every_answer(service: Service) -> None:
    chance = random.Random(12)  # noqa: S311
    names = (b"Host", b"Authorization", b"Content-Type", b"Content-Length", b"Transfer-Encoding", b"Expect", b"Origin")
    more = (
        b"If-Match",
        b"Accept",
        b"X-Request-Id",
        b"traceparent",
        b"Idempotency-Key",
        b"Connection",
        b"Upgrade",
        b"Range",
    )
    values = (
        b"",
        b"\xff\xfe",
        b"x" * 3000,
        b"1",
        b"-1",
        b'"',
        b"[::",
        b"a,b;q=\xa0",
        b"websocket",
        b"close",
        b"chunked",
    )
    targets = (b"/brands", b"/", b"/metrics", b"/docs", b"/events?after=%ff", b"/posts?limit=\x7f", b"*", b"http://[/")
    for _ in range(300):
        line = b" ".join(
            (chance.choice((b"GET", b"POST", b"HEAD", b"BREW", b"OPTIONS")), chance.choice(targets), b"HTTP/1.1")
        )
        headers = [b"%b: %b" % (chance.choice(names + more), chance.choice(values)) for _ in range(chance.randrange(4))]
        reply = await asked(service, line, *headers, host=chance.choice((HOST, HOST, b"Host: \xff\r\n", b"")))

        for status in reply.statuses:
            assert status < 500 or status == 505, (line, headers, reply.received[:300])
        assert not reply.statuses or reply.received.count(b"x-request-id: ") >= 1, (line, headers)

    assert service.logged("error") == []
    assert service.logged("warning")[1:] == []
