"""How long a piece of work may take, with one timer."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """Ends what the task does inside with TimeoutError, at an instant of the loop's clock, as ``asyncio.timeout_at``
    does. Later it moves without another timer: the one that there is looks when it has come."""

    __slots__ = ("_at", "_cancelling", "_looks_at", "_loop", "_task", "_timer", "has_passed")

    def __init__(self, at: float, loop: asyncio.AbstractEventLoop) -> None:
        self._at = at
        self._loop = loop
        self.has_passed = False

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("only the work of a task has a deadline")
        self._task, self._cancelling = task, task.cancelling()
        self._set_timer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failed: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self.has_passed and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from failed

    def move(self, at: float) -> None:
        """To another instant, unless it has passed."""
        self._at = at
        if at < self._looks_at and not self.has_passed:
            self._timer.cancel()
            self._set_timer()

    def lift(self) -> None:
        """There is none any more, unless it has passed."""
        self._timer.cancel()

    def _set_timer(self) -> None:
        self._looks_at = self._at  # a loop may round what its timers are set to
        self._timer = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        if self._at > self._looks_at:
            self._set_timer()
        else:
            self.has_passed = True
            self._task.cancel()
