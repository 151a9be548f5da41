"""What is sent and answered round dispatch: attempts, confirmations, claims, settlements, events."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from marketmind_scheduler.adapters.http.schemas import (
    Body,
    BrandId,
    CampaignId,
    MediaUrl,
    Moment,
    PostId,
    ScheduleId,
    ScheduleOut,
    Timestamp,
    Title,
    ZoneName,
)
from marketmind_scheduler.application.outcomes import ScheduleRecord
from marketmind_scheduler.application.post_scheduling import AskedTime
from marketmind_scheduler.application.pulling import Told
from marketmind_scheduler.domain.attempt import Attempt, AttemptRecord, VerdictKind
from marketmind_scheduler.domain.errors import UnreadableTime
from marketmind_scheduler.domain.event import Event, EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.ports.dispatch_queue import Recorded, Settled

_NO_NUL = r"^[^\u0000]*$"

ExternalId = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=_NO_NUL, description="The platform's own id of the post")
]
Note = Annotated[str, Meta(min_length=1, max_length=1000, pattern=_NO_NUL)]
ClaimToken = Annotated[int, Meta(ge=1, le=2**53 - 1, description="As it was given with the claim", examples=[1])]
LeaseSeconds = Annotated[int, Meta(ge=10, le=3600, description="How long the claims are the caller's", examples=[60])]


class AttemptOut(Struct, frozen=True, kw_only=True):
    claim_token: ClaimToken
    started_at: Moment
    finished_at: Moment
    duration_ms: Annotated[int, Meta(ge=0, examples=[180])]
    verdict: Annotated[
        VerdictKind,
        Meta(description="`lost`: no verdict came before the lease ran out. Only of `accepted` the post is surely out"),
    ]
    reason: str | None
    external_id: str | None

    @classmethod
    def of(cls, attempt: AttemptRecord) -> Self:
        took = attempt.finished_at - attempt.started_at
        return cls(
            claim_token=attempt.token,
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            duration_ms=round(took.total_seconds() * 1000),
            verdict=attempt.verdict,
            reason=attempt.reason,
            external_id=attempt.external_id,
        )


class ScheduleRecordOut(ScheduleOut, frozen=True, kw_only=True):
    next_attempt_at: Annotated[
        datetime | None, Meta(description="When it may next be sent; null while it is being sent, held or final")
    ]
    attempts: Annotated[list[AttemptOut], Meta(description="Every try to publish it, in their order")]

    @classmethod
    def of_record(cls, record: ScheduleRecord) -> Self:
        return cls(
            **asdict(ScheduleOut.of(record.schedule)),
            next_attempt_at=record.next_attempt_at,
            attempts=[AttemptOut.of(attempt) for attempt in record.attempts],
        )


class ConfirmIn(Body, frozen=True):
    published: Annotated[bool, Meta(description="Whether the post is out")]
    send_again: Annotated[bool, Meta(description="It is not out: send it once more instead of ending FAILED")] = False
    external_id: ExternalId | None = None
    note: Annotated[Note, Meta(description="How it is known; kept as the schedule's `error`")] | None = None


class RetryIn(Body, frozen=True):
    timestamp: Annotated[Timestamp, Meta(description="When to publish; without it, now")] | None = None
    timezone: ZoneName | None = None
    disambiguation: Disambiguation = Disambiguation.COMPATIBLE

    def asked(self) -> AskedTime | None:
        """None means now; raises UnreadableTime for a zone without a time."""
        if self.timestamp is None:
            if self.timezone is not None:
                raise UnreadableTime(
                    self.timezone, "a timezone alone names no moment; give a timestamp too, or neither"
                )
            return None
        return AskedTime(text=self.timestamp, zone=self.timezone, disambiguation=self.disambiguation)


class TriggerIn(Body, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=200, description="How many to send at most", examples=[50])] = 50


class TriggeredOut(Struct, frozen=True, kw_only=True):
    schedule_id: ScheduleId
    post_id: PostId
    platform: Platform
    status: ScheduleStatus
    retry_count: Annotated[int, Meta(ge=0)]
    error: str | None
    external_id: str | None


class TriggerOut(Struct, frozen=True, kw_only=True):
    results: Annotated[list[TriggeredOut], Meta(description="What was due, the earliest first, as it stands now")]

    @classmethod
    def of(cls, schedules: Sequence[Schedule]) -> Self:
        return cls(
            results=[
                TriggeredOut(
                    schedule_id=each.schedule_id,
                    post_id=each.post_id,
                    platform=each.platform,
                    status=each.status,
                    retry_count=each.retry_count,
                    error=each.error,
                    external_id=each.external_id,
                )
                for each in schedules
            ]
        )


class ClaimsIn(Body, frozen=True):
    platforms: Annotated[
        Sequence[Platform], Meta(min_length=1, max_length=len(Platform), description="Default: all platforms")
    ] = tuple(Platform)
    limit: Annotated[int, Meta(ge=1, le=200, description="How many to take at most", examples=[10])] = 10
    lease_seconds: LeaseSeconds = 60


class ClaimOut(Struct, frozen=True, kw_only=True):
    schedule_id: Annotated[ScheduleId, Meta(description="The key of every send of this schedule: the same each time")]
    claim_token: ClaimToken
    brand_id: BrandId
    campaign_id: CampaignId | None
    post_id: PostId
    platform: Platform
    title: Title
    s3_url: MediaUrl
    publish_time: Moment
    retry_count: Annotated[int, Meta(ge=0, examples=[0])]

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            schedule_id=attempt.claim.schedule_id,
            claim_token=attempt.claim.token,
            brand_id=attempt.claim.brand_id,
            campaign_id=attempt.campaign_id,
            post_id=attempt.post_id,
            platform=attempt.claim.platform,
            title=attempt.title,
            s3_url=attempt.s3_url,
            publish_time=attempt.publish_time,
            retry_count=attempt.claim.retry_count,
        )


class ClaimsOut(Struct, frozen=True, kw_only=True):
    claims: Annotated[list[ClaimOut], Meta(description="The earliest first; each is to be published once and settled")]


class HeldClaimIn(Body, frozen=True):
    schedule_id: ScheduleId
    claim_token: ClaimToken


class SettlementIn(HeldClaimIn, frozen=True):
    verdict: Annotated[
        Literal["accepted", "deferred", "refused", "unknown", "unsent"],
        Meta(
            description="`accepted`: it is out. `deferred`: not out, try again. `refused`: not out, never will be. "
            "`unknown`: nobody knows. `unsent`: nothing was sent, no attempt is used"
        ),
    ]
    reason: Note | None = None
    external_id: ExternalId | None = None
    retry_after_seconds: (
        Annotated[int, Meta(ge=1, le=3600, description="For `deferred` and `unsent`: not before", examples=[30])] | None
    ) = None

    def told(self) -> Told:
        seconds = self.retry_after_seconds
        return Told(
            schedule_id=self.schedule_id,
            token=self.claim_token,
            verdict=VerdictKind(self.verdict),
            reason=self.reason,
            external_id=self.external_id,
            retry_after=None if seconds is None else timedelta(seconds=seconds),
        )


class SettlementsIn(Body, frozen=True):
    settlements: Annotated[list[SettlementIn], Meta(min_length=1, max_length=1000)]


class SettledOut(Struct, frozen=True, kw_only=True):
    schedule_id: ScheduleId
    outcome: Annotated[
        Recorded,
        Meta(
            description="`repeated`: it had been recorded before. `stale`: the schedule has moved on, nothing changed"
        ),
    ]
    status: Annotated[ScheduleStatus | None, Meta(description="Where the schedule stands; null: there is none")]


class SettlementsOut(Struct, frozen=True, kw_only=True):
    results: list[SettledOut]

    @classmethod
    def of(cls, settled: Mapping[UUID, Settled]) -> Self:
        return cls(
            results=[
                SettledOut(schedule_id=schedule_id, outcome=each.recorded, status=each.status)
                for schedule_id, each in settled.items()
            ]
        )


class ExtendIn(Body, frozen=True):
    claims: Annotated[list[HeldClaimIn], Meta(min_length=1, max_length=1000)]
    lease_seconds: LeaseSeconds = 60


class ExtendOut(Struct, frozen=True, kw_only=True):
    extended: Annotated[list[ScheduleId], Meta(description="These are the caller's for `lease_seconds` from now")]
    lost: Annotated[list[ScheduleId], Meta(description="These are not the caller's any more")]

    @classmethod
    def of(cls, asked: Sequence[HeldClaimIn], held: Collection[UUID]) -> Self:
        ids = [claim.schedule_id for claim in asked]
        return cls(extended=[each for each in ids if each in held], lost=[each for each in ids if each not in held])


class EventOut(Struct, frozen=True, kw_only=True):
    position: Annotated[int, Meta(ge=1, description="Rises in the final order of all events", examples=[42])]
    kind: EventKind
    schedule_id: ScheduleId
    post_id: PostId
    brand_id: BrandId
    platform: Platform
    publish_time: Moment
    status: Annotated[ScheduleStatus, Meta(description="Where the schedule stood right after")]
    retry_count: Annotated[int, Meta(ge=0)]
    external_id: str | None
    error: str | None
    occurred_at: Moment

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            position=event.position,
            kind=event.kind,
            schedule_id=event.schedule_id,
            post_id=event.post_id,
            brand_id=event.brand_id,
            platform=event.platform,
            publish_time=event.publish_time,
            status=event.status,
            retry_count=event.retry_count,
            external_id=event.external_id,
            error=event.error,
            occurred_at=event.occurred_at,
        )


class EventsOut(Struct, frozen=True, kw_only=True):
    events: list[EventOut]
    next_after: Annotated[int, Meta(ge=0, description="Send it as `after` to go on", examples=[42])]

    @classmethod
    def of(cls, events: Sequence[Event], *, after: int) -> Self:
        return cls(events=[EventOut.of(event) for event in events], next_after=events[-1].position if events else after)
