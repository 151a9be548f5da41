"""Watches dispatch: Prometheus metrics, and log lines for what a person should know."""

from collections import Counter as Tally
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cache

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import choose_encoder

from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.breaker import BreakerState
from marketmind_scheduler.domain.errors import ClocksDisagree, SchedulerUnavailable, StorageUnavailable
from marketmind_scheduler.domain.pacing import CLOCKS_AGREE
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Settled
from marketmind_scheduler.ports.queue_standing import PlatformStanding, QueueStanding

_LATENESS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600)
_DURATION = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STATES = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
_GONE_WRONG = (ScheduleStatus.FAILED, ScheduleStatus.UNCONFIRMED)

_as_openmetrics, _ = choose_encoder("application/openmetrics-text; version=1.0.0")

log = structlog.get_logger()


class MeteredDispatch:
    """The metrics of dispatch; ``progress`` is what has happened since it was last asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()
        self._registry = registry
        self._claims = cache(
            Counter("marketmind_scheduler_claims", "Schedules claimed", ["platform"], registry=registry).labels
        )
        self._lateness = cache(
            Histogram(
                "marketmind_scheduler_lateness_seconds",
                "From the publish time to the beginning of a send",
                ["platform"],
                buckets=_LATENESS,
                registry=registry,
            ).labels
        )
        self._sends = cache(
            Histogram(
                "marketmind_scheduler_send_seconds",
                "How long sends take",
                ["platform"],
                buckets=_DURATION,
                registry=registry,
            ).labels
        )
        self._verdicts = cache(
            Counter(
                "marketmind_scheduler_verdicts", "Verdicts on sends", ["platform", "verdict"], registry=registry
            ).labels
        )
        self._settlements = cache(
            Counter(
                "marketmind_scheduler_settlements",
                "Settlements written",
                ["platform", "status", "recorded"],
                registry=registry,
            ).labels
        )
        self._retries = cache(
            Counter("marketmind_scheduler_retries", "Sends to be repeated", ["platform"], registry=registry).labels
        )
        self._expiries = Counter(
            "marketmind_scheduler_lease_expiries",
            "Leases that ran out, by what became of it",
            ["status"],
            registry=registry,
        )
        self._too_late = Counter(
            "marketmind_scheduler_too_late",
            "Schedules past their latest time, by what became of it",
            ["status"],
            registry=registry,
        )
        self._breakers = Gauge(
            "marketmind_scheduler_breaker_state",
            "0 closed, 1 half open, 2 open",
            ["platform", "target"],
            registry=registry,
        )
        self._storage_up = Gauge(
            "marketmind_scheduler_storage_up", "Whether the database can be used", registry=registry
        )
        self._queue = Gauge(
            "marketmind_scheduler_queue_schedules",
            "Schedules by where they stand, counted up to 10001; failed and missed of the last 24 hours",
            ["platform", "standing"],
            registry=registry,
        )
        self._lag = Gauge(
            "marketmind_scheduler_due_lag_seconds",
            "How long the earliest due schedule waits",
            ["platform"],
            registry=registry,
        )
        self._oldest_unconfirmed = Gauge(
            "marketmind_scheduler_oldest_unconfirmed_seconds",
            "How long the oldest UNCONFIRMED schedule waits for a confirmation",
            ["platform"],
            registry=registry,
        )
        self._untold = Gauge(
            "marketmind_scheduler_events_to_sequence",
            "Events that /events does not show yet, counted up to 10001",
            registry=registry,
        )
        self._feed_age = Gauge(
            "marketmind_scheduler_event_feed_age_seconds",
            "How long the first event waits that /events does not show yet",
            registry=registry,
        )
        self._broken = Counter(
            "marketmind_scheduler_parts_broken",
            "Parts of the service that broke, and were started again",
            ["part"],
            registry=registry,
        )
        self._clock = Gauge(
            "marketmind_scheduler_clock_ahead_seconds",
            "How far this process's clock is ahead of the database's; beyond a minute nothing is sent from here",
            registry=registry,
        )
        self._clocks_agree = True
        self._progress: Tally[str] = Tally()
        self._is_unavailable = False

    def exposition(self, standing: QueueStanding | None, *, openmetrics: bool) -> bytes:
        self._storage_up.set(standing is not None)
        if standing is not None:
            self._untold.set(standing.events_to_sequence)
            oldest = standing.oldest_event_to_sequence
            self._feed_age.set(oldest.total_seconds() if oldest else 0)
            for platform in standing.platforms:
                self._show(platform)
        encode = _as_openmetrics if openmetrics else generate_latest
        return encode(self._registry)

    def progress(self) -> dict[str, int]:
        """How many schedules ended where since the last call; empty when nothing happened."""
        progress, self._progress = self._progress, Tally()
        return dict(progress)

    def claimed(self, platform: Platform, count: int) -> None:
        self._claims(platform).inc(count)

    def began(self, platform: Platform, late_by: timedelta) -> None:
        self._lateness(platform).observe(late_by.total_seconds())

    def ended(self, platform: Platform, verdict: VerdictKind, took: timedelta) -> None:
        self._sends(platform).observe(took.total_seconds())
        self._verdicts(platform, verdict).inc()

    def settled(self, claim: Claim, settlement: Settlement, settled: Settled) -> None:
        self._is_unavailable = False
        status = settled.status or "none"
        self._settlements(claim.platform, status, settled.recorded).inc()
        if settled.recorded is Recorded.STALE:
            log.warning("verdict came too late", **_verdict(claim, settlement))
            return
        if status == ScheduleStatus.PENDING and settlement.verdict is not VerdictKind.UNSENT:
            self._retries(claim.platform).inc()
        if settlement.verdict is not VerdictKind.UNSENT:
            self._progress["retrying" if status == ScheduleStatus.PENDING else status.lower()] += 1
        if status in _GONE_WRONG:
            log.warning(status.lower(), platform=claim.platform, **_identity(claim), reason=settlement.reason)

    def unwritten(self, ended: Sequence[tuple[Claim, Settlement]]) -> None:
        for claim, settlement in ended:
            log.error("verdict could not be stored", **_verdict(claim, settlement))

    def expired(self, statuses: Sequence[ScheduleStatus]) -> None:
        for status, count in Tally(statuses).items():
            self._expiries.labels(status).inc(count)
            log.warning("leases ran out", schedules=count, now=status)

    def came_too_late(self, statuses: Sequence[ScheduleStatus]) -> None:
        for status, count in Tally(statuses).items():
            self._too_late.labels(status).inc(count)
            log.warning("too late to be sent", schedules=count, now=status)

    def breaker(self, platform: Platform, target: str, state: BreakerState) -> None:
        self._breakers.labels(platform, target).set(_STATES[state])
        write = log.info if state is BreakerState.CLOSED else log.warning
        write("breaker", platform=platform, target=target, state=state)

    def spread(self, schedules: int) -> None:
        log.info("overdue posts go out one by one", schedules=schedules)

    def counted(self, tables: Collection[str]) -> None:
        log.info("tables that have grown were analysed", tables=", ".join(tables))

    def unfitted(self, refit: Refit, error: SchedulerUnavailable) -> None:
        because = str(error.__cause__ or error)
        log.warning("a profile was not fitted", brand_id=str(refit.brand_id), platform=refit.platform, because=because)

    def broke(self, part: str, error: Exception) -> None:
        self._broken.labels(part).inc()
        log.error("a part of the service broke; it is started again", part=part, exc_info=error)

    def clock_ahead(self, ahead: timedelta) -> None:
        self._clock.set(ahead.total_seconds())
        agree = abs(ahead) <= CLOCKS_AGREE
        if agree != self._clocks_agree:
            tell = log.info if agree else log.error
            tell("clocks agree again" if agree else str(ClocksDisagree(ahead)), seconds_ahead=ahead.total_seconds())
        self._clocks_agree = agree

    def unavailable(self, error: StorageUnavailable) -> None:
        if not self._is_unavailable:
            log.warning("the database cannot be used; dispatch goes on when it can", because=str(error.__cause__))
        self._is_unavailable = True

    def surprised(self, error: Exception) -> None:
        log.error("a publisher failed", exc_info=error)

    def _show(self, standing: PlatformStanding) -> None:
        platform = standing.platform
        for name in ("waiting", "due", "late", "in_flight", "held", "unconfirmed", "failed", "missed"):
            self._queue.labels(platform, name).set(getattr(standing, name))
        waits = standing.next_due_in
        self._lag.labels(platform).set(max(0, -waits.total_seconds()) if waits is not None else 0)
        oldest = standing.oldest_unconfirmed
        self._oldest_unconfirmed.labels(platform).set(oldest.total_seconds() if oldest is not None else 0)


def _identity(claim: Claim) -> dict[str, str | int]:
    return {"schedule_id": str(claim.schedule_id), "claim_token": claim.token}


def _verdict(claim: Claim, settlement: Settlement) -> dict[str, str | int | None]:
    """What a person needs to confirm the schedule by hand."""
    return {
        **_identity(claim),
        "verdict": settlement.verdict,
        "external_id": settlement.external_id,
        "reason": settlement.reason,
    }
