"""Plans over HTTP: shown before anything is scheduled, committed as they were shown."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, check_may, may, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest
from marketmind_scheduler.adapters.http.envelope.shares import WAITS
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like, shown_as_pictures
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.agent import PreparationOut
from marketmind_scheduler.adapters.http.shapes.agent_runs import RunEntryOut, RunsOut
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, Limit, key_of, page_of
from marketmind_scheduler.adapters.http.shapes.parameters import CampaignInPath, PlanInPath
from marketmind_scheduler.adapters.http.shapes.plan_picture import plan_picture
from marketmind_scheduler.adapters.http.shapes.plans import (
    PlanIn,
    PlanOut,
    PlanPage,
    PlanSummary,
    shown_so_far,
)
from marketmind_scheduler.application.planning.plan_text import by_request, plan_text
from marketmind_scheduler.application.planning.preparing import Preparing
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    CampaignNotFound,
    CampaignOver,
    ContradictoryPlanning,
    InstructionWithoutAgent,
    NoPostsToSchedule,
    PlanEnded,
    PlanNotFound,
    PlanNotReady,
    PlanTooLarge,
    PolicyViolated,
    SchedulerUnavailable,
    TooManyHeld,
    TooManyPosts,
    UnknownPatch,
    UnknownZone,
    ZoneRulesOutdated,
)
from marketmind_scheduler.domain.schedulers import SchedulerKind

PICTURE_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


class PlanFormat(StrEnum):
    TEXT = "text"
    SVG = "svg"


Form = Annotated[
    PlanFormat | None,
    QueryParameter(name="format", description="A table for a terminal, or a picture; left out: JSON"),
]


WaitForPlan = Annotated[
    int,
    QueryParameter(
        name="wait_seconds", ge=0, le=25, description="How long to wait for a plan that is being made, 0 to 25"
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
        responses={
            202: ResponseSpec(
                PreparationOut,
                generate_examples=False,
                description="The plan is being made; `Location` says where it will be. Without a language model it is "
                "there at once, and this is the plan",
            ),
            **documented(
                *BODY,
                *POSTED,
                CampaignNotFound,
                NoPostsToSchedule,
                CampaignAlreadyScheduled,
                ContradictoryPlanning,
                InstructionWithoutAgent,
                UnknownPatch,
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
        },
    )
    async def preview_plan(
        self,
        previewing: ForCaller[Previewing],
        preparing: ForCaller[Preparing],
        campaign_id: CampaignInPath,
        request: AnyRequest,
        data: JSONBody[PlanIn | None] = None,
    ) -> Response[PlanOut | PreparationOut]:
        """What `POST /schedule/campaign/{campaign_id}` would make of the campaign, kept as it is shown, so that
        `POST /plans/{plan_id}/commit` makes exactly that. With `hold_seconds` its slots are kept for it meanwhile,
        which needs the scope `schedules:write`. The body may be left out.

        With `agentic` a language model may take part, and the answer is 202: the plan is made meanwhile, and `GET
        /plans/{plan_id}` has it. An `instruction` in words can only tighten the brand's rules for this plan. One that
        costs more than 5 % of what the plan is worth, or leaves a post out, is shown and not applied, until the same
        request agrees to it with `accept_patch`."""
        wanted = data or PlanIn()
        asked = wanted.asked()
        if asked.hold:
            check_may(request, Scope.SCHEDULES_WRITE)
        if asked.scheduler is not SchedulerKind.AGENTIC:
            return Response(PlanOut.of(await previewing.preview(campaign_id, asked)), status_code=201)
        begun = await preparing.begin(campaign_id, asked, words=wanted.instruction, accept_patch=wanted.accept_patch)
        plan = shown_so_far(begun)
        return Response(plan, status_code=202, headers={"location": f"/plans/{plan.plan_id}"})

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
        **needs(Scope.SCHEDULES_READ, **LONGER, **WAITS),
        operation_class=shown_as_pictures("Spring launch · 2027-03-15 to 2027-03-21 · America/Los_Angeles …"),
        summary="Read a plan",
        response_description="The plan, and whether it would commit now",
        responses={
            200: ResponseSpec(
                PlanOut, generate_examples=False, description="The plan, and whether it would commit now"
            ),
            **documented(*READ, PlanNotFound, PlanNotReady, ZoneRulesOutdated),
        },
    )
    async def get_plan(
        self,
        previewing: ForCaller[Previewing],
        preparing: ForCaller[Preparing],
        plan_id: PlanInPath,
        form: Form = None,
        wait_seconds: WaitForPlan = 0,
    ) -> Response[Any]:
        """As it was shown; titles are those that its posts have now. `format=text` is a table for a terminal, and
        `format=svg` a picture of the campaign: days by hours in the brand's zone. One that is being made has the status
        `preparing`, and `failed` once its deadline is over or it has ended otherwise."""
        found = await preparing.get(plan_id, wait=timedelta(seconds=wait_seconds))
        match form:
            case PlanFormat.TEXT:
                shown = await previewing.get(plan_id)
                table = plan_text(shown, to_commit=by_request(shown.preview))
                return Response(table, media_type="text/plain; charset=utf-8")
            case PlanFormat.SVG:
                picture = plan_picture(await previewing.picture(plan_id))
                return Response(picture, media_type="image/svg+xml", headers=PICTURE_HEADERS)
            case None:
                return Response(shown_so_far(found))

    @get(
        "/plans/{plan_id:uuid}/runs",
        **needs(Scope.SCHEDULES_READ),
        summary="Read what a language model was asked for a plan",
        response_description="The questions with what came of them, and how it was decided",
        responses=documented(*READ, PlanNotFound, ZoneRulesOutdated),
    )
    async def list_runs(self, preparing: ForCaller[Preparing], plan_id: PlanInPath, request: AnyRequest) -> RunsOut:
        """Each question with its tokens, cost and time, then the decision; none of a plan that no language model was to
        take part in. Texts are shown to the scope `admin` alone, and forgotten after a while."""
        entries = await preparing.runs(plan_id)
        return RunsOut(items=[RunEntryOut.of(each, with_texts=may(request, Scope.ADMIN)) for each in entries])

    @delete(
        "/plans/{plan_id:uuid}",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE),
        summary="Discard a plan",
        response_description="Discarded",
        responses=documented(*READ, PlanNotFound, PlanNotReady, PlanEnded),
    )
    async def discard_plan(self, previewing: ForCaller[Previewing], plan_id: PlanInPath) -> PlanSummary:
        """Its slots are free again, and it can be read and not committed."""
        return PlanSummary.of_preview(await previewing.discard(plan_id))
