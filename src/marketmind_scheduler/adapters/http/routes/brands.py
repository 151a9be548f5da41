"""Brands over HTTP."""

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
from marketmind_scheduler.adapters.http.shapes.brands import (
    BrandIn,
    BrandOut,
    BrandPage,
    ChangedBrandOut,
)
from marketmind_scheduler.adapters.http.shapes.cursors import CursorParameter, Limit, key_of, page_of
from marketmind_scheduler.adapters.http.shapes.parameters import (
    BrandInPath,
    Unconfirmed,
    UnconfirmedParameter,
)
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import (
    BrandNotFound,
    DeletionBlocked,
    PreconditionFailed,
    UnknownZone,
)


class BrandController(Controller):
    tags = ("Catalog",)

    @put(
        "/brands/{brand_id:uuid}",
        status_code=200,
        operation_class=body_like(*examples.BRAND),
        **needs(Scope.CATALOG_WRITE),
        summary="Register or change a brand",
        response_description="As it is now",
        responses={201: registered(ChangedBrandOut), **documented(*BODY, PreconditionFailed, UnknownZone)},
    )
    async def put_brand(
        self,
        catalog: ForCaller[Catalog],
        brand_id: BrandInPath,
        data: JSONBody[BrandIn],
        request: AnyRequest,
    ) -> Response[ChangedBrandOut]:
        """What is left out stays as it is; what changes nothing leaves the tag as it is. Schedules that exist keep the
        time zone and the lateness they were made with: the answer counts the PENDING ones that stand otherwise now, and
        each is told of it by an event."""
        expected = conditions_of(request).on(BrandOut.of)
        brand, is_new, otherwise = await catalog.put_brand(brand_id, data.said(), expected=expected)
        shown, code = ChangedBrandOut.after(brand, otherwise), 201 if is_new else 200
        return tagged(shown, status_code=code, without=BrandOut.of(brand))

    @delete(
        "/brands/{brand_id:uuid}",
        status_code=204,
        **needs(Scope.CATALOG_WRITE, **LONGER),
        summary="Delete a brand with all that is its own",
        response_description="Deleted, now or before",
        responses=documented(*READ, BrandNotFound, DeletionBlocked),
    )
    async def delete_brand(
        self, deleting: ForCaller[Deleting], brand_id: BrandInPath, unconfirmed: UnconfirmedParameter = None
    ) -> None:
        """As for a post, all or nothing, with its campaigns and posts."""
        await deleting.delete(Doomed(Noun.BRAND, brand_id), forgets=unconfirmed is Unconfirmed.FORGET)

    @get(
        "/brands/{brand_id:uuid}",
        **needs(Scope.CATALOG_READ),
        summary="Read a brand",
        response_description="The brand",
        responses=documented(*READ_ONE, BrandNotFound),
    )
    async def get_brand(
        self, catalog: ForCaller[Catalog], brand_id: BrandInPath, request: AnyRequest
    ) -> Response[BrandOut]:
        """With its time zone, how late its posts may go out, and since when it is paused."""
        return conditions_of(request).answer(BrandOut.of(await catalog.get_brand(brand_id)))

    @get(
        "/brands",
        **needs(Scope.CATALOG_READ),
        summary="List brands",
        response_description="A page of brands",
        responses=documented(*LIST),
    )
    async def list_brands(
        self, catalog: ForCaller[Catalog], limit: Limit = 50, cursor: CursorParameter = None
    ) -> BrandPage:
        """Ordered by id; `next_cursor`, sent as `cursor`, gets what follows."""
        rows = await catalog.list_brands(limit=limit + 1, after=key_of(cursor, UUID))
        shown, next_cursor = page_of(rows, limit, lambda brand: brand.brand_id)
        return BrandPage(items=[BrandOut.of(brand) for brand in shown], next_cursor=next_cursor)
