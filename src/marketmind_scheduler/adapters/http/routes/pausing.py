"""Pausing and resuming over HTTP."""

from litestar import Controller, Response, post

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.envelope.idempotency import reaching
from marketmind_scheduler.adapters.http.envelope.time_limit import UNLIMITED
from marketmind_scheduler.adapters.http.problem_sets import REACHING, READ_ONE
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes.brands import BrandOut
from marketmind_scheduler.adapters.http.shapes.catalog import CampaignOut
from marketmind_scheduler.adapters.http.shapes.parameters import BrandInPath, CampaignInPath
from marketmind_scheduler.application.pausing import Pausing
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound

_AGAIN = reaching(look_at=None)


class PausingController(Controller):
    tags = ("Pausing",)
    opt = UNLIMITED

    @post(
        "/campaigns/{campaign_id:uuid}/pause",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE, **_AGAIN),
        summary="Pause a campaign",
        response_description="Nothing of it begins to be sent any more",
        responses=documented(*READ_ONE, *REACHING, CampaignNotFound),
    )
    async def pause_campaign(
        self, pausing: ForCaller[Pausing], campaign_id: CampaignInPath, request: AnyRequest
    ) -> Response[CampaignOut]:
        """Its posts stay PENDING and show why they are held. A send that is in flight goes on."""
        campaign = await pausing.pause_campaign(campaign_id, expected=conditions_of(request).on(_shown))
        return tagged(CampaignOut.of(campaign))

    @post(
        "/campaigns/{campaign_id:uuid}/resume",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE, **_AGAIN),
        summary="Resume a campaign",
        response_description="It goes on",
        responses=documented(*READ_ONE, *REACHING, CampaignNotFound),
    )
    async def resume_campaign(
        self, pausing: ForCaller[Pausing], campaign_id: CampaignInPath, request: AnyRequest
    ) -> Response[CampaignOut]:
        """What fell due meanwhile goes out one by one, at a pace for each platform, unless it is too late."""
        campaign = await pausing.resume_campaign(campaign_id, expected=conditions_of(request).on(_shown))
        return tagged(CampaignOut.of(campaign))

    @post(
        "/brands/{brand_id:uuid}/pause",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE, **_AGAIN),
        summary="Pause a brand",
        response_description="Nothing of it begins to be sent any more",
        responses=documented(*READ_ONE, *REACHING, BrandNotFound),
    )
    async def pause_brand(
        self, pausing: ForCaller[Pausing], brand_id: BrandInPath, request: AnyRequest
    ) -> Response[BrandOut]:
        """Its posts stay PENDING and show why they are held. A send that is in flight goes on."""
        brand = await pausing.pause_brand(brand_id, expected=conditions_of(request).on(_shown))
        return tagged(BrandOut.of(brand))

    @post(
        "/brands/{brand_id:uuid}/resume",
        status_code=200,
        **needs(Scope.SCHEDULES_WRITE, **_AGAIN),
        summary="Resume a brand",
        response_description="It goes on",
        responses=documented(*READ_ONE, *REACHING, BrandNotFound),
    )
    async def resume_brand(
        self, pausing: ForCaller[Pausing], brand_id: BrandInPath, request: AnyRequest
    ) -> Response[BrandOut]:
        """What fell due meanwhile goes out one by one, at a pace for each platform, unless it is too late."""
        brand = await pausing.resume_brand(brand_id, expected=conditions_of(request).on(_shown))
        return tagged(BrandOut.of(brand))


def _shown(found: Brand | Campaign) -> BrandOut | CampaignOut:
    return BrandOut.of(found) if isinstance(found, Brand) else CampaignOut.of(found)
