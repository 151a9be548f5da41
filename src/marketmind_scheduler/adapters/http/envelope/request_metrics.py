"""Metrics of HTTP requests, named after OpenTelemetry's semantic conventions."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPMethod

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset(HTTPMethod)
_STATUS = "http_response_status_code"


class RequestMetrics:
    """What is measured of requests. Labels take few values: methods that HTTP does not know count as ``_OTHER``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._active = Gauge(
            "http_server_active_requests",
            "Requests that are being answered",
            ["http_request_method"],
            registry=registry,
        )
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long requests take, apart from those that wait for events",
            ["http_request_method", "http_route", _STATUS],
            buckets=_SECONDS,
            registry=registry,
        )
        self._long_polls = Counter(
            "http_server_long_polls",
            "Requests that may wait for events; how long they take says nothing",
            [_STATUS],
            registry=registry,
        )

    @contextmanager
    def active(self, method: str) -> Generator[None]:
        with self._active.labels(_known(method)).track_inprogress():
            yield

    def answered(self, method: str, route: str, status: int, *, seconds: float, is_long_poll: bool) -> None:
        """``route`` is the template of a path, never a path."""
        if is_long_poll:
            self._long_polls.labels(status).inc()
        else:
            self._seconds.labels(_known(method), route, status).observe(seconds)


def _known(method: str) -> str:
    return method if method in _METHODS else "_OTHER"
