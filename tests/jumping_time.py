"""An event loop in which waiting takes no time: as soon as nothing is left to do, its clock jumps to the next timer.

For tests whose code waits for nothing but timers and itself. What waits for a socket or a thread would see the time
pass meanwhile.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from selectors import DefaultSelector, SelectorKey
from typing import ParamSpec

P = ParamSpec("P")

_A_MOMENT = 0.000_01  # so that what goes round and round without waiting comes to its time limit too


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.seconds


class _Jumps(DefaultSelector):
    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        self.seconds += _A_MOMENT if ready or not timeout else timeout
        return ready


def in_jumping_time(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run an asynchronous test in such a loop. Its fixtures have to be of other kinds."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def seconds_passed() -> float:
    """What the clock of the running loop shows: a monotonic clock for what is tested."""
    return asyncio.get_running_loop().time()
