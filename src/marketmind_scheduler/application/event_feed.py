"""Events read in their final order, waiting for new ones where there are none yet."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.domain.errors import Deleted, StorageUnavailable
from marketmind_scheduler.domain.event import AnyEvent
from marketmind_scheduler.ports.events import EventRepository
from marketmind_scheduler.ports.storage import Storage

_LOOK_SECONDS = 0.2


class Lookout:
    """Any number of readers may wait: one look at the storage serves all of them."""

    def __init__(self, storage: Storage) -> None:
        self.latest = 0
        self._storage = storage
        self._look: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def is_closed(self) -> bool:
        return self._closing.is_set()

    async def look(self) -> None:
        """Return when ``latest`` is the position that the last event has had within the last moments."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._see_latest())
        await asyncio.shield(self._look)

    def close(self) -> None:
        """Let everybody who waits return."""
        self._closing.set()

    async def _see_latest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._closing.wait()
        with suppress(StorageUnavailable):  # whoever reads next is told
            async with self._storage.reading() as repositories:
                self.latest = await repositories.events.latest_position()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events, and the position and the ``mark`` of the history to ``go_on`` with."""

    events: Sequence[AnyEvent]
    go_on: int
    mark: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFeed:
    """``lookout`` is shared by all feeds, whatever of the storage exists for each."""

    storage: Storage
    lookout: Lookout

    async def read(
        self, *, brand_id: UUID | None, after: int, limit: int, wait: timedelta, known: UUID | None = None
    ) -> Page:
        """Up to ``limit`` events behind the position ``after``, 0: from the oldest there is; where there are none, the
        first that come within ``wait``; and the position and the history to go on with. What has been read up to a
        position never changes, so nothing is missed by going on from there. Raises Gone where some behind ``after``
        were removed, and HistoryChanged where the storage has gone back behind it, of a reader that names the history
        it has ``known``, or has read further than there is."""
        seen = self.lookout.latest
        page = await self._page(brand_id, after, limit, known)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                while wait and not page.events and not self.lookout.is_closed:
                    await self.lookout.look()
                    if self.lookout.latest != seen:
                        seen = self.lookout.latest
                        page = await self._page(brand_id, after, limit, known)
        return page

    def close(self) -> None:
        """Let every reader that waits return."""
        self.lookout.close()

    async def _page(self, brand_id: UUID | None, after: int, limit: int, known: UUID | None) -> Page:
        async with self.storage.reading() as repositories:
            behind = after or await repositories.events.forgotten_up_to()
            events = await repositories.events.list(brand_id=brand_id, after=behind, limit=limit)
            if after:
                await _check_whole(repositories.events, after)
            history = await repositories.events.history(known)
            history.check(after, latest=after if events else await repositories.events.latest_position())
        return Page(events=events, go_on=events[-1].position if events else behind, mark=history.mark)


async def _check_whole(events: EventRepository, after: int) -> None:
    """Raises Gone. Asked behind the list, so that what is removed meanwhile is noticed."""
    up_to = await events.forgotten_up_to()
    if after < up_to:
        raise Deleted.events(after, up_to=up_to, oldest=await events.oldest_position())
