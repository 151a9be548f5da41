"""Processes that compute, so that the event loop does not: as few as the machine has cores, started when needed."""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from marketmind_scheduler.adapters.numeric.frames import HEAD, framed, length_of

T = TypeVar("T")
MOST = 4
_IDLE_SECONDS = 60
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PINNED_ZONES = {"PYTHONTZPATH": ""}  # zone rules come from the tzdata package, as in the process that asks


class WorkerDied(Exception):  # noqa: N818  # named after what happened
    """The process ended before it had answered."""


class Workers:
    """Runs functions by name, each call in a process that does nothing else meanwhile; the others wait their turn.

    A call that is cancelled ends its process, and so does one that kills it: the next call has a fresh one. Those that
    nobody has needed for a minute end.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most or min(MOST, os.cpu_count() or 1)
        self._turn = asyncio.Semaphore(self.most)
        self._idle: list[Process] = []
        self._rest: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[object]] = set()

    async def run(self, function: str, returned: type[T], *arguments: object) -> T:
        """What ``module:function`` returns, of this type; what it raises is raised here as RuntimeError. Raises
        WorkerDied."""
        question = await asyncio.to_thread(pickle.dumps, (function, arguments))
        async with self._turn:
            answer = await self._asked(question)
        is_well, outcome = pickle.loads(answer)  # noqa: S301  # a process of our own wrote it
        if not is_well:
            raise RuntimeError(outcome)
        if not isinstance(outcome, returned):
            raise TypeError(f"{function} returned {type(outcome).__name__}, not {returned.__name__}")
        return outcome

    async def close(self) -> None:
        """End those that wait; no call may be under way."""
        if self._rest:
            self._rest.cancel()
        self._dismiss()
        await asyncio.gather(*self._leaving)

    async def _asked(self, question: bytes) -> bytes:
        if self._rest:
            self._rest.cancel()
        worker = await self._ready()
        try:
            answer = await _exchanged(worker, question)
        except BaseException:
            await _ended(worker)
            raise
        self._idle.append(worker)
        self._rest = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._dismiss)
        return answer

    async def _ready(self) -> Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
        environment = {**os.environ, **_ONE_THREAD, **_PINNED_ZONES}
        module = f"{__package__}.worker"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, stdin=PIPE, stdout=PIPE, env=environment
        )

    def _dismiss(self) -> None:
        while self._idle:
            leaving = asyncio.ensure_future(_ended(self._idle.pop()))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)


@asynccontextmanager
async def working() -> AsyncGenerator[Workers]:
    """Workers that start when they are needed, and end with the context."""
    workers = Workers()
    try:
        yield workers
    finally:
        await workers.close()


async def _exchanged(worker: Process, question: bytes) -> bytes:
    stdin, stdout = worker.stdin, worker.stdout
    if stdin is None or stdout is None:
        raise WorkerDied
    try:
        stdin.writelines(framed(question))
        await stdin.drain()
        return await stdout.readexactly(length_of(await stdout.readexactly(HEAD)))
    except (asyncio.IncompleteReadError, ConnectionError) as broken:
        raise WorkerDied from broken


async def _ended(worker: Process) -> None:
    if worker.returncode is None:
        worker.kill()
    await worker.communicate()
