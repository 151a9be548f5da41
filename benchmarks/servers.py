"""One PostgreSQL for all engines: fresh databases, and what it did in one of them."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import psutil
from benchmarks.engines.engine import Connection

from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres

# Durable, as shipped: fsync, synchronous_commit and autovacuum stay on. The rest keeps disk and checkpoints out of it.
OPTIONS = (
    ("shared_preload_libraries", "pg_stat_statements"),
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
)
LOOKING_ON = "looking on"  # a comment in each of the benchmark's own statements, which are not counted
COUNTERS = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS wal_bytes, xact_commit AS commits, blks_hit + blks_read AS buffers
  FROM pg_stat_database WHERE datname = $1
"""
STATEMENT_BUFFERS = """
SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint
  FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
 WHERE datname = $1 AND query NOT LIKE $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a database has cost so far; ``cpu_seconds`` of all processes of a server of ours, else None."""

    buffers: int
    wal_bytes: int
    commits: int
    cpu_seconds: float | None

    def since(self, before: "Counters") -> "Counters":
        return Counters(
            buffers=self.buffers - before.buffers,
            wal_bytes=self.wal_bytes - before.wal_bytes,
            commits=self.commits - before.commits,
            cpu_seconds=None if self.cpu_seconds is None else self.cpu_seconds - (before.cpu_seconds or 0),
        )


class Server:
    def __init__(self, url: str, process: psutil.Process | None) -> None:
        self.url = url
        self._process = process
        self._sees_statements = False

    async def prepare(self) -> None:
        """See whether PostgreSQL counts the buffers of statements; else those of databases serve, with those of looking
        on."""
        async with connected(self.url) as connection:
            with suppress(asyncpg.PostgresError):
                await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
                await connection.fetchval(STATEMENT_BUFFERS, "", "")
                self._sees_statements = True

    async def fresh(self, name: str, template: str = "template1") -> str:
        """The URL of a database of this name, new and as its template is."""
        async with connected(self.url) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    async def drop(self, name: str) -> None:
        async with connected(self.url) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def counters(self, name: str) -> Counters:
        async with connected(self.url) as connection:
            [row] = await connection.fetch(COUNTERS, name)
            buffers = row["buffers"]
            if self._sees_statements:
                buffers = await connection.fetchval(STATEMENT_BUFFERS, name, f"%{LOOKING_ON}%")
        return Counters(
            buffers=buffers,
            wal_bytes=int(row["wal_bytes"]),
            commits=row["commits"],
            cpu_seconds=None if self._process is None else cpu_of_tree(self._process),
        )


def cpu_of_tree(process: psutil.Process) -> float:
    """Of the process, of the children it has now and of those it had."""
    own = process.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in process.children():
        with suppress(psutil.NoSuchProcess):  # it has ended since, and counts among those it had the next time
            seconds += child.cpu_times().user + child.cpu_times().system
    return seconds


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def server() -> Generator[Server]:
    """The one that DATABASE_URL names, else an embedded one of its own in a directory thrown away afterwards."""
    if url := os.environ.get("DATABASE_URL"):
        yield Server(url, None)
        return
    options = [argument for name, value in OPTIONS for argument in ("-c", f"{name}={value}")]
    with TemporaryDirectory(prefix="marketmind-bench-") as home:
        Path(home).chmod(0o711)
        with embedded_postgres(Path(home) / "postgres", options=options) as url:
            [postmaster] = [child for child in psutil.Process().children() if child.name() == "postgres"]
            yield Server(url, postmaster)
