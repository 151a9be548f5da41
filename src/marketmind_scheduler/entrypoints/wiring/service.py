"""What a process of the service holds while it runs."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.added_metrics import Whole
from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.ports.idempotency import Idempotency
from marketmind_scheduler.ports.tracing import Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The use cases, what is kept of requests, how far dispatch has got, and where metrics and traces are kept."""

    use_cases: UseCases
    idempotency: Idempotency
    limiter: RateLimiter | None
    metering: MeteredDispatch
    metrics: Whole
    registry: CollectorRegistry
    tracing: Tracing
