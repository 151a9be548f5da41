"""Long loops that let the event loop look after others in between."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")

_AT_A_TIME = 250  # a few milliseconds of what is done for a schedule


async def unhurried(items: Iterable[T]) -> AsyncGenerator[T]:
    """All of them in their order, with a break after each few hundred."""
    for nth, each in enumerate(items, start=1):
        yield each
        if nth % _AT_A_TIME == 0:
            await asyncio.sleep(0)
