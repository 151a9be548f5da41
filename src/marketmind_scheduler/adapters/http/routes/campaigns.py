"""Campaigns over HTTP."""

from uuid import UUID

from litestar import Controller, Response, delete, get, put
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, LIST, READ, READ_ONE
from marketmind_scheduler.adapters.http.problems import documented, registered
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.catalog import (
    CampaignIn,
    CampaignOut,
    CampaignPage,
)
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, Limit, key_of, page_of
from marketmind_scheduler.adapters.http.shapes.parameters import (
    BrandFilter,
    CampaignInPath,
    CampaignStatusFilter,
    Unconfirmed,
    UnconfirmedParameter,
)
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import (
    BrandNotFound,
    CampaignNotFound,
    CampaignTooLong,
    DatesReversed,
    DeletionBlocked,
    FixedField,
    PreconditionFailed,
    UnreadableTime,
)


class CampaignController(Controller):
    tags = ("Catalog",)

    @put(
        "/campaigns/{campaign_id:uuid}",
        status_code=200,
        operation_class=body_like(*examples.CAMPAIGN),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or change a campaign",
        response_description="As it is now",
        responses={
            201: registered(CampaignOut),
            **documented(
                *BODY,
                BrandNotFound,
                FixedField,
                PreconditionFailed,
                UnreadableTime,
                DatesReversed,
                CampaignTooLong,
            ),
        },
    )
    async def put_campaign(
        self,
        catalog: ForCaller[Catalog],
        campaign_id: CampaignInPath,
        data: JSONBody[CampaignIn],
        request: AnyRequest,
    ) -> Response[CampaignOut]:
        """What is left out stays as it is; what changes nothing leaves the tag as it is. A new campaign is a DRAFT. Its
        brand never changes; schedules that exist stay as they are: the answer
        counts the PENDING ones that lie outside its days now, and each is told of it by an event."""
        campaign, is_new = await catalog.put_campaign(
            campaign_id, data.said(), expected=conditions_of(request).on(CampaignOut.of)
        )
        return tagged(
            await _shown(catalog, campaign), status_code=201 if is_new else 200, without=CampaignOut.of(campaign)
        )

    @delete(
        "/campaigns/{campaign_id:uuid}",
        status_code=204,
        **needs(Scope.CATALOG_WRITE, **LONGER),
        summary="Delete a campaign with its posts",
        response_description="Deleted, now or before",
        responses=documented(*READ, CampaignNotFound, DeletionBlocked),
    )
    async def delete_campaign(
        self, deleting: ForCaller[Deleting], campaign_id: CampaignInPath, unconfirmed: UnconfirmedParameter = None
    ) -> None:
        """As for a post, all or nothing. Take posts out that are to stay: `PUT /posts/{post_id}` with
        `"campaign_id": null`."""
        await deleting.delete(Doomed(Noun.CAMPAIGN, campaign_id), forgets=unconfirmed is Unconfirmed.FORGET)

    @get(
        "/campaigns/{campaign_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a campaign",
        response_description="The campaign, with the number of its posts",
        responses=documented(*READ_ONE, CampaignNotFound),
    )
    async def get_campaign(
        self, catalog: ForCaller[Catalog], campaign_id: CampaignInPath, request: AnyRequest
    ) -> Response[CampaignOut]:
        """With how far it has come, how many posts it has, and what lies outside its days."""
        campaign = await catalog.get_campaign(campaign_id)
        return conditions_of(request).answer(await _shown(catalog, campaign), without=CampaignOut.of(campaign))

    @get(
        "/campaigns",
        **needs(Scope.CATALOG_READ),
        summary="List campaigns",
        response_description="A page of campaigns",
        responses=documented(*LIST),
    )
    async def list_campaigns(
        self,
        catalog: ForCaller[Catalog],
        brand_id: BrandFilter = None,
        status: CampaignStatusFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> CampaignPage:
        """Ordered by id; `next_cursor`, sent as `cursor`, gets what follows."""
        rows = await catalog.list_campaigns(
            brand_id=brand_id, status=status, limit=limit + 1, after=key_of(cursor, UUID)
        )
        shown, next_cursor = page_of(rows, limit, lambda campaign: campaign.campaign_id)
        outside = await catalog.count_outside(shown)
        items = [CampaignOut.of(campaign, outside.get(campaign.campaign_id, 0)) for campaign in shown]
        return CampaignPage(items=items, next_cursor=next_cursor)


async def _shown(catalog: Catalog, campaign: Campaign) -> CampaignOut:
    outside = await catalog.count_outside([campaign])
    return CampaignOut.of(campaign, outside.get(campaign.campaign_id, 0))
