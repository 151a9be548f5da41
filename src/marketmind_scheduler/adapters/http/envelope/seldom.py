"""Saying once a second what happens without end."""

import math
from collections.abc import Callable

_SECONDS = 1.0


class Seldom:
    """For each kind, of which there are few, when it was told and how often it was not."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._told: dict[str, tuple[float, int]] = {}

    def untold(self, kind: str) -> int | None:
        """How often it has happened untold before now, which is to be told; None: it was told a moment ago."""
        now = self._monotonic()
        at, untold = self._told.get(kind, (-math.inf, 0))
        if now - at < _SECONDS:
            self._told[kind] = at, untold + 1
            return None
        self._told[kind] = now, 0
        return untold
