"""What the storage knows of how many rows it has, and plans its work by."""

from collections.abc import Collection
from typing import Protocol


class Statistics(Protocol):
    async def renew(self) -> Collection[str]:
        """Let the storage count anew what has GROWN since it was counted last, and return the names of what was, the
        largest first. Nothing, while another process does this or where the storage has done it by itself, or does
        not let us. Holds nobody up, and takes a minute at most for each. Raises StorageUnavailable."""
        ...
