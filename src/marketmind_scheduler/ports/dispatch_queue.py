"""What is due, handed out under leases and settled. That it is handed out is the record that its send begins.

Each method is one short transaction of its own, committed before it returns, and raises StorageUnavailable when the
storage cannot be used. Due, late and expired are judged by the storage's clock alone: callers pass durations. ``owner``
names one run of one process, or a puller.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import Attempt, Settlement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import Recorded


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a settlement, and where its schedule stands; None: there is no such schedule."""

    recorded: Recorded
    status: ScheduleStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Up to ``room`` schedules of one platform that go to one target: those of one brand, or without it of every brand
    but the ``others``. What may be out already, only where the target drops a repeat for ``least_lease`` longer;
    ``resend_window`` is how long after a send it does."""

    platform: Platform
    room: int
    resend_window: timedelta | None = None
    least_lease: timedelta = timedelta()
    brand_id: UUID | None = None
    others: frozenset[UUID] = frozenset()


class DispatchQueue(Protocol):
    def within(self, reach: Reach) -> "DispatchQueue":
        """The same queue, which hands out only what is of these brands."""
        ...

    def acting(self, actor: str) -> "DispatchQueue":
        """The same queue, which tells its events as ``actor``'s."""
        ...

    async def claim(
        self,
        wanted: Sequence[Wanted],
        *,
        most: int | None = None,
        claim_id: UUID,
        owner: UUID,
        lease: timedelta,
    ) -> Sequence[Attempt]:
        """Make due schedules ours for ``lease``, as many as are wanted of each and no more than ``most`` altogether,
        and record that their sends begin now; the earliest due first. Only what is returned may be sent, and each of it
        once; what is not sent after all is settled as UNSENT.

        No schedule is handed to two callers. One that is paused, held or past its latest time is not handed out. What
        was due long before somebody wrote that it is may be found some seconds after the others.

        ``claim_id`` is new for each call: where the answer is lost, ``give_back`` undoes it.
        """
        ...

    async def give_back(self, claim_ids: Collection[UUID]) -> int:
        """Let what these calls of ``claim`` made ours, whose answers nobody has heard, be due as it was: none of it was
        sent. Safe to repeat; what has been settled stays as it is. Returns how many."""
        ...

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        """Record how these claims ended, all together, and return where their schedules stand now.

        A verdict that comes in time is recorded with its ``step``, or with ``step.otherwise`` unless a repeat is
        certainly dropped by then. What is left out came late: the claim's lease has run out, or it is not the
        schedule's latest one, or it is not ``owner``'s, or it was recorded before.
        """
        ...

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        """Let the leases of these schedules, each with its token, end ``lease`` from now; return those still held."""
        ...

    async def now(self) -> datetime:
        """What the storage's clock says."""
        ...

    async def next_due_in(self, wanted: Sequence[Wanted]) -> timedelta | None:
        """How long until the next schedule is due that ``claim`` would hand out, negative when it is overdue; None
        without one."""
        ...
