"""How long the event loop does not go round while something is done."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST_PAUSE = 0.05


async def without_pause(work: Callable[[], Awaitable[T]]) -> T:
    """What comes of it. Fails where the loop does not go round for longer, by what this process computes meanwhile:
    what others do on the machine is none of its business, and what happens once in three tries is theirs too."""
    pauses: list[float] = []
    for _ in range(3):
        outcome, pause = await with_pause(work())
        if pause < LONGEST_PAUSE:
            return outcome
        pauses.append(pause)
    raise AssertionError(f"the loop stood still for {min(pauses) * 1000:.0f} ms")


async def with_pause(work: Awaitable[T]) -> tuple[T, float]:
    """What comes of it, and the longest pause meanwhile."""
    pauses = [0.0]

    async def beat() -> None:
        while True:
            before = time.process_time()
            await asyncio.sleep(0)
            pauses.append(time.process_time() - before)

    beating = asyncio.create_task(beat())
    try:
        return await work, max(pauses)
    finally:
        beating.cancel()
