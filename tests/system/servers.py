"""Databases and servers for the services under test."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import psutil

from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from tests.databases import new_database
from tests.system.services import a_home, free_port

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

BACKENDS = """
SELECT pid, state, wait_event_type, query FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'marketmind-scheduler'
"""
"""The connections of the services that use this database, as it sees them."""


@asynccontextmanager
async def a_database() -> AsyncGenerator[str]:
    """The URL of a new, empty database on the server that the tests use."""
    async with new_database(f"system_{uuid4().hex}") as url:
        yield url


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Sql]:
    """For SQL of the tests' own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        await asyncio.sleep(0.005)


async def until_waiting(database: str, *, backends: int = 1) -> None:
    """Return when so many connections of services wait for a lock."""
    async with connected(database) as watching:

        async def do_wait() -> bool:
            return [row["wait_event_type"] for row in await watching.fetch(BACKENDS)].count("Lock") >= backends

        await until(do_wait)


class OwnServer:
    """A PostgreSQL that a test may restart and freeze. It keeps its port and its data."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._port = free_port()
        self._running = ExitStack()
        self.url = ""

    def start(self) -> None:
        embedded = embedded_postgres(self._home, options=("-p", str(self._port)))
        url = urlsplit(self._running.enter_context(embedded))
        account = url.netloc.rpartition("@")[0]
        self.url = url._replace(netloc=f"{account}@127.0.0.1:{self._port}").geturl()

    def stop(self, *, immediately: bool = False) -> None:
        """Fast, which ends transactions in order; or immediately, as if the machine had lost its power."""
        if immediately:
            postmaster = self._postmaster()
            postmaster.send_signal(signal.SIGQUIT)
            postmaster.wait(10)
        self._running.close()

    def _postmaster(self) -> psutil.Process:
        pid_file = next(self._home.glob("data-*/postmaster.pid"))
        return psutil.Process(int(pid_file.read_text().split()[0]))


@contextmanager
def own_server() -> Generator[OwnServer]:
    with a_home() as home:
        server = OwnServer(home)
        server.start()
        try:
            yield server
        finally:
            server.stop()


async def until_active(client: httpx2.AsyncClient, *, requests: int) -> None:
    """Return when so many requests are being answered, this one that asks among them."""

    async def are_active() -> bool:
        lines = (await client.get("/metrics")).text.splitlines()
        return (
            sum(float(line.split()[-1]) for line in lines if line.startswith("http_server_active_requests{"))
            >= requests
        )

    await until(are_active)
