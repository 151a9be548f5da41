"""Metrics over HTTP."""

from litestar import Controller, MediaType, get
from litestar.response import Response

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.problem_sets import DENIED
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.domain.access import Scope

_TEXT = "text/plain; version=0.0.4"  # Litestar adds the charset


class MetricsController(Controller):
    tags = ("Service",)

    @get(
        "/metrics",
        media_type=MediaType.TEXT,
        **needs(Scope.EVENTS_READ),
        summary="Metrics in the Prometheus format",
        response_description="Text, one metric a line",
        responses=documented(400, *DENIED),
    )
    async def get_metrics(self, monitoring: ForCaller[Monitoring]) -> Response[bytes]:
        """Counters are this process's own; what describes the queue is the same from every process."""
        return Response(await monitoring.exposition(), media_type=_TEXT)
