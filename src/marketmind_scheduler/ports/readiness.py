"""Whether this process can do its work right now."""

from typing import Protocol


class Readiness(Protocol):
    async def reachable(self) -> None:
        """Return when the storage answers; raises StorageUnavailable."""
        ...

    async def schema_is_current(self) -> bool:
        """Whether the storage's schema is the one this version was written for; raises StorageUnavailable."""
        ...

    async def takes_writes(self) -> bool:
        """Whether a write came to its end within the last seconds; asked of a storage that answers. Costs little,
        however often it is asked."""
        ...
