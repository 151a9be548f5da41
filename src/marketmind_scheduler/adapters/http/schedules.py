"""Schedules over HTTP: of a post, of a campaign, and all of them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketmind_scheduler.adapters.http import body_examples
from marketmind_scheduler.adapters.http.access import needs
from marketmind_scheduler.adapters.http.catalog import BODY, LIST, POSTED, READ, READ_ONE
from marketmind_scheduler.adapters.http.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.pages import CursorParameter, Limit, key_of, not_a_cursor, page_of
from marketmind_scheduler.adapters.http.parameters import (
    BrandFilter,
    CampaignInPath,
    FromFilter,
    PlatformFilter,
    PostInPath,
    StatusFilter,
    ToFilter,
)
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.schemas import (
    CampaignSchedulePage,
    CampaignSchedulesOut,
    MovePostIn,
    ScheduleCampaignIn,
    ScheduleOut,
    SchedulePage,
    SchedulePostIn,
)
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    AlreadyPublished,
    AlreadyScheduled,
    BeyondHorizon,
    CampaignAlreadyScheduled,
    CampaignNotFound,
    CampaignOver,
    LocalTimeAmbiguous,
    LocalTimeInGap,
    NoPostsToSchedule,
    OffsetContradictsZone,
    PolicyViolated,
    PostNotFound,
    PreconditionFailed,
    QuotaExceeded,
    ScheduleNotFound,
    SendInFlight,
    StaleVersion,
    TimeInPast,
    TooManyPosts,
    UnknownZone,
    UnreadableTime,
    ZoneRulesOutdated,
)
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.wall_clock import read_instant
from marketmind_scheduler.ports.repositories import ScheduleFilter

TIME = (
    UnreadableTime,
    UnknownZone,
    LocalTimeInGap,
    LocalTimeAmbiguous,
    OffsetContradictsZone,
    TimeInPast,
    BeyondHorizon,
    ZoneRulesOutdated,
)

CampaignLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=10_000, description="How many to return at most")]


class PostScheduleController(Controller):
    path = "/schedule/post/{post_id:uuid}"
    tags = ("Schedules of posts",)

    @post(
        status_code=201,
        operation_class=body_like(*body_examples.SCHEDULE_POST),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Schedule a post",
        response_description="Scheduled",
        responses={
            200: ResponseSpec(ScheduleOut, generate_examples=False, description="It was scheduled so already"),
            **documented(*BODY, *POSTED, PostNotFound, AlreadyScheduled, AlreadyPublished, QuotaExceeded, *TIME),
        },
    )
    async def schedule_post(
        self, post_scheduling: NamedDependency[PostScheduling], post_id: PostInPath, data: JSONBody[SchedulePostIn]
    ) -> Response[ScheduleOut]:
        """The same request again answers 200 with the same schedule."""
        schedule, is_new = await post_scheduling.schedule(post_id, data.asked(), allow_repost=data.allow_repost)
        return tagged(ScheduleOut.of(schedule), status_code=201 if is_new else 200)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="Read a post's schedule",
        response_description="The schedule",
        responses=documented(*READ_ONE, PostNotFound, ScheduleNotFound),
    )
    async def get_post_schedule(
        self,
        post_scheduling: NamedDependency[PostScheduling],
        post_id: PostInPath,
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """The active one, else the most recent."""
        return conditions_of(request).answer(ScheduleOut.of(await post_scheduling.get(post_id)))

    @put(
        operation_class=body_like(*body_examples.MOVE_POST),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Move a post to another time",
        response_description="Moved",
        responses=documented(
            *BODY, PostNotFound, ScheduleNotFound, SendInFlight, StaleVersion, PreconditionFailed, *TIME
        ),
    )
    async def move_post(
        self,
        post_scheduling: NamedDependency[PostScheduling],
        post_id: PostInPath,
        data: JSONBody[MovePostIn],
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """It keeps its id and gets a new version. While a send is in flight, or may be out, it is refused."""
        moved = await post_scheduling.move(
            post_id, data.asked(), version=data.version, expected=conditions_of(request).on(ScheduleOut.of)
        )
        return tagged(ScheduleOut.of(moved))

    @delete(
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE),
        summary="Cancel a post's schedule",
        response_description="Cancelled",
        responses=documented(*READ_ONE, PostNotFound, ScheduleNotFound, SendInFlight),
    )
    async def cancel_post(
        self,
        post_scheduling: NamedDependency[PostScheduling],
        post_id: PostInPath,
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """It is kept as CANCELLED, and no send starts afterwards. While a send is in flight it is refused."""
        return tagged(
            ScheduleOut.of(await post_scheduling.cancel(post_id, expected=conditions_of(request).on(ScheduleOut.of)))
        )


class CampaignScheduleController(Controller):
    path = "/schedule/campaign/{campaign_id:uuid}"
    tags = ("Schedules of campaigns",)

    @post(
        status_code=201,
        operation_class=body_like(*body_examples.SCHEDULE_CAMPAIGN, required=False),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Schedule a campaign",
        response_description="Scheduled, in time order",
        responses={
            200: ResponseSpec(CampaignSchedulesOut, generate_examples=False, description="It was scheduled so already"),
            **documented(
                *BODY,
                *POSTED,
                CampaignNotFound,
                NoPostsToSchedule,
                CampaignAlreadyScheduled,
                TooManyPosts,
                CampaignOver,
                PolicyViolated,
                QuotaExceeded,
                BeyondHorizon,
                UnknownZone,
                ZoneRulesOutdated,
            ),
        },
    )
    async def schedule_campaign(
        self,
        campaign_scheduling: NamedDependency[CampaignScheduling],
        campaign_id: CampaignInPath,
        data: JSONBody[ScheduleCampaignIn | None] = None,
    ) -> Response[CampaignSchedulesOut]:
        """Every post of the campaign, all or nothing. The naive scheduler spreads each platform's posts evenly over
        the campaign's days, one a day at 19:00 in the brand's zone. The same request again, with nothing changed,
        answers 200 with the same schedules. The body may be left out."""
        asked = data or ScheduleCampaignIn()
        schedules, is_new = await campaign_scheduling.schedule(
            campaign_id, kind=asked.scheduler, platforms=frozenset(asked.platforms), replace=asked.replace
        )
        return Response(CampaignSchedulesOut.of(campaign_id, schedules), status_code=201 if is_new else 200)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="List a campaign's schedules",
        response_description="A page of schedules, none where nothing is scheduled",
        responses=documented(*READ, CampaignNotFound),
    )
    async def list_campaign_schedules(
        self,
        campaign_scheduling: NamedDependency[CampaignScheduling],
        campaign_id: CampaignInPath,
        status: StatusFilter = None,
        platform: PlatformFilter = None,
        limit: CampaignLimit = 1000,
        cursor: CursorParameter = None,
    ) -> CampaignSchedulePage:
        """In time order, the cancelled and finished ones included unless `status` says otherwise."""
        rows = await campaign_scheduling.list(
            campaign_id, status=status, platform=platform, limit=limit + 1, after=_after(cursor)
        )
        shown, next_cursor = page_of(rows, limit, _key)
        return CampaignSchedulePage(
            campaign_id=campaign_id,
            schedules=[ScheduleOut.of(schedule) for schedule in shown],
            next_cursor=next_cursor,
        )

    @delete(
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE),
        summary="Cancel a campaign's schedules",
        response_description="What was cancelled, in time order",
        responses=documented(*READ, CampaignNotFound),
    )
    async def cancel_campaign(
        self, campaign_scheduling: NamedDependency[CampaignScheduling], campaign_id: CampaignInPath
    ) -> CampaignSchedulesOut:
        """Cancels what is still PENDING. The campaign is a DRAFT again, or COMPLETED where something of it has gone
        out."""
        return CampaignSchedulesOut.of(campaign_id, await campaign_scheduling.cancel(campaign_id))


class ScheduleController(Controller):
    path = "/schedule"
    tags = ("Schedules",)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="List schedules",
        response_description="A page of schedules",
        responses=documented(*LIST, UnreadableTime, TimeInPast, BeyondHorizon),
    )
    async def list_schedules(
        self,
        post_scheduling: NamedDependency[PostScheduling],
        brand_id: BrandFilter = None,
        status: StatusFilter = None,
        platform: PlatformFilter = None,
        from_time: FromFilter = None,
        to_time: ToFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> SchedulePage:
        """In time order."""
        chosen = ScheduleFilter(
            brand_id=brand_id,
            status=status,
            platform=platform,
            from_time=None if from_time is None else read_instant(from_time),
            to_time=None if to_time is None else read_instant(to_time),
        )
        rows = await post_scheduling.list(chosen, limit=limit + 1, after=_after(cursor))
        shown, next_cursor = page_of(rows, limit, _key)
        return SchedulePage(items=[ScheduleOut.of(schedule) for schedule in shown], next_cursor=next_cursor)


def _key(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    key = key_of(cursor, tuple[datetime, UUID])
    if key is not None and key[0].tzinfo is not UTC:  # as one that was made up may be
        raise not_a_cursor()
    return key
