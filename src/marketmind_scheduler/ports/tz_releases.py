"""Which releases of the time zone rules have been used."""

from datetime import datetime
from typing import Protocol


class TzReleaseRepository(Protocol):
    """The releases of the time zone rules that processes on this storage have used."""

    async def add(self, release: str, *, now: datetime) -> None:
        """Remember a release, where it is not remembered yet."""
        ...

    async def newest(self) -> str | None: ...
