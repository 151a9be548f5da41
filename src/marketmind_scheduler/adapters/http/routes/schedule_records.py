"""One schedule over HTTP: what became of it, and what a person decides about it."""

from litestar import Controller, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs, overriding
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ_ONE, TIME
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.fields import external_text
from marketmind_scheduler.adapters.http.shapes.parameters import ScheduleInPath
from marketmind_scheduler.adapters.http.shapes.schedule_records import ConfirmIn, RetryIn, ScheduleRecordOut
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.schedule_records import ScheduleRecord, ScheduleRecords
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    AlreadyPublished,
    AlreadyScheduled,
    ContradictoryConfirmation,
    NotRetryable,
    NotUnconfirmed,
    PolicyViolated,
    PreconditionFailed,
    QuotaExceeded,
    UnknownSchedule,
)


class ScheduleRecordController(Controller):
    path = "/schedules/{schedule_id:uuid}"
    tags = ("Schedules",)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="Read a schedule with its attempts",
        response_description="The schedule and every try to publish it",
        responses=documented(*READ_ONE, UnknownSchedule),
    )
    async def get_schedule(
        self, schedule_records: ForCaller[ScheduleRecords], schedule_id: ScheduleInPath, request: AnyRequest
    ) -> Response[ScheduleRecordOut]:
        """Final ones too. The attempts are every try to publish it, each with what was sent and what came of it."""
        return conditions_of(request).answer(ScheduleRecordOut.of_record(await schedule_records.get(schedule_id)))

    @post(
        "/confirm",
        status_code=200,
        operation_class=body_like(*examples.CONFIRM),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Say whether a post is out",
        response_description="The schedule as it stands now",
        responses=documented(
            *BODY,
            *POSTED,
            UnknownSchedule,
            NotUnconfirmed,
            AlreadyScheduled,
            PreconditionFailed,
            ContradictoryConfirmation,
        ),
    )
    async def confirm_schedule(
        self,
        schedule_records: ForCaller[ScheduleRecords],
        schedule_id: ScheduleInPath,
        data: JSONBody[ConfirmIn],
        request: AnyRequest,
    ) -> Response[ScheduleOut]:
        """An UNCONFIRMED one becomes COMPLETED when the post is out; else FAILED, or PENDING again with `send_again`.
        The attempts show what is known: look at the platform before you answer. A COMPLETED or FAILED one is corrected
        in the same way, and `schedule.corrected` tells it; to send it again, retry it afterwards."""
        confirmed = await schedule_records.confirm(
            schedule_id,
            published=data.published,
            send_again=data.send_again,
            external_id=external_text(data.external_id),
            note=data.note,
            expected=conditions_of(request).on(ScheduleRecordOut.of_record, _without_attempts),
        )
        return tagged(ScheduleOut.of(confirmed))

    @post(
        "/retry",
        status_code=201,
        operation_class=body_like(*examples.RETRY, required=False),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Try a FAILED or MISSED post again",
        response_description="A new schedule of the same post",
        responses={
            200: ResponseSpec(ScheduleOut, generate_examples=False, description="It had been made already"),
            **documented(
                *BODY,
                *POSTED,
                UnknownSchedule,
                NotRetryable,
                AlreadyScheduled,
                AlreadyPublished,
                QuotaExceeded,
                PolicyViolated,
                PreconditionFailed,
                *TIME,
            ),
        },
    )
    async def retry_schedule(
        self,
        post_scheduling: ForCaller[PostScheduling],
        schedule_id: ScheduleInPath,
        request: AnyRequest,
        data: JSONBody[RetryIn | None] = None,
    ) -> Response[ScheduleOut]:
        """Now, or at the given time. The new schedule names the old one as `retry_of`. It obeys the brand's policy and
        the platform's caps; `override` passes over rules. The body may be left out."""
        schedule, is_new = await post_scheduling.try_again(
            schedule_id,
            data.asked() if data else None,
            override=overriding(request, data.override if data else ()),
            expected=conditions_of(request).on(ScheduleRecordOut.of_record, _without_attempts),
        )
        return tagged(ScheduleOut.of(schedule), status_code=201 if is_new else 200)


def _without_attempts(record: ScheduleRecord) -> ScheduleOut:
    """As every other answer shows it."""
    return ScheduleOut.of(record.schedule)
