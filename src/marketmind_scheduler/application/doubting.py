"""After a restore from a backup: what may have been sent since then is not sent again before a person has looked."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.lifecycle import doubted
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.transitions import Change, LaneCount, Locked, lost

_AT_ONCE = 1000
_RESTORED = "restored from a backup: it may have been sent since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubting:
    """Concerned is what was made at ``since`` or before, the moment to which the storage has gone back, what should
    have been sent by now, and is PENDING or PUBLISHING. Both may be repeated, and raise StorageUnavailable."""

    storage: Storage

    async def concerned(self, since: datetime) -> Sequence[LaneCount]:
        """How many schedules ``doubt`` would change, by brand and platform."""
        async with self.storage.unit_of_work() as work:
            return await work.transitions.count_perhaps_sent(made_by=since)

    async def doubt(self, since: datetime) -> AsyncGenerator[int]:
        """Let them be UNCONFIRMED, as ``lifecycle.doubted`` says, in pieces that keep no lock for long; tells the size
        of each. Cut off in between, it is to be called again."""
        while changed := await self._piece(since):
            yield changed

    @repeats_lost_races
    async def _piece(self, since: datetime) -> int:
        async with self.storage.unit_of_work() as work:
            locked = await work.transitions.lock_perhaps_sent(made_by=since, limit=_AT_ONCE)
            await work.transitions.record([_doubted(each) for each in locked], shown=False)
            await work.commit()
        return len(locked)


def _doubted(locked: Locked) -> Change:
    schedule_id = locked.schedule.schedule_id
    return Change(schedule_id=schedule_id, step=doubted(locked.standing), error=_RESTORED, tried=lost(locked))
