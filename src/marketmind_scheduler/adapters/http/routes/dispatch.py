"""Dispatch over HTTP: for callers that drive it by cron, and for services that publish by themselves."""

from datetime import timedelta

from litestar import Controller, post
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.idempotency import reaching
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, REACHING
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.dispatch import (
    ClaimOut,
    ClaimsIn,
    ClaimsOut,
    ExtendIn,
    ExtendOut,
    SettlementsIn,
    SettlementsOut,
    TriggerIn,
    TriggerOut,
)
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.pulling import Pulling
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import ClocksDisagree, DuplicateClaim, NothingSentFromHere


class DispatchController(Controller):
    tags = ("Dispatch",)
    opt = LONGER

    @post(
        "/schedule/trigger",
        status_code=200,
        operation_class=body_like(*examples.TRIGGER, required=False),
        **needs(Scope.DISPATCH_RUN, **reaching(look_at="`GET /events` tells what was sent, and what became of it")),
        summary="Send what is due now",
        response_description="What was sent, and where it stands",
        responses=documented(*BODY, *REACHING, ClocksDisagree, NothingSentFromHere),
    )
    async def trigger_dispatch(
        self,
        dispatcher: ForCaller[Dispatcher],
        data: JSONBody[TriggerIn | None] = None,
    ) -> TriggerOut:
        """For callers that drive the service by cron; a running dispatcher needs none of it. Waits for the verdicts,
        as long as a send may take. The body may be left out."""
        return TriggerOut.of(await dispatcher.trigger((data or TriggerIn()).limit))

    @post(
        "/dispatch/claims",
        status_code=200,
        operation_class=body_like(*examples.CLAIMS, required=False),
        **needs(Scope.DISPATCH_RUN, **reaching(look_at="`GET /schedule?status=PUBLISHING` shows what was handed out")),
        summary="Take due schedules to publish them yourself",
        response_description="The claims, none where nothing is due",
        responses=documented(*BODY, *REACHING),
    )
    async def claim_schedules(
        self,
        pulling: ForCaller[Pulling],
        data: JSONBody[ClaimsIn | None] = None,
    ) -> ClaimsOut:
        """Each is handed out once and counts as being sent from now on. Publish it, then settle it before the lease
        runs out: afterwards it is UNCONFIRMED. The body may be left out."""
        asked = data or ClaimsIn()
        attempts = await pulling.claim(
            dict.fromkeys(asked.platforms),
            limit=asked.limit,
            lease=timedelta(seconds=asked.lease_seconds),
        )
        return ClaimsOut(claims=[ClaimOut.of(attempt) for attempt in attempts])

    @post(
        "/dispatch/settlements",
        status_code=200,
        operation_class=body_like(*examples.SETTLEMENTS),
        **needs(Scope.DISPATCH_RUN),
        summary="Say what became of claims",
        response_description="What was recorded of each",
        responses=documented(*BODY, *POSTED, DuplicateClaim),
    )
    async def settle_claims(self, pulling: ForCaller[Pulling], data: JSONBody[SettlementsIn]) -> SettlementsOut:
        """Safe to repeat. A verdict that comes after its lease still counts while nobody has decided otherwise; an
        `accepted` counts longer, because it is a fact."""
        return SettlementsOut.of(await pulling.settle([each.told() for each in data.settlements]))

    @post(
        "/dispatch/claims/extend",
        status_code=200,
        operation_class=body_like(*examples.EXTEND),
        **needs(Scope.DISPATCH_RUN),
        summary="Keep claims longer",
        response_description="Which are still held",
        responses=documented(*BODY, *POSTED),
    )
    async def extend_claims(self, pulling: ForCaller[Pulling], data: JSONBody[ExtendIn]) -> ExtendOut:
        """Ask before the lease runs out. What is `lost` is not yours any more: do not publish it."""
        held = await pulling.extend(
            {claim.schedule_id: claim.claim_token for claim in data.claims},
            lease=timedelta(seconds=data.lease_seconds),
        )
        return ExtendOut.of(data.claims, held)
