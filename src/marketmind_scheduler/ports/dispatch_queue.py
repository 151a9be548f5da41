"""What is due, handed out under leases and settled.

Each method is one short transaction of its own, committed before it returns, and raises StorageUnavailable when the
storage cannot be used. Due, late and expired are judged by the storage's clock alone: callers pass durations. ``owner``
names one run of one process.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import Recorded


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a settlement, and where its schedule stands; None: there is no such schedule."""

    recorded: Recorded
    status: ScheduleStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A claim whose send is to begin. ``resend_window`` is that of its target."""

    claim: Claim
    resend_window: timedelta | None


class DispatchQueue(Protocol):
    def within(self, reach: Reach) -> "DispatchQueue":
        """The same queue, which hands out only what is of these brands."""
        ...

    def acting(self, actor: str) -> "DispatchQueue":
        """The same queue, which tells its events as ``actor``'s."""
        ...

    async def claim(
        self, room: Mapping[Platform, int], *, most: int | None = None, owner: UUID, lease: timedelta
    ) -> Sequence[Claim]:
        """Make up to ``room`` due schedules of each platform ours for ``lease``, and no more than ``most`` altogether,
        the earliest due first.

        No schedule is handed to two callers. One that is paused, held or past its latest time is not handed out.
        Until its send begins, a claimed schedule still counts as PENDING for everybody else.
        """
        ...

    async def begin_send(self, sends: Sequence[Send], *, owner: UUID, least_lease: timedelta) -> Sequence[Attempt]:
        """Record that these sends begin now. Only what is returned may be sent, and each of it once.

        Left out is what was cancelled, moved or paused since, what is not due or too late, what has less than
        ``least_lease`` of its lease left, and what may be out already and is no longer safe to repeat.
        """
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

    async def next_due_in(self, platforms: Collection[Platform]) -> timedelta | None:
        """How long until the next schedule on these platforms is due, negative when it is overdue; None without one."""
        ...
