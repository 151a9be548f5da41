"""Plans over HTTP as they are asked about, and committed as they were shown."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.parameters import PlanInPath
from marketmind_scheduler.adapters.http.shapes.plan_answers import WhyOut
from marketmind_scheduler.adapters.http.shapes.plan_commits import CommitIn, CommittedOut
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    InstructionNotFollowed,
    OffsetContradictsZone,
    PlanEnded,
    PlanHashDiffers,
    PlanNotFound,
    PlanNotReady,
    PlanOutdated,
    PolicyViolated,
    PostNotFound,
    QuotaExceeded,
    UnknownZone,
    UnreadableTime,
    ZoneRulesOutdated,
)

WhichPost = Annotated[UUID, QueryParameter(name="post_id", description="A post that the plan places or leaves out")]
AtTime = Annotated[
    str,
    QueryParameter(
        name="at", max_length=100, description="A wall time in the brand's zone, such as `2030-03-18T09:30:00`"
    ),
]


class PlanCommitController(Controller):
    tags = ("Plans",)

    @get(
        "/plans/{plan_id:uuid}/why",
        **needs(Scope.SCHEDULES_READ, **LONGER),
        summary="Ask why a post is not at another time",
        response_description="What stands against it, or what that hour is worth",
        responses=documented(
            *READ,
            PlanNotFound,
            PlanNotReady,
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
                PlanNotReady,
                InstructionNotFollowed,
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
        committed = await previewing.commit(plan_id, data.plan_hash, ignore_instruction=data.ignore_instruction)
        return Response(CommittedOut.of(plan_id, committed), status_code=201 if committed.is_new else 200)
