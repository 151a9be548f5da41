"""Looking on from outside while the workers of an engine finish the due jobs."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.engines.engine import Connection, Engine, Jobs
from benchmarks.processes import Workers
from benchmarks.servers import Counters, Server

LOOK_SECONDS = 0.01
LEISURELY_SECONDS = 0.05
BEFORE_DUE_SECONDS = 0.1

Show: TypeAlias = Callable[[str, int, int], None]
"""What is done at the moment, how much of it is through, and how much it is in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """``seconds`` run from the first claim seen, from the due instant where that was ahead, or from the kill where a
    worker was killed. ``own_commits`` are those of looking on."""

    seconds: float
    unfinished: int
    before: Counters
    after: Counters
    own_commits: int
    worker_cpu_seconds: float
    peak_bytes: int


@dataclass(slots=True, kw_only=True)
class Watch:
    server: Server
    database: str
    connection: Connection
    engine: Engine
    jobs: Jobs
    show: Show
    patience_seconds: float
    _looks: int = 0

    async def until_finished(self, workers: Workers, *, is_ahead: bool, kills_one: bool) -> Seen:
        """Return when no due job is left, or patience is at its end."""
        begun = await self._nearly_due(workers) if is_ahead else None
        before = await self.server.counters(self.database)
        worker_cpu = workers.cpu_seconds()
        killed: float | None = None
        started = time.monotonic()
        pause = LEISURELY_SECONDS if is_ahead and not kills_one else LOOK_SECONDS
        peak = 0
        while True:
            workers.check()
            glance = await self.engine.glance(self.connection, self.jobs)
            self._looks += 1
            if begun is None and glance.has_begun:
                begun, worker_cpu = time.monotonic(), workers.cpu_seconds()
            if kills_one and killed is None and glance.finished >= self.jobs.due / 2:
                workers.kill_one()
                killed = time.monotonic()
            peak = max(peak, workers.largest_bytes())
            self.show("drained", min(glance.finished, self.jobs.due), self.jobs.due)
            left = await self._left() if glance.finished >= self.jobs.due else self.jobs.due
            if left == 0 or time.monotonic() > started + self.patience_seconds:
                break
            await asyncio.sleep(LEISURELY_SECONDS if glance.finished >= self.jobs.due else pause)
        seconds = time.monotonic() - (killed or begun or started)
        if kills_one and killed is None:
            sys.exit("the jobs were finished before a worker could be killed: try more --rows")
        after = await self.server.counters(self.database)
        return Seen(
            seconds=seconds,
            unfinished=await self._left(),
            before=before,
            after=after,
            own_commits=self._looks,
            worker_cpu_seconds=workers.cpu_seconds() - worker_cpu,
            peak_bytes=peak,
        )

    async def _left(self) -> int:
        self._looks += 1
        return await self.engine.left(self.connection, self.jobs)

    async def _nearly_due(self, workers: Workers) -> float:
        """Return shortly before the first job is due, and when that is on the monotonic clock."""
        wait = await self.connection.fetchval("SELECT extract(epoch FROM $1 - now())::float8", self.jobs.first_due)
        due = time.monotonic() + wait
        while (left := due - BEFORE_DUE_SECONDS - time.monotonic()) > 0:
            workers.check()
            self.show("waiting until they are due", 0, self.jobs.due)
            await asyncio.sleep(min(left, 0.2))
        return due
