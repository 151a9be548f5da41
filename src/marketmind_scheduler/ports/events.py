"""The log of events, to be read."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.event import AnyEvent
from marketmind_scheduler.domain.history import History


class EventRepository(Protocol):
    async def list(self, *, brand_id: UUID | None, after: int, limit: int) -> Sequence[AnyEvent]:
        """Up to ``limit`` events behind the position ``after``, in their final order; none that another may yet come
        before."""
        ...

    async def latest_position(self) -> int:
        """The position up to which all events have come; 0 before the first."""
        ...

    async def forgotten_up_to(self) -> int:
        """The last position that was forgotten for its age, with all before it; 0: none was. Asked behind ``list``, it
        tells whether that was whole."""
        ...

    async def history(self, known: UUID | None) -> History:
        """The history that events are told of now, beside the one that a reader knows: none where it has gone back
        behind the mark that it was given."""
        ...

    async def oldest_position(self) -> int | None:
        """The first position that is there."""
        ...
