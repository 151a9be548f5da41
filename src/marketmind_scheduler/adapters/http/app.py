"""The driving adapter as a whole: controllers, the problem handler, the explorer."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Tag
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]

from marketmind_scheduler.adapters.http.catalog import CatalogController
from marketmind_scheduler.adapters.http.health import SERVICE, HealthController
from marketmind_scheduler.adapters.http.openapi import StrictStructs
from marketmind_scheduler.adapters.http.problems import to_problem
from marketmind_scheduler.adapters.http.schedules import (
    CampaignScheduleController,
    PostScheduleController,
    ScheduleController,
)
from marketmind_scheduler.adapters.http.strictness import StrictBody, check_query
from marketmind_scheduler.application.use_cases import UseCases

_ASSETS = "/docs/assets"
_BODY_BYTES = 1024 * 1024
_ABOUT = """Decides and remembers *when* a brand's posts go out.

Give a post a wall-clock time and a time zone, or a whole campaign a range of days, and get exact instants in UTC.
Every failure is an RFC 9457 problem with a stable `code`; `GET /problems` explains them all."""


def create_app(use_cases: UseCases) -> Litestar:
    """The API over these use cases. It owns no resource, so it needs no lifespan."""
    return Litestar(
        route_handlers=[
            HealthController,
            CatalogController,
            PostScheduleController,
            CampaignScheduleController,
            ScheduleController,
            create_static_files_router(
                path=_ASSETS,
                directories=[Path(str(files("marketmind_scheduler.adapters.http") / "assets"))],
                include_in_schema=False,
            ),
        ],
        dependencies={
            "health": _provided(use_cases.health),
            "catalog": _provided(use_cases.catalog),
            "post_scheduling": _provided(use_cases.post_scheduling),
            "campaign_scheduling": _provided(use_cases.campaign_scheduling),
        },
        dto=StrictBody,
        return_dto=None,
        before_request=check_query,
        exception_handlers={Exception: to_problem},
        request_max_body_size=_BODY_BYTES,
        openapi_config=_openapi(),
        plugins=[StrictStructs()],
        logging_config=None,
    )


def _provided(value: object) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Marketmind Scheduler",
        version=version(SERVICE),
        description=_ABOUT,
        path="/docs",
        use_handler_docstrings=True,
        tags=[
            Tag("Schedules of posts", "One post, one time."),
            Tag("Schedules of campaigns", "Every post of a campaign, spread over its days."),
            Tag("Schedules", "What goes out when."),
            Tag("Catalog", "Brands, campaigns and posts, registered by sibling services."),
            Tag("Service", "What this is and how it is."),
        ],
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{_ASSETS}/swagger-ui-bundle.js",
                css_url=f"{_ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
                favicon=f"<link rel='icon' href='{_ASSETS}/favicon-32x32.png'>",
            )
        ],
    )
