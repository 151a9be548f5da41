"""Schedules as they are shown, and campaigns as they are to be scheduled."""

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.cursors import cursor_of
from marketmind_scheduler.adapters.http.shapes.fields import (
    Body,
    BrandId,
    CampaignId,
    Cursor,
    DryRun,
    Moment,
    Override,
    PostId,
    ScheduleId,
    SomePlatforms,
    ZoneName,
    check_once,
)
from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.derivation import warnings
from marketmind_scheduler.domain.errors import ContradictoryPlanning
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution
from marketmind_scheduler.ports.schedule_search import Found
from marketmind_scheduler.unhurried import unhurried

WHY_IT_WAITS: ContextVar[Callable[[Schedule], Sequence[str]] | None] = ContextVar("WHY_IT_WAITS", default=None)
"""What the app that answers knows of a PENDING schedule, for wherever it is shown."""


class CampaignToPlanIn(Body, frozen=True):
    scheduler: Annotated[SchedulerKind, Meta(description="Who chooses the times")] = SchedulerKind.NAIVE
    platforms: Annotated[SomePlatforms, Meta(description="Default: all platforms")] = tuple(Platform)
    replace: Annotated[
        bool, Meta(description="Plan anew what a scheduler has placed, round the times that a person chose")
    ] = False
    replace_chosen: Annotated[bool, Meta(description="Plan those anew too that a person chose; implies `replace`")] = (
        False
    )
    fill: Annotated[bool, Meta(description="Place only the posts that have no schedule, and move nothing")] = False

    def __post_init__(self) -> None:
        check_once(platforms=self.platforms)

    def renewal(self) -> Renewal:
        """Raises ContradictoryPlanning."""
        if self.fill and (self.replace or self.replace_chosen):
            raise ContradictoryPlanning(field="replace" if self.replace else "replace_chosen")
        if self.fill:
            return Renewal.FILL
        if self.replace_chosen:
            return Renewal.REPLACE_CHOSEN
        return Renewal.REPLACE if self.replace else Renewal.NOTHING


class ScheduleCampaignIn(CampaignToPlanIn, frozen=True):
    override: Override = ()

    def __post_init__(self) -> None:
        check_once(platforms=self.platforms, override=self.override)


