"""Posts over HTTP, one by one and a campaign's at once."""

from litestar import Controller, Response, delete, get, post, put
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tag_of
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, LIST, POSTED, READ, READ_ONE
from marketmind_scheduler.adapters.http.problems import documented, registered
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.campaign_posts import (
    CampaignPostsIn,
    CampaignPostsOut,
    PostOrderIn,
    PostOrderOut,
)
from marketmind_scheduler.adapters.http.shapes.catalog import ChangedPostOut, PostIn, PostOut, PostPage
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, Limit, page_of, position_of
from marketmind_scheduler.adapters.http.shapes.parameters import (
    BrandFilter,
    CampaignFilter,
    CampaignInPath,
    PlatformFilter,
    PostInPath,
    Unconfirmed,
    UnconfirmedParameter,
)
from marketmind_scheduler.application.campaign_posts import CampaignPosts
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import (
    BrandMismatch,
    BrandNotFound,
    CampaignNotFound,
    DeletionBlocked,
    DuplicatePost,
    FixedField,
    OrderIncomplete,
    PostInOtherCampaign,
    PostNotFound,
    PreconditionFailed,
    ScheduledInCampaign,
    UnusableMedia,
)

BULK_BODY_BYTES = 8 * 1024 * 1024


class PostController(Controller):
    tags = ("Catalog",)

    @post(
        "/campaigns/{campaign_id:uuid}/posts",
        status_code=200,
        request_max_body_size=BULK_BODY_BYTES,
        operation_class=body_like(*examples.CAMPAIGN_POSTS),
        **needs(Scope.CATALOG_WRITE, **LONGER),
        summary="Register a campaign's posts",
        response_description="Nothing of it was new",
        responses={
            201: registered(CampaignPostsOut),
            **documented(
                *BODY, *POSTED, CampaignNotFound, FixedField, PostInOtherCampaign, DuplicatePost, UnusableMedia
            ),
        },
    )
    async def register_posts(
        self, campaign_posts: ForCaller[CampaignPosts], campaign_id: CampaignInPath, data: JSONBody[CampaignPostsIn]
    ) -> Response[CampaignPostsOut]:
        """Up to 10,000 posts in a body of at most 8 MB, all or nothing. Among themselves they take the order of
        the body; the campaign's other posts keep their places. The same body again changes nothing, and what is left
        out of a post that is there stays as it is. A post that has no campaign yet joins this one."""
        registered_now = await campaign_posts.register(campaign_id, [post.said() for post in data.posts])
        return Response(CampaignPostsOut.of(registered_now), status_code=201 if registered_now.created else 200)

    @put(
        "/campaigns/{campaign_id:uuid}/order",
        request_max_body_size=BULK_BODY_BYTES,
        operation_class=body_like(*examples.POST_ORDER),
        **needs(Scope.CATALOG_WRITE, **LONGER),
        summary="Put a campaign's posts in order",
        response_description="In order",
        responses=documented(*BODY, CampaignNotFound, DuplicatePost, OrderIncomplete),
    )
    async def order_posts(
        self, campaign_posts: ForCaller[CampaignPosts], campaign_id: CampaignInPath, data: JSONBody[PostOrderIn]
    ) -> PostOrderOut:
        """Schedules that exist keep their times; the next plan follows the order."""
        return PostOrderOut.of(await campaign_posts.order(campaign_id, data.post_ids))

    @put(
        "/posts/{post_id:uuid}",
        status_code=200,
        operation_class=body_like(*examples.POST),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or change a post",
        response_description="As it is now",
        responses={
            201: registered(ChangedPostOut),
            **documented(
                *BODY,
                BrandNotFound,
                CampaignNotFound,
                FixedField,
                ScheduledInCampaign,
                PreconditionFailed,
                BrandMismatch,
                UnusableMedia,
            ),
        },
    )
    async def put_post(
        self,
        catalog: ForCaller[Catalog],
        post_id: PostInPath,
        data: JSONBody[PostIn],
        request: AnyRequest,
    ) -> Response[ChangedPostOut]:
        """What is left out stays as it is; what changes nothing leaves the tag as it is. `"campaign_id": null` takes it
        out of its campaign; while it is scheduled, only with `take_schedule`. Its brand and its platform never change.
        What changes while it is scheduled gives the schedule a new version and tells `schedule.post_changed`.
        """
        stored, is_new = await catalog.put_post(
            data.said(post_id),
            take_schedule=data.take_schedule,
            expected=conditions_of(request).on(PostOut.of),
        )
        return Response(
            ChangedPostOut.of_changed(stored),
            status_code=201 if is_new else 200,
            headers={"etag": tag_of(PostOut.of(stored))},
        )

    @delete(
        "/posts/{post_id:uuid}",
        status_code=204,
        **needs(Scope.CATALOG_WRITE),
        summary="Delete a post",
        response_description="Deleted, now or before",
        responses=documented(*READ, PostNotFound, DeletionBlocked),
    )
    async def delete_post(
        self, deleting: ForCaller[Deleting], post_id: PostInPath, unconfirmed: UnconfirmedParameter = None
    ) -> None:
        """What is PENDING of it is cancelled, and its texts and URLs are erased everywhere, also from its attempts and
        events. Ids and times stay; the id cannot be used again. What is out on its platform stays there. While a send
        is in flight, or may be out, it is refused."""
        await deleting.delete(Doomed(Noun.POST, post_id), forgets=unconfirmed is Unconfirmed.FORGET)

    @get(
        "/posts/{post_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a post",
        response_description="The post",
        responses=documented(*READ_ONE, PostNotFound),
    )
    async def get_post(
        self, catalog: ForCaller[Catalog], post_id: PostInPath, request: AnyRequest
    ) -> Response[PostOut]:
        """As it is registered now. What was sent of it is in the attempts of its schedules."""
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
        catalog: ForCaller[Catalog],
        brand_id: BrandFilter = None,
        campaign_id: CampaignFilter = None,
        platform: PlatformFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> PostPage:
        """In the order of their positions: a campaign's posts in their order."""
        rows = await catalog.list_posts(
            brand_id=brand_id,
            campaign_id=campaign_id,
            platform=platform,
            limit=limit + 1,
            after=position_of(cursor),
        )
        shown, next_cursor = page_of(rows, limit, lambda post: post.position)
        return PostPage(items=[PostOut.of(post) for post in shown], next_cursor=next_cursor)
