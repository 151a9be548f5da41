"""A TCP proxy in front of PostgreSQL that loses answers: what was asked for is committed, and nobody is told."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from marketmind_scheduler.adapters.postgres.dispatch.queue import CLAIM, SETTLE, SETTLE_ACCEPTED
from tests.system.proxy import Mode, Proxy

STATEMENTS = {CLAIM.encode(): "claim", SETTLE.encode(): "settle", SETTLE_ACCEPTED.encode(): "settle"}
_READY = b"Z\x00\x00\x00\x05I"  # the last message of an answer, outside of a transaction
_OF_NO_ROW = b" 0\x00" + _READY


class LossyProxy(Proxy):
    """``to_lose`` says how many answers to each statement are still to be lost, ``lost`` how many were.

    Only answers that tell of rows are lost, each with its connection.
    """

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self.to_lose: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self._asked: dict[asyncio.Event, str] = {}

    async def _carry_requests(self, reader: StreamReader, writer: StreamWriter, commit: asyncio.Event) -> None:
        names: dict[bytes, str] = {}  # of the statements that were prepared over this connection
        unread = b""
        has_begun = False
        try:
            while data := await reader.read(65536):
                unread += data
                if not has_begun and _is_begun(unread):
                    has_begun, unread = True, b""
                while has_begun and len(unread) >= 5 and len(unread) > (length := int.from_bytes(unread[1:5], "big")):
                    self._notice(unread[:1], unread[5 : length + 1], names, commit)
                    unread = unread[length + 1 :]
                writer.write(data)
                await writer.drain()
        finally:
            self._asked.pop(commit, None)

    def _notice(self, kind: bytes, body: bytes, names: dict[bytes, str], link: asyncio.Event) -> None:
        first, _, rest = body.partition(b"\x00")
        second = rest.partition(b"\x00")[0]
        if kind == b"P" and second in STATEMENTS:  # Parse: the statement's name, then its text
            names[first] = STATEMENTS[second]
        elif kind == b"B" and second in names:  # Bind: the portal's name, then the statement's
            self._asked[link] = names[second]

    async def _carry_answers(self, reader: StreamReader, writer: StreamWriter, commit: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if data.endswith(_READY):
                asked = self._asked.pop(commit, "")
                if self.to_lose[asked] and not data.endswith(_OF_NO_ROW):
                    self.to_lose[asked] -= 1
                    self.lost[asked] += 1
                    raise ConnectionResetError
            writer.write(data)
            await writer.drain()


def _is_begun(first_bytes: bytes) -> bool:
    """Whether these end with the message that begins a session. A question for TLS may come before it."""
    return b"user\x00" in first_bytes


@asynccontextmanager
async def losing_answers(database_url: str) -> AsyncGenerator[LossyProxy]:
    proxy = LossyProxy(database_url)
    await proxy.be(Mode.PASS)
    try:
        yield proxy
    finally:
        await proxy.close()
