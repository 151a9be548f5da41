"""The driving adapter as a whole: controllers, the problem handler, the explorer."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from litestar import Litestar, Request, Response, Router
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]

from marketmind_scheduler.adapters.http.envelope.access import (
    BY_PASSWORD,
    PUBLIC,
    SECURITY,
    CheckAccess,
    check_declared,
    needs,
    provided,
)
from marketmind_scheduler.adapters.http.envelope.idempotency import AnswerOnce
from marketmind_scheduler.adapters.http.envelope.shares import AtOnce, Shares
from marketmind_scheduler.adapters.http.envelope.strictness import StrictBody, check_request
from marketmind_scheduler.adapters.http.envelope.time_limit import SECONDS, TimeLimit
from marketmind_scheduler.adapters.http.openapi import Explorable, StrictStructs, operation_id
from marketmind_scheduler.adapters.http.problems import to_problem
from marketmind_scheduler.adapters.http.routes.audiences import AudienceController
from marketmind_scheduler.adapters.http.routes.brands import BrandController
from marketmind_scheduler.adapters.http.routes.campaign_schedules import CampaignScheduleController
from marketmind_scheduler.adapters.http.routes.campaigns import CampaignController
from marketmind_scheduler.adapters.http.routes.dispatch import DispatchController
from marketmind_scheduler.adapters.http.routes.events import EventController
from marketmind_scheduler.adapters.http.routes.following import FollowingController
from marketmind_scheduler.adapters.http.routes.health import SERVICE, HealthController
from marketmind_scheduler.adapters.http.routes.metrics import MetricsController
from marketmind_scheduler.adapters.http.routes.pausing import PausingController
from marketmind_scheduler.adapters.http.routes.plan_commits import PlanCommitController
from marketmind_scheduler.adapters.http.routes.plans import PlanController
from marketmind_scheduler.adapters.http.routes.policies import PolicyController
from marketmind_scheduler.adapters.http.routes.post_schedules import PostScheduleController
from marketmind_scheduler.adapters.http.routes.posts import PostController
from marketmind_scheduler.adapters.http.routes.retrying import RetryingController
from marketmind_scheduler.adapters.http.routes.schedule_records import ScheduleRecordController
from marketmind_scheduler.adapters.http.routes.schedules import ScheduleController
from marketmind_scheduler.adapters.http.shapes.schedules import WHY_IT_WAITS
from marketmind_scheduler.adapters.http.shapes.waiting import obstacles, why_it_waits
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.ports.idempotency import Idempotency

Beside: TypeAlias = Sequence[HTTPRouteHandler]

_ASSETS = "/docs/assets"
_FOLDERS = [Path(str(files("marketmind_scheduler.adapters.http") / name)) for name in ("assets", "explorer")]
_FILES = frozenset(f"{_ASSETS}/{file.name}" for folder in _FOLDERS for file in folder.iterdir())
_BODY_BYTES = 1024 * 1024
_ABOUT = """Decides and remembers *when* a brand's posts go out.

