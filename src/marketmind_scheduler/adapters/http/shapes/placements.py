"""What a plan places and what it leaves out, as callers read it."""

from collections.abc import Mapping
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Moment, PostId, ZoneName
from marketmind_scheduler.adapters.http.shapes.plan_reasons import ReasonOut
from marketmind_scheduler.domain.planning.plan import Placement, Unplaced
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution


class PlacementOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    title: Annotated[str, Meta(description="As it is now", examples=["Meet the new line"])]
    platform: Platform
    publish_time: Moment
    publish_time_local: Annotated[
        str,
        Meta(
            description="The same instant in `timezone`, as RFC 9557 text",
            examples=["2030-03-18T19:00:00-07:00[America/Los_Angeles]"],
        ),
    ]
    intent: Annotated[IntentKind, Meta(description="Whether it is a wall time or an instant")]
    local_time: Annotated[
        str | None,
        Meta(description="The wall time in `timezone`; null for an instant", examples=["2030-03-18T19:00:00"]),
    ]
    timezone: ZoneName
    disambiguation: Disambiguation | None
    resolution: Annotated[Resolution, Meta(description="How the wall time became an instant")]
    tz_release: Annotated[str, Meta(description="The IANA release whose rules were used", examples=["2026f"])]
    warnings: Annotated[list[str], Meta(description="What to know of this time", examples=[[]])]
    reason: Annotated[ReasonOut | None, Meta(description="Why it is this time; null for what follows a fixed rule")]

    @classmethod
    def of(cls, placement: Placement, titles: Mapping[UUID, str], scheduler: SchedulerKind) -> Self:
        slot, intent = placement.slot, placement.slot.intent
        return cls(
            post_id=placement.post.post_id,
            title=titles[placement.post.post_id],
            platform=placement.post.platform,
            publish_time=slot.publish_time,
            publish_time_local=slot.local_text(),
            intent=intent.kind,
            local_time=None if intent.local_time is None else intent.local_time.isoformat(),
            timezone=intent.zone,
            disambiguation=intent.disambiguation,
            resolution=intent.resolution,
            tz_release=intent.tz_release,
            warnings=list(placement.warnings(scheduler)),
            reason=placement.reason and ReasonOut.of(placement.reason),
        )


class UnplacedOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    title: Annotated[str, Meta(description="As it is now", examples=["Meet the new line"])]
    platform: Platform
    reason: Annotated[str, Meta(description="What keeps it from a place, proven", examples=["no_capacity"])]
    sentence: Annotated[
        str,
        Meta(description="The same in words", examples=["12 posts need slots from 1 to 3 December, and 9 are open"]),
    ]
    relaxations: Annotated[list[str], Meta(description="Single changes that would place it, each tried")]

    @classmethod
    def of(cls, unplaced: Unplaced, titles: Mapping[UUID, str]) -> Self:
        return cls(
            post_id=unplaced.post_id,
            title=titles[unplaced.post_id],
            platform=unplaced.platform,
            reason=unplaced.reason,
            sentence=unplaced.sentence,
            relaxations=list(unplaced.relaxations),
        )
