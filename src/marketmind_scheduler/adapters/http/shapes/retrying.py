"""Trying many posts again."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketmind_scheduler.adapters.http.shapes.fields import BrandId, OverridingBody
from marketmind_scheduler.adapters.http.shapes.plan_reasons import ViolationOut, told
from marketmind_scheduler.application.retrying import MOST_AT_ONCE, Retried
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.written_times import read_instant
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.transitions import LaneCount

_MOST_TOLD = 100


class RetryManyIn(OverridingBody, frozen=True):
    brand_id: Annotated[UUID, Meta(description="Only this brand's")] | None = None
    campaign_id: Annotated[UUID, Meta(description="Only this campaign's")] | None = None
    platform: Annotated[Platform, Meta(description="Only on this platform")] | None = None
    since: (
        Annotated[
            str,
            Meta(
                max_length=100,
                description="Only those that ended at this instant or after",
                examples=["2030-03-18T19:00:00Z"],
            ),
        ]
        | None
    ) = None
    error: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=200,
                pattern=r"^[^\u0000]*$",
                description="Only those whose `error` has this in it, in upper or lower case",
                examples=["the receiver answered 401"],
            ),
        ]
        | None
    ) = None
    status: (
        Annotated[Literal["FAILED", "MISSED"], Meta(description="Only those with this status; without it, both")] | None
    ) = None
    dry_run: Annotated[
        bool, Meta(description="Instead of those, what a dry run called published: it is sent in earnest")
    ] = False
    preview: Annotated[bool, Meta(description="Count them and change nothing")] = False

    def chosen(self) -> RetryFilter:
        """Raises UnreadableTime."""
        both = (ScheduleStatus.FAILED, ScheduleStatus.MISSED)
        return RetryFilter(
            statuses=both if self.status is None else (ScheduleStatus(self.status),),
            is_dry_run=self.dry_run,
            brand_id=self.brand_id,
            campaign_id=self.campaign_id,
            platform=self.platform,
            since=None if self.since is None else read_instant(self.since),
            in_error=self.error,
        )


class LaneCountOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    platform: Platform
    schedules: Annotated[int, Meta(ge=1, examples=[12])]

    @classmethod
    def of(cls, lane: LaneCount) -> Self:
        return cls(brand_id=lane.brand_id, platform=lane.platform, schedules=lane.schedules)


class RetriedOut(Struct, frozen=True, kw_only=True):
    preview: bool
    schedules: Annotated[int, Meta(ge=0, description="How many got a new schedule, or would get one", examples=[12])]
    left: Annotated[
        int, Meta(ge=0, description=f"How many are left: a call does {MOST_AT_ONCE}, the earliest first", examples=[0])
    ]
    lanes: Annotated[list[LaneCountOut], Meta(description="By brand and platform")]
    violations: Annotated[
        list[ViolationOut] | UnsetType,
        Meta(description="Of a preview: the rules for which it would be refused now; left out where there are none"),
    ] = UNSET

    @classmethod
    def of(cls, retried: Retried, *, preview: bool) -> Self:
        lanes: Sequence[LaneCount] = retried.lanes
        return cls(
            preview=preview,
            schedules=sum(lane.schedules for lane in lanes),
            left=retried.left,
            lanes=[LaneCountOut.of(lane) for lane in lanes],
            violations=told(retried.broken[:_MOST_TOLD]) or UNSET,
        )
