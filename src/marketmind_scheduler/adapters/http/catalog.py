"""Brands, campaigns and posts over HTTP."""

from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http import body_examples
from marketmind_scheduler.adapters.http.access import DENIED, needs
from marketmind_scheduler.adapters.http.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.pages import CursorParameter, Limit, key_of, not_a_cursor, page_of
from marketmind_scheduler.adapters.http.parameters import (
    BrandFilter,
    BrandInPath,
    CampaignFilter,
    CampaignInPath,
    CampaignStatusFilter,
    PlatformFilter,
    PostInPath,
)
from marketmind_scheduler.adapters.http.problems import documented, registered
from marketmind_scheduler.adapters.http.schemas import (
    BrandIn,
    BrandOut,
    BrandPage,
    CampaignIn,
    CampaignOut,
    CampaignPage,
    CampaignPostsIn,
    CampaignPostsOut,
    PostIn,
    PostOut,
    PostPage,
)
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BrandMismatch,
    BrandNotFound,
    CampaignNotFound,
    CampaignTooLong,
    DatesReversed,
    DuplicatePost,
    FixedField,
    IdempotencyKeyReused,
    PostInOtherCampaign,
    PostNotFound,
    PreconditionFailed,
    RequestInProgress,
    StorageUnavailable,
    UnknownZone,
    UnreadableTime,
)
from marketmind_scheduler.domain.wall_clock import read_day

BODY = (400, 404, 408, 413, 415, *DENIED, StorageUnavailable)
POSTED = (RequestInProgress, IdempotencyKeyReused)
LIST = (400, *DENIED, StorageUnavailable)
READ = (400, 404, *DENIED, StorageUnavailable)
READ_ONE = (*READ, PreconditionFailed)
BULK_BODY_BYTES = 8 * 1024 * 1024


