"""Plans over HTTP: shown before anything is scheduled, committed as they were shown."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, check_may, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like, shown_as_pictures
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, Limit, key_of, page_of
from marketmind_scheduler.adapters.http.shapes.parameters import CampaignInPath, PlanInPath
from marketmind_scheduler.adapters.http.shapes.plan_answers import WhyOut
from marketmind_scheduler.adapters.http.shapes.plan_picture import plan_picture
from marketmind_scheduler.adapters.http.shapes.plans import (
    CommitIn,
    CommittedOut,
    PlanIn,
    PlanOut,
    PlanPage,
    PlanSummary,
)
from marketmind_scheduler.application.planning.plan_text import plan_text
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    CampaignNotFound,
    CampaignOver,
    ContradictoryPlanning,
    NoPostsToSchedule,
    OffsetContradictsZone,
    PlanEnded,
    PlanHashDiffers,
    PlanNotFound,
    PlanOutdated,
    PlanTooLarge,
    PolicyViolated,
    PostNotFound,
    QuotaExceeded,
    SchedulerUnavailable,
    TooManyHeld,
    TooManyPosts,
    UnknownZone,
    UnreadableTime,
    ZoneRulesOutdated,
)

PICTURE_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


class PlanFormat(StrEnum):
    TEXT = "text"
    SVG = "svg"


Form = Annotated[
    PlanFormat | None,
    QueryParameter(name="format", description="A table for a terminal, or a picture; left out: JSON"),
]


WhichPost = Annotated[UUID, QueryParameter(name="post_id", description="A post that the plan places or leaves out")]
AtTime = Annotated[
    str,
    QueryParameter(
        name="at", max_length=100, description="A wall time in the brand's zone, such as `2030-03-18T09:30:00`"
    ),
]


class PlanController(Controller):
    tags = ("Plans",)

    @post(
        "/campaigns/{campaign_id:uuid}/plans",
        status_code=201,
        operation_class=body_like(*examples.PLAN, required=False),
        **needs(Scope.SCHEDULES_READ, **LONGER),
        summary="Preview a campaign's plan",
        response_description="The plan; nothing is scheduled yet",
        responses=documented(
            *BODY,
            *POSTED,
            CampaignNotFound,
            NoPostsToSchedule,
            CampaignAlreadyScheduled,
            ContradictoryPlanning,
            TooManyPosts,
            PlanTooLarge,
            SchedulerUnavailable,
            TooManyHeld,
            CampaignOver,
            PolicyViolated,
            BeyondHorizon,
            UnknownZone,
            ZoneRulesOutdated,
        ),
    )
    async def preview_plan(
        self,
        previewing: ForCaller[Previewing],
        campaign_id: CampaignInPath,
        request: AnyRequest,
        data: JSONBody[PlanIn | None] = None,
    ) -> PlanOut:
        """What `POST /schedule/campaign/{campaign_id}` would make of the campaign, kept as it is shown, so that
        `POST /plans/{plan_id}/commit` makes exactly that. With `hold_seconds` its slots are kept for it meanwhile,
        which needs the scope `schedules:write`. The body may be left out."""
        asked = (data or PlanIn()).asked()
        if asked.hold:
            check_may(request, Scope.SCHEDULES_WRITE)
        return PlanOut.of(await previewing.preview(campaign_id, asked))

    @get(
        "/campaigns/{campaign_id:uuid}/plans",
        **needs(Scope.SCHEDULES_READ),
        summary="List a campaign's plans",
        response_description="A page of plans, without their placements",
        responses=documented(*READ, CampaignNotFound),
    )
    async def list_plans(
        self,
        previewing: ForCaller[Previewing],
        campaign_id: CampaignInPath,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> PlanPage:
        """The latest first, with what became of each."""
        rows = await previewing.list(campaign_id, limit=limit + 1, after=key_of(cursor, UUID))
        shown, next_cursor = page_of(rows, limit, lambda preview: preview.plan_id)
        return PlanPage(items=[PlanSummary.of_preview(preview) for preview in shown], next_cursor=next_cursor)

    @get(
        "/plans/{plan_id:uuid}",
        **needs(Scope.SCHEDULES_READ),
        operation_class=shown_as_pictures("Spring launch · 2027-03-15 to 2027-03-21 · America/Los_Angeles …"),
        summary="Read a plan",
        response_description="The plan, and whether it would commit now",
        responses={
            200: ResponseSpec(
                PlanOut, generate_examples=False, description="The plan, and whether it would commit now"
            ),
            **documented(*READ, PlanNotFound, ZoneRulesOutdated),
        },
    )
    async def get_plan(
        self, previewing: ForCaller[Previewing], plan_id: PlanInPath, form: Form = None
    ) -> Response[Any]:
        """As it was shown; titles are those that its posts have now. `format=text` is a table for a terminal, and
        `format=svg` a picture of the campaign: days by hours in the brand's zone."""
        match form:
            case PlanFormat.TEXT:
                return Response(plan_text(await previewing.get(plan_id)), media_type="text/plain; charset=utf-8")
            case PlanFormat.SVG:
                picture = plan_picture(await previewing.picture(plan_id))
                return Response(picture, media_type="image/svg+xml", headers=PICTURE_HEADERS)
            case None:
                return Response(PlanOut.of(await previewing.get(plan_id)))

    @get(
        "/plans/{plan_id:uuid}/why",
        **needs(Scope.SCHEDULES_READ, **LONGER),
        summary="Ask why a post is not at another time",
        response_description="What stands against it, or what that hour is worth",
        responses=documented(
            *READ,
            PlanNotFound,
            PostNotFound,
            UnreadableTime,
            UnknownZone,
            OffsetContradictsZone,
            ZoneRulesOutdated,
        ),
    )
    async def ask_why(
        self, previewing: ForCaller[Previewing], plan_id: PlanInPath, post_id: WhichPost, at: AtTime
    ) -> WhyOut:
        """As things are now: what closes that time with all other posts of the plan where they are; and, unless that
        stays whatever they do, the plan as its scheduler would make it with the post there. Nothing is stored."""
        return WhyOut.of(await previewing.why(plan_id, post_id, at))

    @post(
        "/plans/{plan_id:uuid}/commit",
        status_code=201,
        operation_class=body_like(*examples.COMMIT),
        **needs(Scope.SCHEDULES_WRITE, **LONGER),
        summary="Commit a plan",
        response_description="Scheduled, in time order",
        responses={
            200: ResponseSpec(CommittedOut, generate_examples=False, description="It was committed already"),
            **documented(
                *BODY,
                *POSTED,
                PlanNotFound,
                PlanHashDiffers,
                PlanEnded,
                PlanOutdated,
                PolicyViolated,
                QuotaExceeded,
                UnknownZone,
                ZoneRulesOutdated,
            ),
        },
    )
    async def commit_plan(
        self, previewing: ForCaller[Previewing], plan_id: PlanInPath, data: JSONBody[CommitIn]
    ) -> Response[CommittedOut]:
        """Exactly the times that were shown, or nothing. `plan_hash` says what is agreed to. Where something has
        changed since that leaves its times possible, they stand, and `changed` names it; else it is refused with a
        fresh preview. The same request again answers 200 with the same schedules."""
        committed = await previewing.commit(plan_id, data.plan_hash)
        return Response(CommittedOut.of(plan_id, committed), status_code=201 if committed.is_new else 200)

    @delete(
        "/plans/{plan_id:uuid}",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE),
        summary="Discard a plan",
        response_description="Discarded",
        responses=documented(*READ, PlanNotFound, PlanEnded),
    )
    async def discard_plan(self, previewing: ForCaller[Previewing], plan_id: PlanInPath) -> PlanSummary:
        """Its slots are free again, and it can be read and not committed."""
        return PlanSummary.of_preview(await previewing.discard(plan_id))
