"""What keeps the queue and the events in order, in every process that serves or dispatches, whether it sends or not."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.refitting import Refitting
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.pacing import OVERDUE, PACES
from marketmind_scheduler.ports.dispatch_observer import UpkeepObserver
from marketmind_scheduler.ports.statistics import Statistics
from marketmind_scheduler.ports.upkeep import Upkeep

_AT_ONCE = 1000
_EVENTS_AT_ONCE = 10_000  # so that a campaign, whose posts are all looked at, follows them once
_UPKEEP_SECONDS, _SEQUENCE_SECONDS, _FORGET_SECONDS = 1.0, 0.1, 60.0
_REFIT_SECONDS, _COUNT_SECONDS = 1.0, 10.0
_BESIDE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeeping:
    """Claims that were lost, leases that ran out, posts that are too late, lanes that are behind, the order of events,
    what has expired, profiles to be fitted anew, and tables that have grown.
    Any number of processes may do it at once."""

    lost_claims: LostClaims
    lost_and_late: LostAndLate
    upkeep: Upkeep
    refitting: Refitting
    statistics: Statistics
    observer: UpkeepObserver

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Do all of it again and again as long as the context, also while the storage cannot be used now and then, and
        where a round of it breaks."""
        async with asyncio.TaskGroup() as loops:
            tasks = [
                loops.create_task(self._every(_UPKEEP_SECONDS, self.keep_up)),
                loops.create_task(self._every(_SEQUENCE_SECONDS, self.sequence)),
                loops.create_task(self._every(_FORGET_SECONDS, self.forget)),
                loops.create_task(self._every(_REFIT_SECONDS, self.refitting.refit_due)),
                loops.create_task(self._every(_COUNT_SECONDS, self.count)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def keep_up(self) -> None:
        """Once, apart from the order of events; raises StorageUnavailable."""
        await self.lost_claims.give_back()
        while expired := await self.lost_and_late.take_back(limit=_AT_ONCE):
            self.observer.expired(expired)
        while late := await self.lost_and_late.give_up_late(limit=_AT_ONCE):
            self.observer.came_too_late(late)
        await self.catch_up()

    async def catch_up(self) -> None:
        """Give lanes that are behind their order and pace: before anything is claimed after a while in which nobody
        looked. Waits for another process that is at it. Raises StorageUnavailable."""
        while (waiting := await self.upkeep.catch_up(age=OVERDUE, paces=PACES)) is None:  # noqa: ASYNC110  # it is elsewhere
            await asyncio.sleep(_BESIDE_SECONDS)
        if waiting:
            self.observer.spread(waiting)

    async def sequence(self) -> None:
        """Let every event be read that is final; raises StorageUnavailable."""
        while await self.upkeep.sequence_events(limit=_EVENTS_AT_ONCE) == _EVENTS_AT_ONCE:
            pass

    async def forget(self) -> None:
        """Forget what has expired, in pieces; raises StorageUnavailable."""
        while await self.upkeep.forget_expired(limit=_AT_ONCE) == _AT_ONCE:
            pass

    async def count(self) -> None:
        """Let the storage count what has grown; raises StorageUnavailable."""
        if tables := await self.statistics.renew():
            self.observer.counted(tables)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while not _is_told_to_stop():
            try:
                await work()
            except StorageUnavailable as unavailable:
                self.observer.unavailable(unavailable)
            except Exception as surprise:  # noqa: BLE001  # the others, and the next round, are not concerned
                self.observer.broke(work.__name__, surprise)
            await asyncio.sleep(seconds)


def _is_told_to_stop() -> bool:
    """Whether this task was cancelled, also where what it did meanwhile raised something else instead."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