Give a post a wall-clock time and a time zone, or a whole campaign a range of days, and get exact instants in UTC.
Every failure is an RFC 9457 problem with a stable `code`; `GET /problems` explains them all. Beyond what is listed
with an operation, any path may answer 405 `method_not_allowed` or 503 `overloaded`, and a fault of ours is a 500
`unexpected`. What `GET` answers, `HEAD` answers without its body. Every answer carries an `x-request-id`, yours if you
send one."""

_KEYS = """An API key, `mms_…`, or a token of the identity provider. The operator makes keys with
`marketmind-scheduler keys create`. Where the service runs without access checks, none is needed."""


def create_app(
    use_cases: UseCases,
    *,
    checks_access: bool = False,
    limiter: RateLimiter | None = None,
    shares: Shares | None = None,
    idempotency: Idempotency | None = None,
    requires_idempotency_keys: bool = False,
    docs_are_public: bool = True,
    seconds: float = SECONDS,
    beside: Beside = (),
) -> Litestar:
    """The API over these use cases, and what is served ``beside`` it. It owns no resource, so it needs no lifespan.
    Without ``idempotency`` the keys of requests mean nothing, and without ``shares`` one caller may have everything. A
    request may take ``seconds``, unless its controller
    says otherwise."""
    app = Litestar(
        route_handlers=[
            PostScheduleController,
            CampaignScheduleController,
            PlanController,
            PlanCommitController,
            ScheduleController,
            ScheduleRecordController,
            RetryingController,
            PausingController,
            FollowingController,
            DispatchController,
            EventController,
            AudienceController,
            BrandController,
            CampaignController,
            PostController,
            PolicyController,
            HealthController,
            MetricsController,
            *beside,
            create_static_files_router(
                path=_ASSETS,
                directories=[*_FOLDERS],
                before_request=_check_asset,
                include_in_schema=False,
                opt=PUBLIC,
            ),
        ],
        dependencies=provided(use_cases),
        dto=StrictBody,
        return_dto=None,
        before_request=_checked(use_cases),
        middleware=[
            DefineMiddleware(TimeLimit, seconds=seconds),
            DefineMiddleware(CheckAccess, access=use_cases.access if checks_access else None, limiter=limiter),
            DefineMiddleware(AtOnce, shares=shares),
            DefineMiddleware(AnswerOnce, idempotency=idempotency, is_required=requires_idempotency_keys),
        ],
        exception_handlers={Exception: to_problem},
        request_max_body_size=_BODY_BYTES,
        openapi_config=_openapi(docs_are_public=docs_are_public),
        plugins=[StrictStructs()],
        logging_config=None,
    )
    check_declared(app)
    return app


def _checked(use_cases: UseCases) -> Callable[[Request[Any, Any, Any]], Awaitable[Response[None] | None]]:
    """``check_request``, and schedules shown with why they wait, as far as this process knows."""
    for_good, by_now = obstacles(use_cases), why_it_waits(use_cases)

    async def check(request: Request[Any, Any, Any]) -> Response[None] | None:
        # what is asked for again is answered as it was, whatever the time
        WHY_IT_WAITS.set(by_now if request.method in ("GET", "HEAD") else for_good)
        return await check_request(request)

    return check


async def _check_asset(request: Request[Any, Any, Any]) -> Response[None] | None:
    """The file system is asked for nothing but what is there."""
    if request.scope["path"] not in _FILES:
        raise NotFoundException
    return await check_request(request)


def create_monitoring_app(use_cases: UseCases) -> Litestar:
    """What a dispatcher shows of itself: whether it lives, whether it can work, and its metrics."""
    return Litestar(
        route_handlers=[HealthController, MetricsController],
        dependencies=provided(use_cases),
        before_request=check_request,
        exception_handlers={Exception: to_problem},
        openapi_config=_openapi(),
        plugins=[StrictStructs()],
        logging_config=None,
    )


def _unknown_as_problem(response: Response[Any]) -> Response[Any]:
    """Litestar answers an unknown page of the explorer with HTML of its own."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


class _Explorer(SwaggerRenderPlugin):
    """Remembers the key that it was given, when its page is loaded again, and folds what may be refused."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        page = super().render(request, openapi_schema)  # pyright: ignore[reportUnknownMemberType]
        ours = b"plugins: [FoldRefusals],\n                  persistAuthorization: true,\n                  "
        return page.replace(b"deepLinking: true,", ours + b"deepLinking: true,")


def _openapi(*, docs_are_public: bool = True) -> OpenAPIConfig:
    return Explorable(
        title="Marketmind Scheduler",
        version=version(SERVICE),
        description=_ABOUT,
        license=License(name="MIT", identifier="MIT"),
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            include_in_schema=False,
            dto=None,
            after_request=_unknown_as_problem,
            opt=PUBLIC if docs_are_public else {**needs(Scope.CATALOG_READ)["opt"], **BY_PASSWORD},
        ),
        components=Components(
            security_schemes={SECURITY: SecurityScheme(type="http", scheme="bearer", description=_KEYS)}
        ),
        operation_id_creator=operation_id,
        use_handler_docstrings=True,
        tags=[
            Tag("Schedules of posts", "One post, one time."),
            Tag("Schedules of campaigns", "Every post of a campaign, spread over its days."),
            Tag("Plans", "A campaign's times, shown before anything is scheduled."),
            Tag("Schedules", "What goes out when, and what became of it."),
            Tag("Pausing", "Holding a campaign or a whole brand."),
            Tag("Dispatch", "For callers that drive it by cron, and for services that publish by themselves."),
            Tag("Events", "Every change, in its final order."),
            Tag("Audience", "When a brand's audience reacts, learned from what its posts did."),
            Tag("Catalog", "Brands, campaigns and posts, registered by sibling services."),
            Tag("Rules", "When a brand's posts may go out, and what the platforms allow."),
            Tag("Service", "What this is and how it is."),
        ],
        render_plugins=[
            _Explorer(
                js_url=f"{_ASSETS}/swagger-ui-bundle.js",
                css_url=f"{_ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
                favicon=f"<link rel='icon' href='{_ASSETS}/favicon-32x32.png'>",
                style=f"<style>body {{ margin: 0 }} .swagger-ui .fold-refusals {{ margin: 0 20px 20px }}</style>"
                f"<script src='{_ASSETS}/folding.js'></script>",
            )
        ],
    )
