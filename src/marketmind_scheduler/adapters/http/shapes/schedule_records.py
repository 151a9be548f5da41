"""What became of a schedule, and what a person decides about it."""

from datetime import datetime
from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from marketmind_scheduler.adapters.http.shapes.fields import (
    Body,
    ClaimToken,
    ExternalId,
    Moment,
    Note,
    OverridingBody,
    Timestamp,
    ZoneName,
    external_text,
)
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut
from marketmind_scheduler.adapters.http.shapes.unset import said
from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.schedule_records import ScheduleRecord
from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.errors import UnreadableTime
from marketmind_scheduler.domain.saying import UNSAID
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Disambiguation


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
    title: Annotated[str | None, Meta(description="The title that was sent; null where it is not known any more")]
    s3_url: Annotated[str | None, Meta(description="The media URL that was sent")]
    digest: Annotated[
        str | None,
        Meta(description="SHA-256 of title and media URL in UTF-8 with a zero byte between, in hexadecimal"),
    ]

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
            title=attempt.title,
            s3_url=attempt.s3_url,
            digest=attempt.digest,
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
    note: Annotated[Note, Meta(description="How it is known; kept as the schedule's `note`")] | None = None

    def __post_init__(self) -> None:
        external_text(self.external_id)


class RetryIn(OverridingBody, frozen=True):
    timestamp: Annotated[Timestamp, Meta(description="When to publish; without it, now")] | None = None
    timezone: ZoneName | None = None
    disambiguation: Disambiguation | UnsetType = UNSET

    def asked(self) -> AskedTime | None:
        """None means now; raises UnreadableTime for a zone without a time."""
        if self.timestamp is None:
            for field, given in (("timezone", self.timezone), ("disambiguation", said(self.disambiguation))):
                if given not in (None, UNSAID):
                    raise UnreadableTime(
                        str(given), f"a {field} alone names no moment; give a timestamp too, or neither"
                    )
            return None
        return AskedTime(text=self.timestamp, zone=self.timezone, disambiguation=said(self.disambiguation))
