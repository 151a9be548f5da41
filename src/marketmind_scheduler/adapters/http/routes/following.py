"""Schedules that follow their campaign or brand, over HTTP."""

from litestar import Controller, post
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.following import FollowedOut, FollowIn, ShiftedOut, ShiftIn
from marketmind_scheduler.adapters.http.shapes.parameters import BrandInPath, CampaignInPath
from marketmind_scheduler.application.following import Following
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    BrandNotFound,
    CampaignNotFound,
    CannotFollow,
    PolicyViolated,
    TimeInPast,
    UnknownZone,
    UnreadableTime,
    ZoneRulesOutdated,
)


class FollowingController(Controller):
    tags = ("Catalog",)
    opt = LONGER

    @post(
        "/campaigns/{campaign_id:uuid}/shift",
        status_code=200,
        operation_class=body_like(*examples.SHIFT),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Shift a campaign with its schedules",
        response_description="Shifted, or as it would be",
        responses=documented(
            *BODY,
            *POSTED,
            CampaignNotFound,
            CannotFollow,
            PolicyViolated,
            UnreadableTime,
            TimeInPast,
            BeyondHorizon,
            ZoneRulesOutdated,
        ),
    )
    async def shift_campaign(
        self, following: ForCaller[Following], campaign_id: CampaignInPath, data: JSONBody[ShiftIn]
    ) -> ShiftedOut:
        """Its days and its PENDING schedules move by whole local days, all or nothing. Wall times stay what they are,
        also those chosen by hand; an instant stays at its time of day in the brand's zone."""
        campaign, schedules = await following.shift(campaign_id, data.days(), preview=data.preview)
        return await ShiftedOut.of(campaign, schedules, preview=data.preview)

    @post(
        "/brands/{brand_id:uuid}/follow",
        status_code=200,
        operation_class=body_like(*examples.FOLLOW),
        **needs(Scope.SCHEDULES_WRITE),
        summary="Let a brand's schedules follow it",
        response_description="They follow, or as they would",
        responses=documented(
            *BODY, *POSTED, BrandNotFound, CannotFollow, PolicyViolated, UnknownZone, ZoneRulesOutdated
        ),
    )
    async def follow_brand(
        self, following: ForCaller[Following], brand_id: BrandInPath, data: JSONBody[FollowIn]
    ) -> FollowedOut:
        """The PENDING ones that stand otherwise than the brand says now, all or nothing. What took its default zone
        keeps its wall clock in the new one; an instant stays, and is shown there."""
        data.check()
        brand, schedules = await following.follow(
            brand_id, zone=data.zone, lateness=data.lateness, preview=data.preview
        )
        return await FollowedOut.of(brand, schedules, preview=data.preview)
