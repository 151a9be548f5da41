"""A time that was checked against the rules, as agents are told of it."""

from typing import Annotated, Self

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Moment, PostId
from marketmind_scheduler.adapters.http.shapes.plan_reasons import ViolationOut, told
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut
from marketmind_scheduler.application.post_booking import CheckedTime
from marketmind_scheduler.domain.wall_clock import Resolution


class CheckedTimeOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    publish_time: Moment
    publish_time_local: Annotated[str, Meta(description="The same in the zone that was asked about, as RFC 9557 text")]
    resolution: Annotated[Resolution, Meta(description="How the wall time became an instant")]
    allowed: Annotated[bool, Meta(description="Whether no rule is broken, as things are now")]
    violations: list[ViolationOut]
    scheduled: Annotated[ScheduleOut | None, Meta(description="When the post is to go out so far")]

    @classmethod
    def of(cls, checked: CheckedTime, post_id: PostId) -> Self:
        slot = checked.slot
        return cls(
            post_id=post_id,
            publish_time=slot.publish_time,
            publish_time_local=slot.local_text(),
            resolution=slot.intent.resolution,
            allowed=not checked.broken,
            violations=told(checked.broken),
            scheduled=checked.active and ScheduleOut.of(checked.active),
        )