class CatalogController(Controller):
    tags = ("Catalog",)

    @put(
        "/brands/{brand_id:uuid}",
        status_code=200,
        operation_class=body_like(*body_examples.BRAND),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or replace a brand",
        response_description="Replaced",
        responses={201: registered(BrandOut), **documented(*BODY, PreconditionFailed, UnknownZone)},
    )
    async def put_brand(
        self,
        catalog: NamedDependency[Catalog],
        brand_id: BrandInPath,
        data: JSONBody[BrandIn],
        request: AnyRequest,
    ) -> Response[BrandOut]:
        """Schedules that exist keep the time zone and the lateness they were made with."""
        brand, is_new = await catalog.put_brand(
            brand_id,
            name=data.brand_name,
            default_zone=data.brand_default_timezone,
            tone_profile=data.tone_profile,
            lateness=data.lateness(),
            expected=conditions_of(request).on(BrandOut.of),
        )
        return tagged(BrandOut.of(brand), status_code=201 if is_new else 200)

    @get(
        "/brands/{brand_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a brand",
        response_description="The brand",
        responses=documented(*READ_ONE, BrandNotFound),
    )
    async def get_brand(
        self, catalog: NamedDependency[Catalog], brand_id: BrandInPath, request: AnyRequest
    ) -> Response[BrandOut]:
        return conditions_of(request).answer(BrandOut.of(await catalog.get_brand(brand_id)))

    @get(
        "/brands",
        **needs(Scope.CATALOG_READ),
        summary="List brands",
        response_description="A page of brands",
        responses=documented(*LIST),
    )
    async def list_brands(
        self, catalog: NamedDependency[Catalog], limit: Limit = 50, cursor: CursorParameter = None
    ) -> BrandPage:
        """Ordered by id."""
        rows = await catalog.list_brands(limit=limit + 1, after=key_of(cursor, UUID))
        shown, next_cursor = page_of(rows, limit, lambda brand: brand.brand_id)
        return BrandPage(items=[BrandOut.of(brand) for brand in shown], next_cursor=next_cursor)

    @put(
        "/campaigns/{campaign_id:uuid}",
        status_code=200,
        operation_class=body_like(*body_examples.CAMPAIGN),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or replace a campaign",
        response_description="Replaced",
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
        catalog: NamedDependency[Catalog],
        campaign_id: CampaignInPath,
        data: JSONBody[CampaignIn],
        request: AnyRequest,
    ) -> Response[CampaignOut]:
        """A new campaign is a DRAFT. Its brand never changes; schedules that exist stay as they are."""
        campaign, is_new = await catalog.put_campaign(
            campaign_id,
            brand_id=data.brand_id,
            name=data.name,
            goal=data.goal,
            start_date=read_day(data.start_date),
            end_date=read_day(data.end_date),
            expected=conditions_of(request).on(CampaignOut.of),
        )
        return tagged(CampaignOut.of(campaign), status_code=201 if is_new else 200)

    @get(
        "/campaigns/{campaign_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a campaign",
        response_description="The campaign, with the number of its posts",
        responses=documented(*READ_ONE, CampaignNotFound),
    )
    async def get_campaign(
        self, catalog: NamedDependency[Catalog], campaign_id: CampaignInPath, request: AnyRequest
    ) -> Response[CampaignOut]:
        return conditions_of(request).answer(CampaignOut.of(await catalog.get_campaign(campaign_id)))

    @get(
        "/campaigns",
        **needs(Scope.CATALOG_READ),
        summary="List campaigns",
        response_description="A page of campaigns",
        responses=documented(*LIST),
    )
    async def list_campaigns(
        self,
        catalog: NamedDependency[Catalog],
        brand_id: BrandFilter = None,
        status: CampaignStatusFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> CampaignPage:
        """Ordered by id."""
        rows = await catalog.list_campaigns(
            brand_id=brand_id, status=status, limit=limit + 1, after=key_of(cursor, UUID)
        )
        shown, next_cursor = page_of(rows, limit, lambda campaign: campaign.campaign_id)
        return CampaignPage(items=[CampaignOut.of(campaign) for campaign in shown], next_cursor=next_cursor)

    @post(
        "/campaigns/{campaign_id:uuid}/posts",
        status_code=200,
        request_max_body_size=BULK_BODY_BYTES,
        operation_class=body_like(*body_examples.CAMPAIGN_POSTS),
        **needs(Scope.CATALOG_WRITE),
        summary="Register a campaign's posts",
        response_description="Nothing of it was new",
        responses={
            201: registered(CampaignPostsOut),
            **documented(*BODY, *POSTED, CampaignNotFound, FixedField, PostInOtherCampaign, DuplicatePost),
        },
    )
    async def register_posts(
        self, catalog: NamedDependency[Catalog], campaign_id: CampaignInPath, data: JSONBody[CampaignPostsIn]
    ) -> Response[CampaignPostsOut]:
        """Up to 10,000 posts in a body of at most 8 MB, in the given order, all or nothing. The same body again
        changes nothing. A post that has no campaign yet joins this one."""
        outcome = await catalog.register_posts(campaign_id, [post.content() for post in data.posts])
        return Response(CampaignPostsOut.of(outcome), status_code=201 if outcome.created else 200)

    @put(
        "/posts/{post_id:uuid}",
        status_code=200,
        operation_class=body_like(*body_examples.POST),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or replace a post",
        response_description="Replaced",
        responses={
            201: registered(PostOut),
            **documented(*BODY, BrandNotFound, CampaignNotFound, FixedField, PreconditionFailed, BrandMismatch),
        },
    )
    async def put_post(
        self,
        catalog: NamedDependency[Catalog],
        post_id: PostInPath,
        data: JSONBody[PostIn],
        request: AnyRequest,
    ) -> Response[PostOut]:
        """Its brand and its platform never change."""
        stored, is_new = await catalog.put_post(
            data.content(post_id),
            brand_id=data.brand_id,
            campaign_id=data.campaign_id,
            expected=conditions_of(request).on(PostOut.of),
        )
        return tagged(PostOut.of(stored), status_code=201 if is_new else 200)

    @get(
        "/posts/{post_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a post",
        response_description="The post",
        responses=documented(*READ_ONE, PostNotFound),
    )
    async def get_post(
        self, catalog: NamedDependency[Catalog], post_id: PostInPath, request: AnyRequest
    ) -> Response[PostOut]:
        return conditions_of(request).answer(PostOut.of(await catalog.get_post(post_id)))

    @get(
        "/posts",
        **needs(Scope.CATALOG_READ),
        summary="List posts",
        response_description="A page of posts",
        responses=documented(*LIST),
    )
    async def list_posts(
        self,
        catalog: NamedDependency[Catalog],
        brand_id: BrandFilter = None,
        campaign_id: CampaignFilter = None,
        platform: PlatformFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> PostPage:
        """In the order in which they were registered."""
        rows = await catalog.list_posts(
            brand_id=brand_id,
            campaign_id=campaign_id,
            platform=platform,
            limit=limit + 1,
            after=_position(cursor),
        )
        shown, next_cursor = page_of(rows, limit, lambda post: post.position)
        return PostPage(items=[PostOut.of(post) for post in shown], next_cursor=next_cursor)


def _position(cursor: str | None) -> int | None:
    position = key_of(cursor, int)
    if position is not None and not 0 < position < 2**63:  # as one that was made up may be
        raise not_a_cursor()
    return position