class ScheduleOut(Struct, frozen=True, kw_only=True):
    schedule_id: ScheduleId
    post_id: PostId
    brand_id: BrandId
    campaign_id: Annotated[UUID | None, Meta(description="The campaign of its post; null: none")]
    platform: Platform
    title: Annotated[str, Meta(description="The title of its post, as it is now", examples=["Meet the new line"])]
    publish_time: Moment
    publish_time_local: Annotated[
        str,
        Meta(
            description="The same instant in `timezone`, as RFC 9557 text",
            examples=["2030-03-18T19:00:00-07:00[America/Los_Angeles]"],
        ),
    ]
    status: Annotated[
        ScheduleStatus,
        Meta(
            description="PENDING, PUBLISHING and UNCONFIRMED are active, one at most for a post; the others are final"
        ),
    ]
    retry_count: Annotated[int, Meta(ge=0, description="How many sends had to be repeated", examples=[0])]
    holds: Annotated[
        list[Hold], Meta(description="Why it is not sent though it may be due: paused, late, or without a receiver")
    ]
    doubtful: Annotated[bool, Meta(description="An earlier send of it may be out, though it is active")]
    external_id: Annotated[str | None, Meta(description="What the platform calls the published post")]
    dry_run: DryRun
    error: Annotated[str | None, Meta(description="Why the latest attempt did not succeed")]
    note: Annotated[str | None, Meta(description="What a person has said of it last, with `confirm`")]
    retry_of: Annotated[UUID | None, Meta(description="The FAILED or MISSED schedule that this one makes good for")]
    intent: Annotated[IntentKind, Meta(description="Whether a wall time or an instant was asked for")]
    local_time: Annotated[
        str | None,
        Meta(
            description="The wall time as asked, without an offset; null for an instant",
            examples=["2030-03-18T19:00:00"],
        ),
    ]
    timezone: ZoneName
    disambiguation: Disambiguation | None
    resolution: Annotated[Resolution, Meta(description="How the wall time became an instant")]
    tz_release: Annotated[str, Meta(description="The IANA release whose rules were used", examples=["2026f"])]
    scheduler: Annotated[SchedulerKind | None, Meta(description="Who chose the time; null: a caller did")]
    version: Annotated[int, Meta(ge=1, description="Rises with every change", examples=[1])]
    warnings: Annotated[
        list[str],
        Meta(
            description="What to know of it: its time was moved or chosen, another goes out at the same instant, its "
            "post changed after a send had begun, no receiver takes it, nothing claims it, its brand or "
            "campaign says otherwise by now",
            examples=[[]],
        ),
    ]
    override: Annotated[
        list[RuleKind], Meta(description="The kinds of rules that were passed over for it", examples=[[]])
    ]
    arm: Annotated[
        Arm | None,
        Meta(
            description="Where a `control_share` of the policy had the lot drawn: whether its time was `chosen` or, as "
            "a `control`, left at the naive rule's. null: it is not compared"
        ),
    ]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        slot, intent = schedule.slot, schedule.slot.intent
        return cls(
            schedule_id=schedule.schedule_id,
            post_id=schedule.post_id,
            brand_id=schedule.brand_id,
            campaign_id=schedule.campaign_id,
            platform=schedule.platform,
            title=schedule.title,
            publish_time=slot.publish_time,
            publish_time_local=slot.local_text(),
            status=schedule.status,
            retry_count=schedule.retry_count,
            holds=sorted(schedule.holds),
            doubtful=schedule.is_doubtful,
            external_id=schedule.external_id,
            dry_run=schedule.is_dry_run,
            error=schedule.error,
            note=schedule.note,
            retry_of=schedule.retry_of,
            intent=intent.kind,
            local_time=None if intent.local_time is None else intent.local_time.isoformat(),
            timezone=intent.zone,
            disambiguation=intent.disambiguation,
            resolution=intent.resolution,
            tz_release=intent.tz_release,
            scheduler=schedule.scheduler,
            version=schedule.version,
            warnings=[*warnings(schedule), *_reasons(schedule)],
            override=sorted(schedule.overridden),
            arm=schedule.compared_as,
            created_at=schedule.created_at,
            updated_at=schedule.updated_at,
        )


async def all_of(schedules: Iterable[Schedule]) -> list[ScheduleOut]:
    """In their order."""
    return [ScheduleOut.of(each) async for each in unhurried(schedules)]


def _reasons(schedule: Schedule) -> Sequence[str]:
    """Why what waits would not be sent by the process that shows it, or has not been."""
    why_it_waits = WHY_IT_WAITS.get()
    return [] if why_it_waits is None or schedule.status is not ScheduleStatus.PENDING else why_it_waits(schedule)


class CampaignSchedulesOut(Struct, frozen=True, kw_only=True):
    campaign_id: CampaignId
    schedules: Annotated[list[ScheduleOut], Meta(description="In time order")]

    @classmethod
    async def of(cls, campaign_id: UUID, schedules: Sequence[Schedule]) -> Self:
        return cls(campaign_id=campaign_id, schedules=await all_of(schedules))


class CampaignSchedulePage(CampaignSchedulesOut, frozen=True, kw_only=True):
    next_cursor: Cursor


class SchedulePage(Struct, frozen=True, kw_only=True):
    items: Annotated[list[ScheduleOut], Meta(description="In time order")]
    next_cursor: Cursor

    @classmethod
    def of(cls, found: Found) -> Self:
        return cls(
            items=[ScheduleOut.of(schedule) for schedule in found.schedules],
            next_cursor=cursor_of(found.goes_on) if found.goes_on else None,
        )
