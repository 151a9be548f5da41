"""The rules of brands, and the caps of platforms, over HTTP."""

from typing import Annotated

from litestar import Controller, Response, delete, get, put
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.conditions import AnyRequest, conditions_of, tagged
from marketmind_scheduler.adapters.http.openapi import body_like
from marketmind_scheduler.adapters.http.problem_sets import BODY, LIST, READ, READ_ONE
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.parameters import BrandFilter, BrandInPath
from marketmind_scheduler.adapters.http.shapes.policies import (
    ChangedPolicyOut,
    PlatformCapIn,
    PlatformCapOut,
    PlatformCapsOut,
    PolicyIn,
    PolicyOut,
)
from marketmind_scheduler.application.policies import Policies
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BrandNotFound,
    Deleted,
    InvalidRule,
    PolicyVersionNotFound,
    PreconditionFailed,
    UnknownZone,
    UnreadableTime,
)
from marketmind_scheduler.domain.post import Platform

VersionParameter = Annotated[
    int | None, QueryParameter(name="version", ge=0, le=2**31 - 1, description="This version instead of the latest")
]
PlatformInPath = Annotated[
    Platform, PathParameter(description="The platform", examples=[Example(summary="A platform", value="TWITTER")])
]


class PolicyController(Controller):
    tags = ("Rules",)

    @put(
        "/brands/{brand_id:uuid}/policy",
        status_code=200,
        operation_class=body_like(*examples.POLICY),
        **needs(Scope.CATALOG_WRITE),
        summary="Put a brand's policy",
        response_description="As it is now",
        responses=documented(*BODY, BrandNotFound, PreconditionFailed, InvalidRule, UnreadableTime),
    )
    async def put_policy(
        self, policies: ForCaller[Policies], brand_id: BrandInPath, data: JSONBody[PolicyIn], request: AnyRequest
    ) -> Response[ChangedPolicyOut]:
        """The rules take the place of all that were there, as a new version; the same rules again leave the version
        that there is. Every way to make or to move a schedule obeys them from now on. Schedules that stand stay as they
        are, and the answer counts the PENDING ones that break a rule. `warnings` say what of the rules cannot be, or
        has no effect."""
        expected = conditions_of(request).on(PolicyOut.of)
        policy, breaking = await policies.put(brand_id, data.said(), expected=expected)
        return tagged(ChangedPolicyOut.after(policy, breaking), without=PolicyOut.of(policy))

    @get(
        "/brands/{brand_id:uuid}/policy",
        **needs(Scope.CATALOG_READ),
        summary="Read a brand's policy",
        response_description="The policy",
        responses=documented(*READ_ONE, BrandNotFound, PolicyVersionNotFound),
    )
    async def get_policy(
        self,
        policies: ForCaller[Policies],
        brand_id: BrandInPath,
        request: AnyRequest,
        version: VersionParameter = None,
    ) -> Response[PolicyOut]:
        """A brand that never had one has version 0, without rules."""
        return conditions_of(request).answer(PolicyOut.of(await policies.get(brand_id, version=version)))

    @get(
        "/platform-caps",
        **needs(Scope.CATALOG_READ),
        summary="List the platforms' caps",
        response_description="What is known of them",
        responses=documented(*LIST, BrandNotFound, Deleted),
    )
    async def list_platform_caps(self, policies: ForCaller[Policies], brand_id: BrandFilter = None) -> PlatformCapsOut:
        """With their sources. With a `brand_id`, those that hold for this brand: its own in place of a platform's."""
        return PlatformCapsOut.of(await policies.caps(brand_id))

    @put(
        "/brands/{brand_id:uuid}/platform-caps/{platform:str}",
        status_code=200,
        operation_class=body_like(*examples.PLATFORM_CAP),
        **needs(Scope.CATALOG_WRITE),
        summary="Put a brand's own cap of a platform",
        response_description="As it is now",
        responses=documented(*BODY, BrandNotFound, UnknownZone, InvalidRule),
    )
    async def put_platform_cap(
        self,
        policies: ForCaller[Policies],
        brand_id: BrandInPath,
        platform: PlatformInPath,
        data: JSONBody[PlatformCapIn],
    ) -> PlatformCapOut:
        """It takes the place of all that is known of the platform's caps for one brand, and binds. The same again
        changes nothing."""
        cap = await policies.put_cap(brand_id, platform, limit=data.limit, window=data.within(), reason=data.reason)
        return PlatformCapOut.of(cap)

    @delete(
        "/brands/{brand_id:uuid}/platform-caps/{platform:str}",
        status_code=204,
        **needs(Scope.CATALOG_WRITE),
        summary="Take a brand's own cap of a platform back",
        response_description="Taken back, now or before",
        responses=documented(*READ, BrandNotFound),
    )
    async def delete_platform_cap(
        self, policies: ForCaller[Policies], brand_id: BrandInPath, platform: PlatformInPath
    ) -> None:
        """What is known of the platform's caps holds again."""
        await policies.take_back_cap(brand_id, platform)
