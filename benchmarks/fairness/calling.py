"""A caller that behaves well: four connections that it keeps, one request at a time on each, and its own key."""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter
from uuid import UUID, uuid4

REQUESTS = 2_000  # fewer than its rate lets it send at once
CONNECTIONS = 4
LOOK_EVERY = 0.05
MOST_SECONDS = 60


@dataclass(frozen=True)
class Measured:
    """``p99`` and ``live`` in seconds; ``live`` is the longest that ``/health/live`` took meanwhile. A request that is
    refused counts for the time it took and not as done."""

    per_second: float
    p99: float
    live: float


def keys(program: str, url: str, count: int) -> Sequence[str]:
    """Of services that may do everything."""
    create = [program, "keys", "create", "--scope", "admin", "--name"]
    environment = {**os.environ, "DATABASE_URL": url}
    return [
        subprocess.run(
            [*create, f"bench-{uuid4().hex}"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(count)
    ]


async def well_behaved(port: int, key: str, ids: Sequence[UUID]) -> Measured:
    """Read schedules, one after another on each connection, while somebody looks whether the service lives."""
    waiting = iter([ids[nth % len(ids)] for nth in range(REQUESTS)])
    taken: list[float] = []
    lives: list[float] = []
    done = 0

    async def one_connection() -> None:
        nonlocal done
        caller = _Caller(port, f"authorization: Bearer {key}\r\n")
        for schedule_id in waiting:
            status, seconds = await caller.get(f"/schedules/{schedule_id}")
            taken.append(seconds)
            done += status == 200

    async def look() -> None:
        caller = _Caller(port, "")
        while True:
            lives.append((await caller.get("/health/live"))[1])
            await asyncio.sleep(LOOK_EVERY)

    began, looking = perf_counter(), asyncio.create_task(look())
    try:
        async with asyncio.timeout(MOST_SECONDS), asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(one_connection())
    except TimeoutError:
        taken.append(MOST_SECONDS)
    looking.cancel()
    return Measured(per_second=done / (perf_counter() - began), p99=quantiles(taken, n=100)[98], live=max(lives))


class _Caller:
    """One connection, opened anew where the service has closed it."""

    def __init__(self, port: int, headers: str) -> None:
        self._port = port
        self._headers = headers
        self._opened: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, float]:
        """The status, and the seconds until it was there; 0 where there was no answer."""
        began = perf_counter()
        try:
            reader, writer = self._opened = self._opened or await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n{self._headers}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            self._opened = None
            return 0, perf_counter() - began
        return int(head[9:12]), perf_counter() - began
