"""What is to be done with schedules that nobody works on any more: lost leases, and posts that are too late, to be sent
or to be repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.lifecycle import after_lost_lease, when_late, when_no_repeat_is_dropped
from marketmind_scheduler.domain.pacing import wait_after_lost_lease
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.transitions import Change, Locked, lost

_LOST = "the lease ran out before a verdict came"
_NOT_DROPPED = "it may be out, and its receiver does not promise any more to drop a repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAndLate:
    """Any number of processes may do it at once. ``jitter`` draws from [0, 1)."""

    storage: Storage
    jitter: Callable[[], float]

    @repeats_lost_races
    async def take_back(self, *, limit: int) -> Sequence[ScheduleStatus]:
        """Take back up to ``limit`` schedules whose lease has run out, as ``lifecycle.after_lost_lease`` says; return
        where each stands now. Raises StorageUnavailable."""
        async with self.storage.unit_of_work() as work:
            expired = await work.transitions.lock_expired(limit=limit)
            stored = await work.transitions.record([self._lost(each) for each in expired])
            await work.commit()  # also where leases were only made to end earlier
        return [schedule.status for schedule in stored]

    @repeats_lost_races
    async def give_up_late(self, *, limit: int) -> Sequence[ScheduleStatus]:
        """Act on up to ``limit`` waiting schedules past their latest time, or to be repeated though a repeat is not
        dropped any more, as ``lifecycle.when_late`` and ``when_no_repeat_is_dropped`` say; return where each stands
        now. Raises StorageUnavailable."""
        async with self.storage.unit_of_work() as work:
            late = await work.transitions.lock_late(limit=limit)
            if not late:
                return []
            stored = await work.transitions.record([_too_late(each) for each in late])
            await work.commit()
        return [schedule.status for schedule in stored]

    def _lost(self, expired: Locked) -> Change:
        before = expired.standing
        wait = wait_after_lost_lease(tries=before.retry_count, jitter=self.jitter())
        return Change(
            schedule_id=expired.schedule.schedule_id,
            step=after_lost_lease(before).where_repeats_are(dropped=expired.drops_repeats(after=wait)),
            wait=wait,
            error=_LOST,
            tried=lost(expired),
        )


def _too_late(late: Locked) -> Change:
    if late.standing.is_doubtful and not late.standing.holds and not late.drops_repeats(after=timedelta()):
        step = when_no_repeat_is_dropped(late.standing)
        return Change(schedule_id=late.schedule.schedule_id, step=step, error=_NOT_DROPPED)
    return Change(
        schedule_id=late.schedule.schedule_id,
        step=when_late(late.standing),
        error=f"too late: not sent by {_written(late.schedule.latest_at)}",
    )


def _written(latest_at: datetime | None) -> str:
    return f"{latest_at:%Y-%m-%dT%H:%M:%SZ}" if latest_at else "its latest time"
