"""Where a schedule stands, as far as its next step depends on it, and what a step is."""

from dataclasses import dataclass, field
from enum import StrEnum

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of a schedule that its next step depends on.

    ``is_doubtful``: a send before the present one may be out.
    """

    status: ScheduleStatus = ScheduleStatus.PENDING
    retry_count: int = 0
    max_retries: int = RETRIES
    is_doubtful: bool = False
    on_late: OnLate = OnLate.PUBLISH
    holds: frozenset[Hold] = field(default_factory=frozenset[Hold])

    @classmethod
    def of(cls, schedule: Schedule) -> "Standing":
        return cls(
            status=schedule.status,
            retry_count=schedule.retry_count,
            max_retries=schedule.max_retries,
            is_doubtful=schedule.is_doubtful,
            on_late=schedule.on_late,
            holds=schedule.holds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a schedule stands next, and the event that tells of it; None: nobody is told, and its version stays.

    ``revokes``: whoever has claimed it may not send or extend any more. ``closes``: its claim has had its verdict.
    With neither, a late verdict on its claim still counts. ``otherwise`` is the step taken instead unless the storage's
    clock says that a repeat is certainly dropped by its receiver.
    """

    to: Standing
    event: EventKind | None
    revokes: bool = False
    closes: bool = False
    otherwise: "Step | None" = None

    def where_repeats_are(self, *, dropped: bool) -> "Step":
        return self if dropped or self.otherwise is None else self.otherwise


class ClaimState(StrEnum):
    """How the claim of a verdict stands to its schedule."""

    OPEN = "open"  # it is the latest one, and waits for its verdict
    ANSWERED = "answered"  # it is the latest one, and has had its verdict
    SUPERSEDED = "superseded"  # there has been another one, or somebody has changed the schedule
    UNKNOWN = "unknown"  # nobody was given it, or somebody else
