"""Doing a use case again when another transaction got in the way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from marketmind_scheduler.ports.storage import LostRace

P = ParamSpec("P")
T = TypeVar("T")

_REPEATS = 3
_LONGEST_PAUSE_SECONDS = 0.05


def repeats_lost_races(use_case: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Repeat ``use_case`` up to three times after LostRace, with a short random pause, then let it through."""

    @wraps(use_case)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_REPEATS):
            try:
                return await use_case(*args, **kwargs)
            except LostRace:
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311
        return await use_case(*args, **kwargs)

    return repeated
