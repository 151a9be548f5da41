"""Work given up when its time is over, by one timer for all of it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_LOOKED_AT_EVERY_SECONDS = 0.05


@dataclass(slots=True)
class Deadlines:
    """Each task has ``seconds`` for its work, and at most a moment more.

    A timer of its own for each (asyncio.timeout: 5 us) would cost a third of all else that a quick send does.
    """

    seconds: float
    _until: "dict[asyncio.Task[object], float]" = field(default_factory=dict)  # the first to end first
    _given_up: "set[asyncio.Task[object]]" = field(default_factory=set)
    _timer: asyncio.TimerHandle | None = None

    async def wait_for(self, work: Awaitable[T]) -> T:
        """What comes of the work. Raises TimeoutError where its time is over: it has been cancelled then."""
        loop, task = asyncio.get_running_loop(), _this_task()
        cancelled_before = task.cancelling()
        self._until[task] = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_later(min(self.seconds, _LOOKED_AT_EVERY_SECONDS), self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._given_up and task.uncancel() <= cancelled_before:
                raise TimeoutError from None
            raise
        finally:
            self._until.pop(task, None)
            self._given_up.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, until in list(self._until.items()):
            if until > now:
                break
            del self._until[task]
            self._given_up.add(task)
            task.cancel()
        self._timer = loop.call_later(_LOOKED_AT_EVERY_SECONDS, self._look, loop) if self._until else None


def _this_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("there are deadlines only in tasks")
    return task
