"""Doing work again when another transaction got in its way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from marketmind_scheduler.domain.pacing import LOST_RACES, pause_after_lost_race
from marketmind_scheduler.ports.storage import LostRace

P = ParamSpec("P")
T = TypeVar("T")


def repeats_lost_races(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Repeat ``work`` up to LOST_RACES times after LostRace, with a short random pause, then let it through."""

    @wraps(work)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(LOST_RACES):
            try:
                return await work(*args, **kwargs)
            except LostRace:
                await asyncio.sleep(pause_after_lost_race(jitter=random.random()))  # noqa: S311
        return await work(*args, **kwargs)

    return repeated
