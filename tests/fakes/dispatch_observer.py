"""An observer that remembers what it was told."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.breaker import BreakerState
from marketmind_scheduler.domain.errors import SchedulerUnavailable, StorageUnavailable
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Settled


class RecordingObserver:
    """Each method appends what it is given to the list that is named like what happened."""

    def __init__(self) -> None:
        self.claims: list[tuple[Platform, int]] = []
        self.beginnings: list[tuple[Platform, timedelta]] = []
        self.endings: list[tuple[Platform, VerdictKind, timedelta]] = []
        self.settlements: list[tuple[Claim, Settlement, Settled]] = []
        self.never_written: list[tuple[Claim, Settlement]] = []
        self.expiries: list[ScheduleStatus] = []
        self.too_late: list[ScheduleStatus] = []
        self.breaker_states: list[tuple[Platform, str, BreakerState]] = []
        self.spreads: list[int] = []
        self.counts: list[str] = []
        self.failed_fits: list[tuple[Refit, SchedulerUnavailable]] = []
        self.outages: list[StorageUnavailable] = []
        self.broken: list[tuple[str, Exception]] = []
        self.clocks_ahead: list[timedelta] = []
        self.surprises: list[Exception] = []

    def claimed(self, platform: Platform, count: int) -> None:
        self.claims.append((platform, count))

    def began(self, platform: Platform, late_by: timedelta) -> None:
        self.beginnings.append((platform, late_by))

    def ended(self, platform: Platform, verdict: VerdictKind, took: timedelta) -> None:
        self.endings.append((platform, verdict, took))

    def settled(self, claim: Claim, settlement: Settlement, settled: Settled) -> None:
        self.settlements.append((claim, settlement, settled))

    def unwritten(self, ended: Sequence[tuple[Claim, Settlement]]) -> None:
        self.never_written.extend(ended)

    def expired(self, statuses: Sequence[ScheduleStatus]) -> None:
        self.expiries.extend(statuses)

    def came_too_late(self, statuses: Sequence[ScheduleStatus]) -> None:
        self.too_late.extend(statuses)

    def breaker(self, platform: Platform, target: str, state: BreakerState) -> None:
        self.breaker_states.append((platform, target, state))

    def spread(self, schedules: int) -> None:
        self.spreads.append(schedules)

    def counted(self, tables: Collection[str]) -> None:
        self.counts.extend(tables)

    def unfitted(self, refit: Refit, error: SchedulerUnavailable) -> None:
        self.failed_fits.append((refit, error))

    def unavailable(self, error: StorageUnavailable) -> None:
        self.outages.append(error)

    def surprised(self, error: Exception) -> None:
        self.surprises.append(error)

    def broke(self, part: str, error: Exception) -> None:
        self.broken.append((part, error))

    def clock_ahead(self, ahead: timedelta) -> None:
        self.clocks_ahead.append(ahead)
