"""Work on many things that lets the event loop look after others meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_MANY = 500
_AT_A_TIME = 250  # a few milliseconds of what is done for a schedule


async def unhurried(items: Iterable[T]) -> AsyncGenerator[T]:
    """All of them in their order, with a break after each few hundred."""
    for nth, each in enumerate(items, start=1):
        yield each
        if nth % _AT_A_TIME == 0:
            await asyncio.sleep(0)


async def aside(work: Callable[[], T], items: int) -> T:
    """What comes of work on so many items, which is done beside the event loop where they are many."""
    return await asyncio.to_thread(work) if items > _MANY else work()
