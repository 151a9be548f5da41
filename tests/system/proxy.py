"""A TCP proxy in front of PostgreSQL that behaves as badly as a network can."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit

_COMMIT = b"COMMIT\x00"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


class Mode(Enum):
    PASS = auto()
    BLACK_HOLE = auto()  # nothing moves, nothing is refused; what was sent arrives when the mode ends
    REFUSE = auto()  # nobody listens, and connections are reset
    RESET = auto()  # connections are accepted and reset
    CUT_AFTER_COMMIT = auto()  # a COMMIT is carried out, and its answer lost with the connection


class Proxy:
    """Stands before one server, on a port that stays the same."""

    def __init__(self, database_url: str) -> None:
        target = urlsplit(database_url)
        self._target = target.hostname, target.port or 5432
        self._flows = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._mode = Mode.PASS
        self._port = 0
        self.commits_cut = 0
        self.delay_seconds = 0.0

    def url_of(self, database_url: str) -> str:
        """The same database, through the proxy."""
        parts = urlsplit(database_url)
        account = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{account}@127.0.0.1:{self._port}").geturl()

    async def be(self, mode: Mode) -> None:
        """Change the mode, for the connections that are open too."""
        self._mode = mode
        self._flows.clear() if mode is Mode.BLACK_HOLE else self._flows.set()
        if mode is Mode.REFUSE:
            await self.close()
        elif mode is Mode.RESET:
            await self._cut_all()
        if mode is not Mode.REFUSE and self._listener is None:
            self._listener = await asyncio.start_server(self._link, "127.0.0.1", self._port, reuse_address=True)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._cut_all()
            await self._listener.wait_closed()
            self._listener = None

    async def _cut_all(self) -> None:
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _link(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        ends = [writer]
        try:
            await self._flows.wait()
            if self._mode is Mode.RESET:
                raise ConnectionResetError
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            ends.append(server_writer)
            await self._carry_both_ways(reader, writer, server_reader, server_writer)
        except (asyncio.CancelledError, OSError):
            for end in ends:
                _make_reset(end)
        finally:
            self._links.discard(link)
            for end in ends:
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _carry_both_ways(
        self, reader: StreamReader, writer: StreamWriter, server_reader: StreamReader, server_writer: StreamWriter
    ) -> None:
        """Until one of the two ends."""
        commit = asyncio.Event()
        ways = [
            asyncio.create_task(self._carry_requests(reader, server_writer, commit)),
            asyncio.create_task(self._carry_answers(server_reader, writer, commit)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry_requests(self, reader: StreamReader, writer: StreamWriter, commit: asyncio.Event) -> None:
        while data := await reader.read(65536):
            await self._travel()
            if self._mode is Mode.CUT_AFTER_COMMIT and _COMMIT in data:
                commit.set()
            writer.write(data)
            await writer.drain()

    async def _carry_answers(self, reader: StreamReader, writer: StreamWriter, commit: asyncio.Event) -> None:
        while data := await reader.read(65536):
            await self._travel()
            if commit.is_set():
                self.commits_cut += 1
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()

    async def _travel(self) -> None:
        await asyncio.sleep(self.delay_seconds)
        await self._flows.wait()


def _make_reset(end: StreamWriter) -> None:
    """Closing this end will send RST in place of FIN."""
    connection: socket.socket | None = end.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


@asynccontextmanager
async def proxied(database_url: str) -> AsyncGenerator[Proxy]:
    """A proxy that passes everything until it is told otherwise."""
    proxy = Proxy(database_url)
    await proxy.be(Mode.PASS)
    try:
        yield proxy
    finally:
        await proxy.close()
