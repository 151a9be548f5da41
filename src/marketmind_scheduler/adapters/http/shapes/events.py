"""Events as they are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketmind_scheduler.adapters.http.shapes.fields import (
    BrandId,
    DryRun,
    Moment,
    PostId,
    ScheduleId,
)
from marketmind_scheduler.domain.event import AnyEvent, DeletionEvent, Event, EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind

Count = Annotated[int, Meta(ge=0)]
_OF_NONE = "null: it tells of no schedule"


class EventOut(Struct, frozen=True, kw_only=True):
    """One change of one schedule, or one deletion of a post, a campaign or a brand."""

    position: Annotated[int, Meta(ge=1, description="Rises in the final order of all events", examples=[42])]
    kind: EventKind
    schedule_id: Annotated[ScheduleId | None, Meta(description=f"The schedule; {_OF_NONE}")]
    post_id: Annotated[PostId | None, Meta(description="The post; null: a campaign or a brand was deleted")]
    brand_id: BrandId
    campaign_id: Annotated[
        UUID | None, Meta(description="The campaign that the post was in then, or that was deleted; null: none")
    ]
    platform: Annotated[Platform | None, Meta(description=f"The platform; {_OF_NONE}")]
    title: Annotated[str | None, Meta(description="The title of the post, as it is now")]
    publish_time: Annotated[datetime | None, Meta(description=f"When it goes out; {_OF_NONE}")]
    previous_publish_time: Annotated[
        datetime | None, Meta(description="Of one that was moved, the time before; else null")
    ]
    status: Annotated[ScheduleStatus | None, Meta(description=f"Where the schedule stood right after; {_OF_NONE}")]
    retry_count: Annotated[Count | None, Meta(description=f"How many retries it has used; {_OF_NONE}")]
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
    override: Annotated[
        list[RuleKind] | UnsetType,
        Meta(description="Of a schedule that was made or moved: the kinds of rules that were passed over for it"),
    ] = UNSET
    scheduler: Annotated[
        SchedulerKind | UnsetType,
        Meta(description="Of a schedule that was made or moved: who chose its time, where no caller did"),
    ] = UNSET
    posts: Annotated[
        Count | UnsetType, Meta(description="Of a deletion only: how many posts went, without an event of each")
    ] = UNSET
    cancelled: Annotated[
        Count | UnsetType, Meta(description="Of a deletion only: how many schedules it cancelled, each told")
    ] = UNSET

    @classmethod
    def of(cls, event: AnyEvent) -> Self:
        return cls._of_deletion(event) if isinstance(event, DeletionEvent) else cls._of_schedule(event)

    @classmethod
    def _of_schedule(cls, event: Event) -> Self:
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
            override=sorted(event.overridden),
            scheduler=event.scheduler or UNSET,
        )

    @classmethod
    def _of_deletion(cls, event: DeletionEvent) -> Self:
        return cls(
            position=event.position,
            kind=event.kind,
            schedule_id=None,
            post_id=event.post_id,
            brand_id=event.brand_id,
            campaign_id=event.campaign_id,
            platform=None,
            title=None,
            publish_time=None,
            previous_publish_time=None,
            status=None,
            retry_count=None,
            external_id=None,
            dry_run=False,
            error=None,
            note=None,
            occurred_at=event.occurred_at,
            actor=event.actor,
            posts=event.posts,
            cancelled=event.cancelled,
        )


class EventsOut(Struct, frozen=True, kw_only=True):
    events: list[EventOut]
    next_after: Annotated[int, Meta(ge=0, description="Send it as `after` to go on", examples=[42])]
    history: Annotated[
        UUID | UnsetType,
        Meta(
            description="Which history of the database they belong to: send it with `after`, to hear of a failover "
            "or a restore that took back what was read. Absent before the first event"
        ),
    ] = UNSET

    @classmethod
    def of(cls, events: Sequence[AnyEvent], *, next_after: int, history: UUID | None) -> Self:
        return cls(events=[EventOut.of(event) for event in events], next_after=next_after, history=history or UNSET)
