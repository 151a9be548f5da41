"""Verdicts written in batches, again and again until they are written."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from uuid import UUID

from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver
from marketmind_scheduler.ports.dispatch_queue import Settled

MOST_IN_A_BATCH = 500
_PAUSE_SECONDS = 0.2

Ended = tuple[Claim, Settlement]


class Settler:
    """Losing a verdict would leave a post UNCONFIRMED that is known to be out; writing it twice changes nothing. So
    what cannot be written is kept and written again over another connection. ``on_written`` is called after each
    batch."""

    def __init__(self, verdicts: Verdicts, *, observer: DispatchObserver, on_written: Callable[[], None]) -> None:
        self._verdicts = verdicts
        self._observer = observer
        self._on_written = on_written
        self._waiting: deque[Ended] = deque()
        self._some_wait = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()

    @property
    def unwritten(self) -> Sequence[Ended]:
        """What waits to be written, or is being written, in the order in which it was put."""
        return list(self._waiting)

    def __len__(self) -> int:
        """How many are unwritten."""
        return len(self._waiting)

    def put(self, *ended: Ended) -> None:
        """Have them written soon."""
        self._waiting.extend(ended)
        if ended and not self._some_wait.is_set():
            self._some_wait.set()
            self._all_written.clear()

    async def run(self) -> None:
        """Write what was put, for ever. A batch is what has come while the one before was written."""
        while True:
            await self._some_wait.wait()
            batch = list(islice(self._waiting, MOST_IN_A_BATCH))
            await self.write(batch)
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._some_wait.clear()
                self._all_written.set()
            self._on_written()

    async def all_written(self) -> None:
        await self._all_written.wait()

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
