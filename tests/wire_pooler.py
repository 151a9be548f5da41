"""A pooler on the wire, which hands out connections by transaction as PgBouncer does where it is told to."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import cast
from urllib.parse import urlsplit

_READY, _IDLE, _FAREWELL = b"Z", b"I", b"X"

Server = tuple[StreamReader, StreamWriter]


class TransactionPooling:
    """Each client shakes hands over a connection of its own; afterwards all share these, the last one given back
    first. Servers stay connected when clients leave."""

    def __init__(self, database_url: str) -> None:
        target = urlsplit(database_url)
        self._target = target.hostname, target.port or 5432
        self._idle: list[Server] = []
        self._given_back = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[StreamWriter] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._tasks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        server, answering = await asyncio.open_connection(*self._target), None
        self._ends += [writer, server[1]]
        with suppress(OSError):
            while (data := await reader.read(65536)) and data[:1] != _FAREWELL:
                if answering is None or answering.done():
                    server = await self._taken() if answering else server
                    answering = asyncio.create_task(self._answer(server, writer))
                    self._tasks.add(answering)
                server[1].write(data)
        writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    async def _answer(self, server: Server, client: StreamWriter) -> None:
        """Carry what the server answers, until the transaction is over and others may have it."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await server[0].readexactly(5)
                body = await server[0].readexactly(int.from_bytes(head[1:]) - 4)
                if head[:1] == _READY and body == _IDLE:
                    await self._give_back(server)
                    client.write(head + body)
                    return
                client.write(head + body)

    async def _taken(self) -> Server:
        async with self._given_back:
            await self._given_back.wait_for(lambda: bool(self._idle))
            return self._idle.pop()

    async def _give_back(self, server: Server) -> None:
        async with self._given_back:
            self._idle.append(server)
            self._given_back.notify()


@asynccontextmanager
async def pooled_by_transaction(database_url: str) -> AsyncGenerator[str]:
    """The URL of the same database behind such a pooler."""
    pooler = TransactionPooling(database_url)
    listener = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    parts = urlsplit(database_url)
    port = listener.sockets[0].getsockname()[1]
    try:
        account = parts.netloc.rpartition("@")[0]
        yield parts._replace(netloc=f"{account}@127.0.0.1:{port}", query="sslmode=disable").geturl()
    finally:
        listener.close()
        await pooler.close()
