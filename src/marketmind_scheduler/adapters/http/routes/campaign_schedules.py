"""The schedules of a campaign over HTTP."""

from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs, overriding
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, after_in_time, page_of, place_in_time
from marketmind_scheduler.adapters.http.shapes.parameters import (
    CampaignInPath,
    PlatformFilter,
    StatusFilter,
    WithCancelled,
)
from marketmind_scheduler.adapters.http.shapes.schedules import (
    CampaignSchedulePage,
    CampaignSchedulesOut,
    ScheduleCampaignIn,
    ScheduleOut,
)
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    CampaignNotFound,
    CampaignOver,
    ContradictoryPlanning,
    NeedsPreview,
    NoPostsToSchedule,
    PlanTooLarge,
    PolicyViolated,
    QuotaExceeded,
    SchedulerUnavailable,
    TooManyPosts,
    UnknownZone,
    ZoneRulesOutdated,
)

CampaignLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=10_000, description="How many to return at most")]


class CampaignScheduleController(Controller):
    path = "/schedule/campaign/{campaign_id:uuid}"
    tags = ("Schedules of campaigns",)
    opt = LONGER

    @post(
        status_code=201,
        operation_class=body_like(*examples.SCHEDULE_CAMPAIGN, required=False),
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
                ContradictoryPlanning,
                NeedsPreview,
                TooManyPosts,
                PlanTooLarge,
                SchedulerUnavailable,
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
        campaign_scheduling: ForCaller[CampaignScheduling],
        campaign_id: CampaignInPath,
        request: AnyRequest,
        data: JSONBody[ScheduleCampaignIn | None] = None,
    ) -> Response[CampaignSchedulesOut]:
        """Every post of the campaign, all or nothing. The naive scheduler spreads each platform's posts evenly over
        the campaign's days, one a day at 19:00 in the brand's zone. The same request again, with nothing changed,
        answers 200 with the same schedules. Where some of it stands otherwise, `fill` places the rest and moves
        nothing, and `replace` plans anew what a scheduler has placed; both keep the times that a person chose, and the
        days that these have taken on a platform are not used again. Where one of its times would break the brand's
        policy or a platform's cap, nothing is made; `override` passes over rules. Answered is what was made. The body
        may be left out."""
        asked = data or ScheduleCampaignIn()
        schedules, is_new = await campaign_scheduling.schedule(
            campaign_id,
            kind=asked.scheduler,
            platforms=frozenset(asked.platforms),
            renewal=asked.renewal(),
            override=overriding(request, asked.override),
        )
        return Response(await CampaignSchedulesOut.of(campaign_id, schedules), status_code=201 if is_new else 200)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="List a campaign's schedules",
        response_description="A page of schedules, none where nothing is scheduled",
        responses=documented(*READ, CampaignNotFound),
    )
    async def list_campaign_schedules(
        self,
        campaign_scheduling: ForCaller[CampaignScheduling],
        campaign_id: CampaignInPath,
        status: StatusFilter = None,
        cancelled: WithCancelled = None,
        platform: PlatformFilter = None,
        limit: CampaignLimit = 1000,
        cursor: CursorParameter = None,
    ) -> CampaignSchedulePage:
        """In time order, the finished ones included. The cancelled ones are left out unless `status=CANCELLED` asks for
        them, or `cancelled=true` for all."""
        rows = await campaign_scheduling.list(
            campaign_id,
            status=status,
            cancelled=bool(cancelled),
            platform=platform,
            limit=limit + 1,
            after=after_in_time(cursor),
        )
        shown, next_cursor = page_of(rows, limit, place_in_time)
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
        self, campaign_scheduling: ForCaller[CampaignScheduling], campaign_id: CampaignInPath
    ) -> CampaignSchedulesOut:
        """Cancels what is still PENDING. The campaign is a DRAFT again, or COMPLETED where something of it has gone
        out."""
        return await CampaignSchedulesOut.of(campaign_id, await campaign_scheduling.cancel(campaign_id))
