"""One try to publish a post: what is handed out, what comes back, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from marketmind_scheduler.domain.lifecycle import after_verdict
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.standing import Standing, Step
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Refused, Unknown, Unsent, Verdict, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A due schedule that is ours until its lease runs out. ``token`` tells this claim from every other one of the
    same schedule."""

    schedule_id: UUID
    brand_id: UUID
    platform: Platform
    token: int
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claim whose send has begun, with what is to be published. Every attempt of one schedule has the same ``key``,
    so that a receiver can recognise a repeat."""

    claim: Claim
    post_id: UUID
    campaign_id: UUID | None
    title: str
    s3_url: str
    publish_time: datetime
    late_by: timedelta  # how long after its publish time the send began

    @property
    def key(self) -> str:
        return str(self.claim.schedule_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is to be recorded of a claim after a verdict: the ``step`` that follows while the claim is open, and how
    long a repeat waits at least."""

    schedule_id: UUID
    token: int
    verdict: VerdictKind
    step: Step
    delay: timedelta = timedelta()
    reason: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """How an attempt ended, as it is remembered."""

    token: int
    started_at: datetime
    finished_at: datetime
    verdict: VerdictKind
    reason: str | None
    external_id: str | None


def conclude(claim: Claim, verdict: Verdict, *, policy: RetryPolicy, jitter: float) -> Settlement:
    """What to record of a claim after this verdict; ``jitter`` is drawn from [0, 1)."""
    match verdict:
        case Accepted(external_id, remark):
            return settlement(claim, VerdictKind.ACCEPTED, reason=remark, external_id=external_id)
        case Deferred(reason, retry_after):
            delay = policy.delay(retry_count=claim.standing.retry_count, retry_after=retry_after, jitter=jitter)
            return settlement(claim, VerdictKind.DEFERRED, delay=delay, reason=reason)
        case Refused(reason):
            return settlement(claim, VerdictKind.REFUSED, reason=reason)
        case Unknown(reason):
            delay = policy.delay(retry_count=claim.standing.retry_count, retry_after=None, jitter=jitter)
            return settlement(claim, VerdictKind.UNKNOWN, delay=delay, reason=reason)
        case Unsent(reason, retry_after):
            return settlement(claim, VerdictKind.UNSENT, delay=retry_after or timedelta(), reason=reason)
        case _:
            assert_never(verdict)


def settlement(
    claim: Claim,
    verdict: VerdictKind,
    *,
    delay: timedelta = timedelta(),
    reason: str | None = None,
    external_id: str | None = None,
) -> Settlement:
    """What to record of a claim after a verdict of this kind."""
    return Settlement(
        schedule_id=claim.schedule_id,
        token=claim.token,
        verdict=verdict,
        step=after_verdict(claim.standing, verdict),
        delay=delay,
        reason=reason,
        external_id=external_id,
    )
