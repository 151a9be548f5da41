"""The steps of schedules from one standing to the next: found, locked and recorded here, decided in
``domain.lifecycle``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.standing import ClaimState, Standing, Step
from marketmind_scheduler.domain.verdict import VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A schedule that nobody else can change now, and its latest claim. ``is_answered`` once that has had its verdict;
    ``given_to`` says who was given it, and is None where it was taken back or there was none.
    ``resend_left``: for how long, from now, a repeat of its latest send is certainly dropped by its receiver.
    """

    schedule: Schedule
    token: int
    is_answered: bool
    given_to: UUID | None
    resend_left: timedelta | None

    @property
    def standing(self) -> Standing:
        return Standing.of(self.schedule)

    def drops_repeats(self, *, after: timedelta) -> bool:
        return self.resend_left is not None and self.resend_left > after

    def state_of(self, token: int, owner: UUID) -> ClaimState:
        """How this claim, or what pretends to be one, stands to the schedule."""
        if token < self.token:
            return ClaimState.SUPERSEDED
        if token > self.token or owner != self.given_to:
            return ClaimState.UNKNOWN
        return ClaimState.ANSWERED if self.is_answered else ClaimState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How an attempt ended, to be remembered under the token of its claim, with the ``owner`` who was given that."""

    token: int
    owner: UUID | None
    verdict: VerdictKind
    reason: str | None = None
    external_id: str | None = None


def lost(locked: Locked) -> Tried | None:
    """The attempt whose verdict nobody waits for any more; None where nothing is being sent."""
    if locked.schedule.status is not ScheduleStatus.PUBLISHING:
        return None
    return Tried(token=locked.token, owner=locked.given_to, verdict=VerdictKind.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A step as it is to be recorded. ``wait`` is how long the schedule waits at least before it is due.

    ``error`` is shown from now on; None leaves what is shown, except for a COMPLETED schedule, which shows no error of
    earlier attempts. ``note`` is what a person says; None leaves what is noted.
    """

    schedule_id: UUID
    step: Step
    wait: timedelta = timedelta()
    error: str | None = None
    external_id: str | None = None
    note: str | None = None
    tried: Tried | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCount:
    """So many schedules of a brand on a platform."""

    brand_id: UUID
    platform: Platform
    schedules: int


class Transitions(Protocol):
    """Whoever locks many locks them in the order of their ids, so that two wait instead of blocking each other; the
    locks hold until the unit of work ends. Due, late and expired are judged by the storage's clock."""

    async def lock(self, schedule_ids: Collection[UUID]) -> Sequence[Locked]:
        """Those that exist among ``schedule_ids``, by id."""
        ...

    async def lock_pending_of_campaign(self, campaign_id: UUID) -> Sequence[Locked]:
        """All PENDING schedules of the campaign's posts, by id."""
        ...

    async def lock_expired(self, *, limit: int) -> Sequence[Locked]:
        """Up to ``limit`` schedules whose lease has run out, the earliest first; those that others work on are left
        out. Of ``limit`` others, a lease that would last longer than it was given for is made to end as
        ``attempt.lease_ends`` says, the latest first."""
        ...

    async def lock_late(self, *, limit: int) -> Sequence[Locked]:
        """Up to ``limit`` waiting schedules past their latest time, or due though they may be out already and their
        receivers do not drop a repeat any more; the earliest first. Those that others work on are left out."""
        ...

    async def lock_perhaps_sent(self, *, made_by: datetime, limit: int) -> Sequence[Locked]:
        """Up to ``limit`` schedules that were made at ``made_by`` or before, should have been sent by now and are
        PENDING or PUBLISHING; by id."""
        ...

    async def count_perhaps_sent(self, *, made_by: datetime) -> Sequence[LaneCount]:
        """How many ``lock_perhaps_sent`` would find, by brand and platform; locks nothing."""
        ...

    async def record(
        self, changes: Sequence[Change], *, at: datetime | None = None, shown: bool = True
    ) -> Sequence[Schedule]:
        """Record the step of each of these schedules, which this unit of work has locked, with its event and attempt;
        where they are to be ``shown``, return them as they are stored, in time order. ``at`` is the moment to note,
        None: now by the storage's clock."""
        ...

    async def tell_stale(self, schedule_id: UUID, tried: Tried) -> None:
        """Tell that a verdict came too late to change anything, and remember it where its attempt is remembered;
        without its reason, which may quote the post, where that is deleted."""
        ...
