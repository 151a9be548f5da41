"""Trying many posts again over HTTP."""

from litestar import Controller, post
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs, overriding
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.retrying import RetriedOut, RetryManyIn
from marketmind_scheduler.application.retrying import Retrying
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    BrandNotFound,
    CampaignNotFound,
    PolicyViolated,
    QuotaExceeded,
    TimeInPast,
    UnreadableTime,
)


class RetryingController(Controller):
    tags = ("Schedules",)
    opt = LONGER

    @post(
        "/schedules/retry",
        status_code=200,
        operation_class=body_like(*examples.RETRY_MANY),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Try many FAILED or MISSED posts again",
        response_description="How many, by brand and platform",
        responses=documented(
            *BODY,
            *POSTED,
            BrandNotFound,
            CampaignNotFound,
            QuotaExceeded,
            PolicyViolated,
            UnreadableTime,
            TimeInPast,
            BeyondHorizon,
        ),
    )
    async def retry_schedules(
        self, retrying: ForCaller[Retrying], data: JSONBody[RetryManyIn], request: AnyRequest
    ) -> RetriedOut:
        """Each gets a new schedule that names the old one as `retry_of`. They go out from now on, one by one on each
        brand's platform, 30 seconds apart (10 minutes on Reddit), or as far as the policy wants them, in the order of
        their publish times; where one of them would break a rule, none is made. Ask with `preview` first: it names such
        rules, too. What is published, or has an active schedule, is left out, so that asking again does no harm."""
        override = overriding(request, data.override)
        asked = retrying.preview if data.preview else retrying.retry
        retried = await asked(data.chosen(), override=override)
        return RetriedOut.of(retried, preview=data.preview)
