"""The log of events, to be read."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.event import AnyEvent


class EventRepository(Protocol):
    async def list(self, *, brand_id: UUID | None, after: int, limit: int) -> Sequence[AnyEvent]:
        """Up to ``limit`` events behind the position ``after``, in their final order."""
        ...

    async def latest_position(self) -> int:
        """The last position that has been given; 0 before the first."""
        ...
