"""How many backends a process has on its server, also those that outlive their connections."""

import asyncio
from math import inf
from time import monotonic
from typing import Any, TypeAlias

import asyncpg

ServerConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_LOOK_SECONDS = 0.5
_STILL_THERE = "SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int[]) AND usename = current_user"


class BackendsUsedUp(asyncpg.InterfaceError):
    """As many as there may be are at work, or hang at the server though their connections were given up."""


class Backends:
    """At most ``most``, whatever hangs: a closed connection counts until a new one has looked and seen its backend
    gone. While there are such, the last place is kept for whoever looks."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._opened: dict[int, ServerConnection] = {}
        self._opening = 0
        self._looking = asyncio.Lock()
        self._looked_at = -inf

    async def connect(self, *args: Any, **named: Any) -> ServerConnection:
        """A new connection, as ``asyncpg.connect`` opens it; raises BackendsUsedUp."""
        if not self._closed():
            self._check_room()
            return await self._open(*args, **named)
        async with self._looking:  # one after the other: whoever comes next may find that they have ended
            if monotonic() - self._looked_at < _LOOK_SECONDS:
                self._check_room()
            connection = await self._open(*args, **named)
            try:
                await self._look(connection)
                self._check_room(asking=0)
            except BaseException:
                connection.terminate()
                raise
            return connection

    async def _open(self, *args: Any, **named: Any) -> ServerConnection:
        self._opening += 1
        try:
            connection: ServerConnection = await asyncpg.connect(*args, **named)
        finally:
            self._opening -= 1
        self._opened[connection.get_server_pid()] = connection
        return connection

    async def _look(self, connection: ServerConnection) -> None:
        """Count no more those that have ended."""
        closed = self._closed()
        there = {row["pid"] for row in await connection.fetch(_STILL_THERE, list(closed))} if closed else ()
        for pid in closed.difference(there):
            self._opened.pop(pid, None)
        self._looked_at = monotonic()

    def _closed(self) -> frozenset[int]:
        return frozenset(pid for pid, connection in self._opened.items() if connection.is_closed())

    def _check_room(self, *, asking: int = 1) -> None:
        closed = len(self._closed())
        most = self._most - 1 if closed else self._most
        if len(self._opened) + self._opening + asking > most:
            raise BackendsUsedUp(
                f"{len(self._opened) - closed} connections of this process are at work, and {closed} that it gave up "
                "hang at the server"
            )
