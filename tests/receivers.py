"""A receiver of webhooks on 127.0.0.1 that answers, hangs and breaks off as it is told to."""

import asyncio
import json
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # known to everybody: Standard Webhooks' example
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request, whole. ``at`` is a reading of ``time.monotonic``, header names are in lower case."""

    at: float
    target: str
    headers: Mapping[str, str]
    body: bytes
    is_signed: bool

    @property
    def key(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class Cut(Enum):
    """Where an answer breaks off."""

    BEFORE_HEAD = auto()
    AFTER_HEAD = auto()
    IN_BODY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered with, after ``delay`` seconds; without a ``body``, the external id "ext-" and its key.

    ``pace``: seconds between single bytes of the body. ``cut``: where the connection is closed too early, or with
    ``reset`` broken. ``endless``: the body is repeated for as long as the sender listens.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    delay: float = 0
    pace: float = 0
    cut: Cut | None = None
    reset: bool = False
    endless: bool = False
    silent: bool = False


BLACK_HOLE = Answer(silent=True)
RESET = Answer(cut=Cut.BEFORE_HEAD, reset=True)

Decide = Callable[[Received], Answer]


def always(answer: Answer) -> Decide:
    return lambda _: answer


def in_turn(*answers: Answer) -> Decide:
    """One after another; a request too many gets no answer but a broken connection."""
    left = iter(answers)
    return lambda _: next(left, RESET)


class Receiver:
    """``decide`` is asked about every request, once it has come in whole; it may be replaced at any time."""

    def __init__(self, decide: Decide, secrets: Sequence[str]) -> None:
        self.decide = decide
        self.received: list[Received] = []
        self.connections = 0
        self.bytes_answered = 0
        self.port = 0
        self._webhooks = [Webhook(secret) for secret in secrets]
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/posts"

    async def listen(self) -> None:
        """On the port it had before, if it had one."""
        self._server = await asyncio.start_server(self._link, "127.0.0.1", self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections and break those that are open."""
        if self._server is not None:
            self._server.close()
            for link in self._links:
                link.cancel()
            await asyncio.gather(*self._links, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _link(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        self.connections += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._serve(reader, writer):
                    pass
        finally:
            self._links.discard(link)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """One request; whether another may follow."""
        received = await self._read(reader)
        self.received.append(received)
        answer = self.decide(received)
        await asyncio.sleep(answer.delay)
        if answer.silent:
            await reader.read()  # until the sender hangs up
            return False
        await self._write(writer, answer, received)
        if answer.reset:
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return answer.cut is None and received.headers.get("connection") != "close"

    async def _read(self, reader: StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.rstrip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Received(
            at=time.monotonic(),
            target=request.split()[1],
            headers=headers,
            body=body,
            is_signed=self._is_signed(headers, body),
        )

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """By each of the secrets, at the time that the request names: how old it is is not judged here."""
        try:
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            given = headers["webhook-signature"].split(" ")
            return given == [webhook.sign(headers["webhook-id"], at, body.decode()) for webhook in self._webhooks]
        except (KeyError, ValueError):
            return False

    async def _write(self, writer: StreamWriter, answer: Answer, received: Received) -> None:
        body = answer.body
        if body is None:
            body = json.dumps({"external_id": f"ext-{received.headers.get('webhook-id')}"}).encode()
        if answer.cut is Cut.BEFORE_HEAD:
            return
        length = {} if answer.endless else {"content-length": str(len(body))}
        headers = {"content-type": "application/json", **length, **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        await self._send(writer, "\r\n".join(lines).encode("latin-1"))
        if answer.cut is Cut.AFTER_HEAD:
            return
        part = body[: len(body) // 2] if answer.cut is Cut.IN_BODY else body
        if answer.pace:
            for byte in part:
                await self._send(writer, bytes([byte]))
                await asyncio.sleep(answer.pace)
            return
        await self._send(writer, part)
        while answer.endless:
            await self._send(writer, part)

    async def _send(self, writer: StreamWriter, text: bytes) -> None:
        writer.write(text)
        self.bytes_answered += len(text)
        await writer.drain()


@asynccontextmanager
async def receiving(
    decide: Decide = always(Answer()),  # noqa: B008  # it is immutable
    *,
    secrets: Sequence[str] = (SECRET,),
) -> AsyncGenerator[Receiver]:
    """A receiver that takes every post, unless it decides otherwise."""
    receiver = Receiver(decide, secrets)
    await receiver.listen()
    try:
        yield receiver
    finally:
        await receiver.close()
