"""Doing work again when another transaction got in its way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from marketmind_scheduler.domain.errors import StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")

_REPEATS = 3
_LONGEST_PAUSE_SECONDS = 0.05


class LostRace(StorageUnavailable):
    """Another transaction got in the way of this one; the whole unit of work can be done again."""

    code = StorageUnavailable.code


def repeats_lost_races(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Repeat ``work`` up to three times after LostRace, with a short random pause, then let it through."""

    @wraps(work)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_REPEATS):
            try:
                return await work(*args, **kwargs)
            except LostRace:
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311
        return await work(*args, **kwargs)

    return repeated
