"""Whoever watches dispatch: metrics, and the lines a person reads."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.breaker import BreakerState
from marketmind_scheduler.domain.errors import SchedulerUnavailable, StorageUnavailable
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Settled


class SendObserver(Protocol):
    """Sees claims, sends and verdicts. No method raises, waits or takes long."""

    def claimed(self, platform: Platform, count: int) -> None: ...

    def began(self, platform: Platform, late_by: timedelta) -> None: ...

    def ended(self, platform: Platform, verdict: VerdictKind, took: timedelta) -> None: ...

    def settled(self, claim: Claim, settlement: Settlement, settled: Settled) -> None: ...

    def unwritten(self, ended: Sequence[tuple[Claim, Settlement]]) -> None:
        """These verdicts could not be stored before the process ended; their leases decide."""
        ...

    def breaker(self, platform: Platform, target: str, state: BreakerState) -> None: ...

    def surprised(self, error: Exception) -> None:
        """A publisher raised what it should not, or what we do with its sends."""
        ...


class UpkeepObserver(Protocol):
    """Sees what is done for schedules that nobody works on, and when nothing can be done. As SendObserver."""

    def expired(self, statuses: Sequence[ScheduleStatus]) -> None: ...

    def came_too_late(self, statuses: Sequence[ScheduleStatus]) -> None: ...

    def spread(self, schedules: int) -> None: ...

    def counted(self, tables: Collection[str]) -> None:
        """These tables had grown, and the storage has counted their rows anew."""
        ...

    def unfitted(self, refit: Refit, error: SchedulerUnavailable) -> None:
        """A lane's profile could not be fitted; somebody tries again in a minute."""
        ...

    def broke(self, part: str, error: Exception) -> None:
        """A part of the service raised what it should not, and is started again."""
        ...

    def clock_ahead(self, ahead: timedelta) -> None:
        """How far our clock is before the storage's, each time they are compared."""
        ...

    def unavailable(self, error: StorageUnavailable) -> None: ...


class DispatchObserver(SendObserver, UpkeepObserver, Protocol):
    """Sees all of it."""
