"""The schedule of one post over HTTP."""

from litestar import Controller, Response, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs, overriding
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ_ONE, TIME
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.asked_times import MovePostIn, SchedulePostIn
from marketmind_scheduler.adapters.http.shapes.parameters import PostInPath
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut
from marketmind_scheduler.application.asked_times import AskedPlace
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    AlreadyPublished,
    AlreadyScheduled,
    ContradictoryTime,
    PolicyViolated,
    PostNotFound,
    PreconditionFailed,
    QuotaExceeded,
    ScheduleNotFound,
    SchedulerUnavailable,
    SendInFlight,
    StaleVersion,
)


class PostScheduleController(Controller):
    path = "/schedule/post/{post_id:uuid}"
    tags = ("Schedules of posts",)

    @post(
        status_code=201,
        operation_class=body_like(*examples.SCHEDULE_POST),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Schedule a post",
        response_description="Scheduled",
        responses={
            200: ResponseSpec(ScheduleOut, generate_examples=False, description="It was scheduled so already"),
            **documented(
                *BODY,
                *POSTED,
                PostNotFound,
                AlreadyScheduled,
                AlreadyPublished,
                QuotaExceeded,
                PolicyViolated,
                ContradictoryTime,
                SchedulerUnavailable,
                *TIME,
            ),
        },
    )
    async def schedule_post(
        self,
        use_cases: ForCaller[UseCases],
        post_id: PostInPath,
        data: JSONBody[SchedulePostIn],
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """At `timestamp`, or, with `scheduler` instead, at the time that this finds between `not_before` and
        `not_after`, round all that stands on the brand's platform; where nothing is open, 422 says why. The same
        request again answers 200 with the same schedule; with `scheduler`, as long as a time that this one chose lies
        between the bounds. It obeys the brand's policy and the platform's caps; `override` passes over rules."""
        asked, override = data.asked(), overriding(request, data.override)
        if isinstance(asked, AskedPlace):
            made = use_cases.post_planning.schedule(post_id, asked, allow_repost=data.allow_repost, override=override)
        else:
            made = use_cases.post_scheduling.schedule(post_id, asked, allow_repost=data.allow_repost, override=override)
        schedule, is_new = await made
        return tagged(ScheduleOut.of(schedule), status_code=201 if is_new else 200)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="Read a post's schedule",
        response_description="The schedule",
        responses=documented(*READ_ONE, PostNotFound, ScheduleNotFound),
    )
    async def get_post_schedule(
        self,
        post_scheduling: ForCaller[PostScheduling],
        post_id: PostInPath,
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """The active one, else the most recent."""
        return conditions_of(request).answer(ScheduleOut.of(await post_scheduling.get(post_id)))

    @put(
        operation_class=body_like(*examples.MOVE_POST),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Move a post to another time",
        response_description="Moved",
        responses=documented(
            *BODY, PostNotFound, ScheduleNotFound, SendInFlight, StaleVersion, PreconditionFailed, PolicyViolated, *TIME
        ),
    )
    async def move_post(
        self,
        post_scheduling: ForCaller[PostScheduling],
        post_id: PostInPath,
        data: JSONBody[MovePostIn],
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """It keeps its id and gets a new version; zone and disambiguation stay where the body leaves them out. While a
        send is in flight, or may be out, it is refused. At another instant it obeys the brand's policy and the
        platform's caps; `override` passes over rules."""
        moved = await post_scheduling.move(
            post_id,
            data.asked(),
            version=data.version,
            override=overriding(request, data.override),
            expected=conditions_of(request).on(ScheduleOut.of),
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
        post_scheduling: ForCaller[PostScheduling],
        post_id: PostInPath,
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """It is kept as CANCELLED, and no send starts afterwards. While a send is in flight it is refused."""
        return tagged(
            ScheduleOut.of(await post_scheduling.cancel(post_id, expected=conditions_of(request).on(ScheduleOut.of)))
        )
