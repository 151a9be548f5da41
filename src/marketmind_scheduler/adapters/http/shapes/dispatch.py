"""What is sent and answered round dispatch: attempts, confirmations, claims, settlements, events."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import (
    Body,
    BrandId,
    CampaignId,
    ClaimToken,
    ExternalId,
    MediaUrl,
    Moment,
    Note,
    PostId,
    ScheduleId,
    Title,
    external_text,
)
from marketmind_scheduler.application.dispatch.pulling import Told
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Settled

LeaseSeconds = Annotated[int, Meta(ge=10, le=3600, description="How long the claims are the caller's", examples=[60])]
_A_YEAR_OF_SECONDS = 31_536_000


class TriggerIn(Body, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=200, description="How many to send at most", examples=[50])] = 50


class TriggeredOut(Struct, frozen=True, kw_only=True):
    schedule_id: ScheduleId
    post_id: PostId
    brand_id: BrandId
    campaign_id: CampaignId | None
    platform: Platform
    title: Title
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
                    brand_id=each.brand_id,
                    campaign_id=each.campaign_id,
                    platform=each.platform,
                    title=each.title,
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
            retry_count=attempt.claim.standing.retry_count,
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
        Annotated[
            int,
            Meta(ge=1, le=_A_YEAR_OF_SECONDS, description="For `deferred` and `unsent`: not before", examples=[30]),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        external_text(self.external_id)
        if self.external_id is not None and self.verdict != "accepted":
            raise ValueError(f"external_id says that it is out, and {self.verdict} does not; leave one of them out")
        if self.retry_after_seconds is not None and self.verdict not in ("deferred", "unsent"):
            raise ValueError(f"retry_after_seconds goes with deferred or unsent, not with {self.verdict}; leave it out")

    def told(self) -> Told:
        seconds = self.retry_after_seconds
        return Told(
            schedule_id=self.schedule_id,
            token=self.claim_token,
            verdict=VerdictKind(self.verdict),
            reason=self.reason,
            external_id=external_text(self.external_id),
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
