"""Whatever is sent, and in whichever pieces: both parsers read the same in it, or refuse it alike."""

import asyncio
import json
import random
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from uvicorn.server import ServerState

from marketmind_scheduler.adapters.http.envelope.edge import Edge
from marketmind_scheduler.adapters.http.envelope.limits import Limits
from marketmind_scheduler.adapters.http.envelope.protocol import guarded_by
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from tests.loops import on_each

ROUNDS = 2000
GET = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\n"
PUT = b"PUT /a HTTP/1.1\r\nHost: here\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: here\r\n\r\n"
CHUNKED = PUT + b"Transfer-Encoding: chunked\r\n\r\n"
OF_HEADS = (
    b"Content-Length: 5",
    b"content-length: 0",
    b"Transfer-Encoding: chunked",
    b"Connection: close",
    b"connection: keep-alive, upgrade",
    b"Proxy-Connection: close",
    b"Upgrade: h2c",
)
"""What says how a request is sent, and does not stand behind a body."""
TAKEN = (
    GET + b"\r\n",
    GET + b"\r\n" + NEXT,
    b"\r\n\r\n" + GET + b"\r\n\r\n" + NEXT,
    GET + b"Connection: close\r\n\r\n" + NEXT,
    GET + b"Proxy-Connection: close\r\n\r\n" + NEXT,
    b"GET / HTTP/1.0\r\n\r\n" + NEXT,
    b"HEAD / HTTP/1.1\r\nHost:\r\n\r\n" + NEXT,
    b"BREW /pot HTTP/1.1\r\nHost: here\r\n\r\n" + NEXT,
    b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\n\r\n" + NEXT,
    b"PRI * HTTP/2.0\r\nHost: here\r\n\r\n" + NEXT,
    b"OPTIONS * HTTP/9.9\r\nHost: here\r\n\r\n" + NEXT,
    b"GET http://[::1]:80/x#y HTTP/1.1\r\nHost: here\r\n\r\n",
    GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n" + NEXT,
    PUT + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello" + NEXT,
    PUT + b"Content-Length: 5\r\n\r\nhello" + NEXT,
    PUT + b"content-length:\t5 \r\nExpect: 100-continue\r\n\r\nhello" + NEXT,
    PUT + b"Content-Length: 0\r\nX: a\xff\tb\r\nX:\r\n\r\n" + NEXT,
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + NEXT,
    CHUNKED + b"4\r\n\r\n\r\n\r\n5;a=b\r\n0\r\n\r\n\r\n0;x\r\nTrailer: a\r\nHost: there\r\n\r\n" + NEXT,
    CHUNKED + b"5;a=;b;=c\r\nhello\r\n0\r\nX: y\r\n\r\n" + NEXT,
    CHUNKED + b"00A\r\n0123456789\r\n000\r\n\r\n" + NEXT,
)
REFUSED = (
    b"nonsense\r\n\r\n",
    b"GET / RTSP/1.0\r\nHost: here\r\n\r\n",
    b"SOURCE / ICE/1.0\r\nHost: here\r\n\r\n",
    b"GET / HTTP/1.1\nHost: here\n\n",
    b"GET / HTTP/1.1\r\nHost: here\r\n\n",
    b"GET / HTTP/1.1\r\nHost: here\rX: y\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: here\r\n\r\n",
    b"GET / HTTP/1.1 \r\nHost: here\r\n\r\n",
    b"GET /\x7f HTTP/1.1\r\nHost: here\r\n\r\n",
    b" GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: here\r\nHost: here\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: here\r\nhost: there\r\n\r\n",
    GET + b"X: a\r\n b\r\n\r\n",
    GET + b"X : a\r\n\r\n",
    GET + b": a\r\n\r\n",
    GET + b"X\r\n\r\n",
    GET + b"X: \x01\r\n\r\n",
    GET + b"X: \x00\r\n\r\n",
    GET + b"X: " + b"x" * 17_000 + b"\r\n\r\n",
    GET + b"X: x\r\n" * 4000 + b"\r\n",
    PUT + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    PUT + b"Content-Length: 5, 5\r\n\r\nhello",
    PUT + b"Content-Length: +5\r\n\r\nhello",
    PUT + b"Content-Length: 0x5\r\n\r\nhello",
    PUT + b"Content-Length:\r\n\r\nhello",
    PUT + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    PUT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    b"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhelloX\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello0\r\n\r\n",
    CHUNKED + b"5;a=\rb\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"11111111111111111111111111\r\n",
    CHUNKED + b"5;\r\nhello\r\n0\r\n\r\n",
    *(CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n%b\r\n\r\n" % each for each in OF_HEADS),
    CHUNKED + b"0\r\nbad trailer\r\n\r\n",
    CHUNKED + b"0\r\nX: " + b"x" * 17_000 + b"\r\n\r\n",
)
IGNORED = (b"upgrade", b"proxy-connection")  # nobody asks whether it was there
BITS = (
    b'"',
    b"=",
    b";a=b",
    b'="x"',
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"0",
    b"5",
    b"\x00",
    b"\xff",
    b"a",
    b"-",
    b"",
)


class Wire(asyncio.Transport):
    """Keeps what is written, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._is_closing = False

    def write(self, data: Any) -> None:
        self.written += b"" if self._is_closing else data

    def close(self) -> None:
        self._is_closing = True

    abort = close

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with all that it was asked."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    asked = [scope[name] for name in ("method", "path", "raw_path", "query_string", "http_version")]
    headers = [each for each in scope["headers"] if each[0] not in IGNORED]
    text = json.dumps(repr([asked, headers, body])).encode()
    status = 404 if scope["method"] == "CONNECT" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": text})


async def answered(pieces: Sequence[bytes], *, by_h11: bool) -> tuple[Sequence[Any], bool]:
    """What was understood of what was sent, with 400 for what was refused; and whether the connection was closed."""
    edge = Edge(Limits(), metrics=RequestMetrics(CollectorRegistry()), new_id=new_uuid7)
    config = uvicorn.Config(echo, log_config=None, access_log=False, server_header=False, date_header=False)
    made: Any = guarded_by(edge, by_h11=by_h11)
    protocol = made(config=config, server_state=ServerState(), app_state={})
    wire = Wire()
    protocol.connection_made(wire)
    for piece in pieces:
        protocol.data_received(piece)
        await turns()
    written, is_closing = wire.written, protocol.transport.is_closing()
    wire.close()
    protocol.connection_lost(None)
    await turns()
    return understood(written), is_closing


async def turns() -> None:
    """As many as an answer takes."""
    for _ in range(20):
        await asyncio.sleep(0)


def understood(written: bytes) -> Sequence[Any]:
    found: list[Any] = []
    for answer in written.split(b"HTTP/1.1 ")[1:]:
        head, _, body = answer.partition(b"\r\n\r\n")
        if head.startswith(b"100"):  # nobody has to say so
            continue
        found.append(json.loads(body) if head.startswith(b"200") and body else int(head[:3]))
    return found


@on_each("sent", TAKEN)
async def test_what_is_a_request_is_read_alike_in_whatever_pieces(sent: bytes) -> None:
    expected, is_closed = await answered([sent], by_h11=True)

    assert 400 not in expected
    for by_h11 in (True, False):
        assert await answered([sent], by_h11=by_h11) == (expected, is_closed)
        assert await answered([sent[at : at + 1] for at in range(len(sent))], by_h11=by_h11) == (expected, is_closed)


@on_each("sent", REFUSED)
async def test_what_is_none_is_refused_alike_and_ends_the_connection(sent: bytes) -> None:
    for by_h11 in (True, False):
        assert await answered([sent + NEXT], by_h11=by_h11) == ([400], True), by_h11


async def test_a_body_that_looks_as_if_it_ended_everywhere_is_read_to_its_end() -> None:
    body = b"0\r\n\r\n" * 10_000
    sent = CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) + NEXT

    assert await answered([sent], by_h11=False) == await answered([sent], by_h11=True)


async def test_empty_lines_before_a_request_cost_no_more_than_any_bytes() -> None:
    lines = b"\r\n" * 200_000
    for by_h11 in (True, False):
        began = perf_counter()

        assert await answered([lines, lines + NEXT], by_h11=by_h11) == await answered([NEXT], by_h11=by_h11)
        assert perf_counter() - began < 1


async def test_whatever_is_changed_in_a_request_both_read_the_same() -> None:
    chance = random.Random(13)  # noqa: S311
    for _ in range(ROUNDS):
        sent = changed(chance.choice(TAKEN + REFUSED), chance)
        pieces = cut(sent, chance)

        (slow, is_closed), fast = [await answered(pieces, by_h11=each) for each in (True, False)]

        # httptools may refuse already what h11 wants to see more of
        assert fast in ((slow, is_closed), ([*slow, 400], not is_closed)), pieces


def changed(sent: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(sent) + 1)
        sent = sent[:at] + chance.choice(BITS) + sent[at + chance.randrange(3) :]
    return sent


def cut(sent: bytes, chance: random.Random) -> Sequence[bytes]:
    cuts = sorted(chance.randrange(len(sent) + 1) for _ in range(chance.randrange(4)))
    return [piece for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True) if (piece := sent[begin:end])]
