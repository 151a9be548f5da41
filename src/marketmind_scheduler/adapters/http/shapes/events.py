"""Events as they are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import (
    BrandId,
    DryRun,
    Moment,
    PostId,
    ScheduleId,
)
from marketmind_scheduler.domain.event import Event, EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus


class EventOut(Struct, frozen=True, kw_only=True):
    position: Annotated[int, Meta(ge=1, description="Rises in the final order of all events", examples=[42])]
    kind: EventKind
    schedule_id: ScheduleId
    post_id: PostId
    brand_id: BrandId
    campaign_id: Annotated[UUID | None, Meta(description="The campaign that the post was in then; null: none")]
    platform: Platform
    title: Annotated[str | None, Meta(description="The title of the post, as it is now")]
    publish_time: Moment
    previous_publish_time: Annotated[
        datetime | None, Meta(description="Of one that was moved, the time before; else null")
    ]
    status: Annotated[ScheduleStatus, Meta(description="Where the schedule stood right after")]
    retry_count: Annotated[int, Meta(ge=0)]
    external_id: str | None
    dry_run: DryRun
    error: str | None
    note: Annotated[str | None, Meta(description="What a person said when they did it, with `confirm`")]
    occurred_at: Moment
    actor: Annotated[
        str | None,
        Meta(
            description="Who did it: the name of the caller's key or token; `dispatcher`, `upkeep` or `service` where "
            "the service did it by itself, `operator` from its command line. Null: told before events named one",
            examples=["content-service"],
        ),
    ]

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            position=event.position,
            kind=event.kind,
            schedule_id=event.schedule_id,
            post_id=event.post_id,
            brand_id=event.brand_id,
            campaign_id=event.campaign_id,
            platform=event.platform,
            title=event.title,
            publish_time=event.publish_time,
            previous_publish_time=event.previous_publish_time,
            status=event.status,
            retry_count=event.retry_count,
            external_id=event.external_id,
            dry_run=event.is_dry_run,
            error=event.error,
            note=event.note,
            occurred_at=event.occurred_at,
            actor=event.actor,
        )


class EventsOut(Struct, frozen=True, kw_only=True):
    events: list[EventOut]
    next_after: Annotated[int, Meta(ge=0, description="Send it as `after` to go on", examples=[42])]

    @classmethod
    def of(cls, events: Sequence[Event], *, after: int) -> Self:
        return cls(events=[EventOut.of(event) for event in events], next_after=events[-1].position if events else after)
