"""Verdicts written in batches, again and again until they are written."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver
from marketmind_scheduler.ports.dispatch_queue import Settled

_MOST_IN_A_BATCH = 250
_LINGER_SECONDS = 0.02
_PAUSE_SECONDS = 0.2

Ended = tuple[Claim, Settlement]


class Settler:
    """Losing a verdict would leave a post UNCONFIRMED that is known to be out; writing it twice changes nothing. So
    what cannot be written is kept and written again over another connection."""

    def __init__(self, verdicts: Verdicts, *, observer: DispatchObserver) -> None:
        self._verdicts = verdicts
        self._observer = observer
        self._waiting: asyncio.Queue[Ended] = asyncio.Queue(_MOST_IN_A_BATCH)
        self._being_written: Sequence[Ended] = ()

    async def put(self, claim: Claim, settlement: Settlement) -> None:
        """Have it written soon; waits while very many are waiting already."""
        await self._waiting.put((claim, settlement))

    async def run(self) -> None:
        """Write what was put, for ever."""
        while True:
            self._being_written = await self._next_batch()
            await self.write(self._being_written)
            for _ in self._being_written:
                self._waiting.task_done()
            self._being_written = ()

    async def all_written(self) -> None:
        await self._waiting.join()

    def unwritten(self) -> Sequence[Ended]:
        """Take out what has not been written: nobody will do it any more."""
        return [*self._being_written, *(self._waiting.get_nowait() for _ in range(self._waiting.qsize()))]

    async def write(self, batch: Sequence[Ended]) -> Mapping[UUID, Settled]:
        """Return when all of these are written."""
        while True:
            try:
                settled = await self._verdicts.record([settlement for _, settlement in batch])
            except StorageUnavailable as unavailable:
                self._observer.unavailable(unavailable)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                for claim, settlement in batch:
                    self._observer.settled(claim, settlement, settled[settlement.schedule_id])
                return settled

    async def _next_batch(self) -> Sequence[Ended]:
        batch = [await self._waiting.get()]
        await asyncio.sleep(_LINGER_SECONDS if self._waiting.empty() else 0)
        while len(batch) < _MOST_IN_A_BATCH and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        return batch
