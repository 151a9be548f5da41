"""Claims whose answers were lost: what they made ours is given back, for nobody heard of it and nothing was sent."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Wanted
from marketmind_scheduler.ports.ids import NewId

_REMEMBERED_SECONDS = 60.0
"""Longer than a statement whose client has gone can take to commit."""
_MOMENT_SECONDS = 1.0
_MOST = 10_000
"""While the storage is away, claims are lost all the time; only the first of them may have been done."""


class LostClaims:
    """Every claim of one process goes through here under an id of its own, so that giving one back touches no other,
    whoever waits for it."""

    def __init__(self, queue: DispatchQueue, *, new_id: NewId, monotonic: Callable[[], float]) -> None:
        self._queue = queue
        self._new_id = new_id
        self._monotonic = monotonic
        self._lost: dict[UUID, float] = {}

    async def claim(
        self,
        queue: DispatchQueue,
        wanted: Sequence[Wanted],
        *,
        owner: UUID,
        lease: timedelta,
        most: int | None = None,
    ) -> Sequence[Attempt]:
        """``DispatchQueue.claim``; one that fails or is cancelled is remembered, for it may have been done."""
        claim_id = self._new_id()
        try:
            return await queue.claim(wanted, most=most, claim_id=claim_id, owner=owner, lease=lease)
        except (Exception, asyncio.CancelledError):
            if len(self._lost) < _MOST:
                self._lost[claim_id] = self._monotonic() + _REMEMBERED_SECONDS
            raise

    async def try_to_give_back(self) -> None:
        """As far as the storage answers within a moment."""
        with suppress(TimeoutError, StorageUnavailable):
            async with asyncio.timeout(_MOMENT_SECONDS):
                await self.give_back()

    async def give_back(self) -> None:
        """Let what was lost be due again; to be done every second, for a statement may commit after its client has
        gone. Nothing is forgotten before it was given back, however long that takes. Raises StorageUnavailable."""
        if self._lost:
            now = self._monotonic()
            await self._queue.give_back(list(self._lost))
            self._lost = {claim_id: until for claim_id, until in self._lost.items() if until > now}
