"""The real service in a process of its own: started with given settings, watched, and told to stop."""

import asyncio
import json
import os
import signal
import socket
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.databases import URL
from tests.programs import PROGRAM, Program

PARSERS = ("httptools", "h11")
"""What may read requests; whatever is sent, both answer the same."""


class Service:
    """One ``marketmind-scheduler`` at work."""

    def __init__(self, process: Program | Process, port: int, printed: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._printed = printed
        self._kept = ""

    def client(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        return httpx2.AsyncClient(base_url=self.url, timeout=20, limits=limits, trust_env=False)

    def output(self) -> str:
        """All that it has printed so far."""
        return self._kept or self._printed.read_text()

    async def end(self) -> None:
        """Kill it if it still runs; its output stays."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._kept = self.output()

    def logged(self, level: str) -> list[dict[str, Any]]:
        """The log lines of that level, when it logs in JSON."""
        lines = [json.loads(line) for line in self.output().splitlines()]
        return [line for line in lines if line["level"] == level]

    async def until_healthy(self, *, seconds: float = 20) -> None:
        """Return when /health answers 200; fail when the process ends before or the time is over."""
        deadline = time.monotonic() + seconds
        async with self.client() as client:
            while not await _is_healthy(client):
                assert self.process.returncode is None, self.output()
                assert time.monotonic() < deadline, f"not healthy within {seconds} seconds:\n{self.output()}"
                await asyncio.sleep(0.02)

    async def stop(self, how: signal.Signals = signal.SIGTERM, *, seconds: float = 10) -> int:
        """Send the signal, and return the exit code of the process that it ends within the time."""
        self.process.send_signal(how)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


async def _is_healthy(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx2.TransportError:
        return False


@asynccontextmanager
async def started(*command: str, **settings: str) -> AsyncGenerator[Service]:
    """A service that is starting with these settings and no others; killed at the end if it still runs."""

    async def start(empty: Path, printed: Path) -> Program:
        return Program(*command or ("serve",), environment=environment(settings), directory=empty, printed=printed)

    async with _killed_at_the_end(start, settings) as service:
        yield service


@asynccontextmanager
async def started_anew(**settings: str) -> AsyncGenerator[Service]:
    """The same as an operator starts it, who waits for its imports too."""

    async def start(empty: Path, printed: Path) -> Process:
        with printed.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                PROGRAM, "serve", stdin=DEVNULL, stdout=output, stderr=STDOUT, cwd=empty, env=environment(settings)
            )

    async with _killed_at_the_end(start, settings) as service:
        yield service


@asynccontextmanager
async def _killed_at_the_end(
    start: Callable[[Path, Path], Awaitable[Program | Process]], settings: dict[str, str]
) -> AsyncGenerator[Service]:
    port = int(settings.setdefault("SCHEDULER_PORT", str(free_port())))
    with tempfile.TemporaryDirectory() as empty, tempfile.NamedTemporaryFile() as printed:
        service = Service(await start(Path(empty), Path(printed.name)), port, Path(printed.name))
        try:
            yield service
        finally:
            await service.end()


@asynccontextmanager
async def serving(**settings: str) -> AsyncGenerator[Service]:
    """A service that answers."""
    async with started(**settings) as service:
        await service.until_healthy()
        yield service


def environment(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment with these settings in place of its own, and without the make that runs the tests."""
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SCHEDULER_") and name not in ("DATABASE_URL", URL, "MAKELEVEL")
    }
    return others | settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def a_home() -> Generator[Path]:
    """Where an embedded PostgreSQL may keep its data: not made yet, in a directory that ``nobody`` may enter."""
    with tempfile.TemporaryDirectory(prefix="marketmind-system-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory, "home")
