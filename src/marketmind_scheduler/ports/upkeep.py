"""What keeps the queue and the event log in order, whoever of any number of processes does it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus


class Upkeep(Protocol):
    """Each method is one transaction of its own, judged by the storage's clock, and raises StorageUnavailable."""

    async def expire_leases(self, *, limit: int, most_lost: int) -> Sequence[ScheduleStatus]:
        """Take back up to ``limit`` schedules whose lease ran out; return where each stands now.

        Before the send began: PENDING again, and FAILED at the ``most_lost``-th time. After it: UNCONFIRMED, or
        PENDING again while a repeat is certainly dropped by its receiver and a retry is left.
        """
        ...

    async def miss_late(self, *, limit: int) -> Sequence[ScheduleStatus]:
        """Act on up to ``limit`` waiting schedules past their latest time: MISSED where the brand skips, still PENDING
        but held where it holds, UNCONFIRMED where an earlier send may be out. Returns where each stands now."""
        ...

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        """Spread what has been due for longer than ``age``: each brand's posts on a platform go out in the order of
        their publish times, one now and one more at each pace. Returns how many wait; 0 while another process does
        this. May take minutes for millions."""
        ...

    async def sequence_events(self, *, limit: int) -> int:
        """Give up to ``limit`` written events their final position, in an order that keeps each schedule's own, and
        let the statuses of their campaigns follow. Returns how many; 0 while another process does this."""
        ...
