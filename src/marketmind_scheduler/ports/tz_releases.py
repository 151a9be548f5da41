"""Which releases of the time zone rules have been used."""

from datetime import datetime
from typing import Protocol


class TzReleaseRepository(Protocol):
    """The releases of the time zone rules that schedules on this storage were made with."""

    async def add(self, release: str, *, now: datetime) -> None:
        """Remember a release, where neither it nor a newer one is remembered yet."""
        ...

    async def newest(self) -> str | None: ...
