"""More processes that answer at the same port: started by the first one, replaced where they end, and ended with it."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import socket

import structlog

from marketmind_scheduler.adapters.added_metrics import Adding
from marketmind_scheduler.entrypoints.wiring.service import Service

MODULE = "marketmind_scheduler.entrypoints.commands.worker"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_LIVED_WELL = 60.0
_END_SECONDS = 25

log = structlog.get_logger()


class WorkerEnded(Exception):  # noqa: N818  # named after what happened
    """A worker has ended by itself."""


class Workers:
    """Those beside the first process. They have its settings, take connections from the same listening socket, and
    end when it tells them to or is no more."""

    def __init__(self, listener: socket, directory: Path, broke: Callable[[str, Exception], None]) -> None:
        self._listener = listener
        self._directory = directory
        self._broke = broke
        self._running: dict[int, Process] = {}
        self._stopping = asyncio.Event()

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(self._running)

    def stop(self) -> None:
        """Tell them to end as the first one does."""
        self._stopping.set()
        for process in self._running.values():
            tell(process, signal.SIGTERM)

    async def keep(self, number: int) -> None:
        """Until they are told to stop, let there be so many; one that ends is replaced, soon at first, then later."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(number):
                tasks.create_task(self._keep_one())

    async def _keep_one(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._one_life()
            if self._stopping.is_set():
                return
            self._broke("worker", WorkerEnded(f"it ended with {code}"))
            pause = _FIRST_PAUSE if time.monotonic() - began > _LIVED_WELL else min(2 * pause, _LONGEST_PAUSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _one_life(self) -> int:
        descriptor = self._listener.fileno()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE, str(descriptor), str(self._directory)),
            stdin=PIPE,  # whoever holds its other end is gone when this process is, whatever ended it
            pass_fds=(descriptor,),
            start_new_session=True,  # Ctrl-C in a terminal is for the first one
        )
        self._running[process.pid] = process
        try:
            if self._stopping.is_set():
                tell(process, signal.SIGTERM)
                async with asyncio.timeout(_END_SECONDS):
                    return await process.wait()
            return await process.wait()
        finally:
            if process.returncode is None:
                tell(process, signal.SIGKILL)
            del self._running[process.pid]


def tell(process: Process, to_end: signal.Signals) -> None:
    """One that has ended by itself meanwhile is told nothing."""
    with suppress(ProcessLookupError):
        process.send_signal(to_end)


@asynccontextmanager
async def beside(service: Service, listener: socket, number: int) -> AsyncGenerator[Callable[[], None]]:
    """So many workers beside this process as long as the context; what is given stops them."""
    if not number:
        yield lambda: None
        return
    with tempfile.TemporaryDirectory(prefix="marketmind-workers-") as directory:
        workers = Workers(listener, Path(directory), service.metering.broke)
        adding = Adding(Path(directory), service.registry, lambda: workers.pids)
        service.metrics.add_up(adding.others)
        keeping = asyncio.create_task(workers.keep(number))
        try:
            yield workers.stop
        finally:
            workers.stop()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await keeping
            except TimeoutError:
                log.warning("workers that did not end were killed")


def cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
