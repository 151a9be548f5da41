"""Whatever may come over a connection in place of an answer: drawn from every part that we read, by a seed."""

import asyncio
import json
import random
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

STATUSES = (200, 201, 204, 207, 299, 300, 302, 304, 400, 401, 404, 408, 409, 413, 422, 425, 429, 451, 500, 503, 599)
REASONS = (b" OK", b"", b" ", b" \xff\xfe", b" " + b"x" * 300, b" \x80\x00")
NAMES = (
    b"Retry-After",
    b"Content-Type",
    b"Content-Length",
    b"Content-Encoding",
    b"Transfer-Encoding",
    b"Location",
    b"Connection",
    b"Set-Cookie",
    b"webhook-id",
    b"Trailer",
    b"Date",
    b"Upgrade",
    b"WWW-Authenticate",
    b"X-\xff",
    b"",
    b"X Y",
)
VALUES = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"7",
    b"9" * 400,
    b"1e999",
    b"NaN",
    b"Infinity",
    b"\xb2",
    b"\xff\xfe\xfd",
    b"x" * 5000,
    b"Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    b"Mon, 01 Jan 2030 00:00:00 +99999999999999999999",
    b"Wed, 31 Feb 2030 25:61:61 GMT",
    b"Thu, 01 Jan 0001 00:00:00 -2359",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b"2030-01-01T00:00:00Z",
    b"application/json",
    b"application/json; charset=\xff",
    b"multipart/byteranges; boundary=x",
    b"gzip",
    b"identity",
    b"chunked",
    b"gzip, chunked",
    b"chunked, chunked",
    b"close",
    b"upgrade",
    b"http://[",
    b"http://127.0.0.1:1/",
    b"//\x7f",
    b"\r\n folded",
    b"a\x00b",
)
JSON_VALUES: Sequence[object] = (
    "abc",
    "",
    " ",
    7,
    -7,
    0,
    1.5,
    1e300,
    True,
    False,
    None,
    [],
    ["a"],
    {},
    {"a": 1},
    "x" * 300,
    "\x00",
    "\ud800",
)
BODIES = (
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"text"',
    b"1e99999",
    b"NaN",
    b"[" * 30_000,
    b'{"a":' * 10_000,
    b'{"external_id": 1e99999}',
    b'{"external_id": NaN}',
    b'{"code": 1e99999, "error": {"code": []}}',
    b'{"error": "' + b"x" * 70_000 + b'"}',
    b"\xef\xbb\xbf{}",
    *(json.dumps({"external_id": value, "code": value, "error": value}).encode() for value in JSON_VALUES),
    *(json.dumps({"keys": value}).encode() for value in JSON_VALUES),
    *(json.dumps({"keys": [{"kid": value, "kty": value, "n": value, "e": value}]}).encode() for value in JSON_VALUES),
    *(json.dumps({"choices": value, "usage": value, "model": value, "id": value}).encode() for value in JSON_VALUES),
    *(
        json.dumps({"choices": [{"message": value, "finish_reason": value, "index": value}]}).encode()
        for value in JSON_VALUES
    ),
    *(
        json.dumps({"choices": [{"message": {"content": value, "role": value, "refusal": value}}]}).encode()
        for value in JSON_VALUES
    ),
)
FRAMINGS = ("length", "chunked", "until closed", "trailers", "too short", "too long", "bad chunk", "as it stands")
BEFORE = (b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3)
ENDS = (b"\r\n", b"\n")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it goes over the wire. ``status``: what its status line says."""

    status: int
    raw: bytes


def answers(seed: int, count: int) -> Iterator[Said]:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(count):
        yield _answer(chance)


def _answer(chance: random.Random) -> Said:
    status, end = chance.choice(STATUSES), chance.choice((ENDS[0], *ENDS))
    version = chance.choice((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"))
    line = version + b" %d" % status + chance.choice(REASONS)
    headers = [chance.choice(NAMES) + b": " + chance.choice(VALUES) for _ in range(chance.randrange(4))]
    framing, body = _framed(chance.choice(FRAMINGS), chance.choice(BODIES))
    head = end.join([line, *headers, *framing, b"", b""])
    return Said(status, chance.choice((BEFORE[0], *BEFORE)) + head + body)


def _framed(framing: str, body: bytes) -> tuple[list[bytes], bytes]:
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    framed = {
        "length": ([b"Content-Length: %d" % len(body)], body),
        "chunked": ([b"Transfer-Encoding: chunked"], chunk + b"0\r\n\r\n"),
        "trailers": ([b"Transfer-Encoding: chunked"], chunk + b"0\r\nRetry-After: x\r\nX-\xff: \xff\r\n\r\n"),
        "too short": ([b"Content-Length: %d" % (len(body) + 10)], body),
        "too long": ([b"Content-Length: %d" % (len(body) // 2)], body),
        "bad chunk": ([b"Transfer-Encoding: chunked"], b"zz\r\n" + body),
        "until closed": ([b"Connection: close"], body),
    }
    return framed.get(framing, ([], body))


class Answering:
    """Says the same to whatever is asked, and closes."""

    def __init__(self) -> None:
        self.raw = b""
        self.port = 0

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line.partition(b":")[2]))
            writer.write(self.raw)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def answering() -> AsyncGenerator[Answering]:
    said = Answering()
    async with await asyncio.start_server(said._answer, "127.0.0.1") as server:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        said.port = server.sockets[0].getsockname()[1]
        yield said
