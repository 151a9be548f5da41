"""Metrics over HTTP."""

import re
from typing import Any

from litestar import Controller, MediaType, Request, get
from litestar.response import Response

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.problem_sets import DENIED
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import NeedsEveryBrand

_TEXT = "text/plain; version=0.0.4"  # Litestar adds the charset
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class MetricsController(Controller):
    tags = ("Service",)

    @get(
        "/metrics",
        media_type=MediaType.TEXT,
        **needs(Scope.EVENTS_READ),
        summary="Metrics in the Prometheus format",
        response_description="Text, one metric a line",
        responses=documented(400, *DENIED, NeedsEveryBrand),
    )
    async def get_metrics(self, request: Request[Any, Any, Any], monitoring: ForCaller[Monitoring]) -> Response[bytes]:
        """Counters are this process's own; what describes the queue is the same from every process. Who accepts
        `application/openmetrics-text` gets that, with traces as exemplars. They are of every brand: a key that is
        limited to some is refused."""
        openmetrics = wants_openmetrics(request.headers.get("accept", ""))
        exposition = await monitoring.exposition(openmetrics=openmetrics)
        return Response(exposition, media_type=_OPENMETRICS if openmetrics else _TEXT)


def wants_openmetrics(accept: str) -> bool:
    """Whether that is named, and at least as welcome as plain text (RFC 9110, section 12.5.1)."""
    welcome = dict(map(_range, accept.lower().split(",")))
    wanted = welcome.get("application/openmetrics-text", 0)
    return wanted > 0 and wanted >= welcome.get("text/plain", 0)


def _range(text: str) -> tuple[str, float]:
    """A media type and how welcome it is, from 0 to 1; what cannot be read is not welcome."""
    media_type, *parameters = (part.strip() for part in text.split(";"))
    given = [value for name, _, value in (part.partition("=") for part in parameters) if name.strip() == "q"]
    match given:
        case []:
            return media_type, 1
        case [weight] if _WEIGHT.fullmatch(weight.strip()):
            return media_type, float(weight)
        case _:
            return media_type, 0
