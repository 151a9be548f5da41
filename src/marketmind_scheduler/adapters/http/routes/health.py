"""What this service is, whether it lives, and whether it can work."""

from importlib.metadata import version
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from msgspec import UNSET

from marketmind_scheduler.adapters.http.envelope.access import PUBLIC, ForCaller
from marketmind_scheduler.adapters.http.envelope.shares import RESERVED
from marketmind_scheduler.adapters.http.openapi import operations
from marketmind_scheduler.adapters.http.problems import RETRY_AFTER, documented, explained
from marketmind_scheduler.adapters.http.shapes.parameters import CodeInPath
from marketmind_scheduler.adapters.http.shapes.service import (
    HealthOut,
    LanguageModelOut,
    ProblemKindOut,
    ReadinessOut,
    ServiceOut,
)
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.domain.errors import StorageUnavailable

SERVICE = "marketmind-scheduler"


class HealthController(Controller):
    tags = ("Service",)
    opt = PUBLIC

    @get(
        "/",
        summary="What this is, and what it offers",
        response_description="The service and its endpoints",
        responses=documented(400, 505),
    )
    async def get_service(self, request: Request[Any, Any, Any], health: ForCaller[Health]) -> ServiceOut:
        """Every route by method and path, and who publishes what is due."""
        endpoints = {
            f"{method} {path}": operation.summary or ""
            for method, path, operation in operations(request.app.openapi_schema)
        }
        return ServiceOut(
            service=SERVICE,
            version=version(SERVICE),
            status="running",
            publisher=health.publishing.by,
            publishing=health.publishing.means,
            endpoints=endpoints | {"GET /docs": "Explore and try the API"},
        )

    @get(
        "/health",
        opt=RESERVED,
        summary="Whether the service can work",
        response_description="Healthy: the database answers",
        responses=documented(400, StorageUnavailable),
    )
    async def get_health(self, health: ForCaller[Health]) -> HealthOut:
        """Asks the database. Whoever starts and stops processes asks `/health/live` and `/health/ready`."""
        return HealthOut(status="healthy", timestamp=await health.check())

    @get(
        "/health/live",
        opt=RESERVED,
        summary="Whether the process lives",
        response_description="Alive",
        responses=documented(400),
    )
    async def get_liveness(self, health: ForCaller[Health]) -> HealthOut:
        """Does not ask the database: an unreachable one is no reason to restart the process."""
        return HealthOut(status="alive", timestamp=health.live())

    @get(
        "/health/ready",
        opt=RESERVED,
        summary="Whether requests should be sent here",
        response_description="Ready",
        responses={
            **documented(400),
            503: ResponseSpec(ReadinessOut, generate_examples=False, description="Not ready, and why"),
        },
    )
    async def get_readiness(self, health: ForCaller[Health]) -> Response[ReadinessOut]:
        """Ready when the database takes writes and its schema is the one of this version. Where schedules were made
        with newer time zone rules, `time_zones` says that wall times are refused here; the rest goes on. Where this
        machine's clock is more than a minute from the database's, `clock` says so, and a process that dispatches is not
        ready. `publishing` says whether posts really go out, `language_model` what the model of agentic plans can be
        held to; neither is a reason not to be ready."""
        report, model = await health.report(), health.language_model
        answer = ReadinessOut(
            status="ready" if report.is_ready else "not ready",
            timestamp=report.at,
            checks=dict(report.checks),
            tz_release=report.tz_release,
            publisher=health.publishing.by,
            publishing=health.publishing.means,
            language_model=LanguageModelOut(standing=model.standing, means=model.means) if model else UNSET,
        )
        return Response(answer) if report.is_ready else Response(answer, status_code=503, headers=RETRY_AFTER)

    @get(
        "/problems",
        summary="Every problem code, explained",
        response_description="The codes, with their status and meaning",
        responses=documented(400),
    )
    async def list_problems(self) -> list[ProblemKindOut]:
        """The `type` of a problem is `/problems/{code}`."""
        return [
            ProblemKindOut(code=code, status=status, meaning=meaning)
            for code, (status, meaning) in sorted(explained().items())
        ]

    @get(
        "/problems/{code:str}",
        summary="One problem code, explained",
        response_description="The code, with its status and meaning",
        responses=documented(400, 404),
    )
    async def get_problem(self, code: CodeInPath) -> ProblemKindOut:
        """Where the `type` of each problem leads."""
        if code not in (known := explained()):
            raise NotFoundException
        status, meaning = known[code]
        return ProblemKindOut(code=code, status=status, meaning=meaning)
