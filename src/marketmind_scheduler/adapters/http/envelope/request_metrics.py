"""Metrics of HTTP requests, named after OpenTelemetry's semantic conventions."""

from collections import Counter as Counts
from contextlib import AbstractContextManager
from functools import cache, partial
from http import HTTPMethod, HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from marketmind_scheduler.adapters.http.envelope.connections import Connections, State
from marketmind_scheduler.adapters.http.envelope.shares import Shares

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_METHODS = frozenset(HTTPMethod)
_SCHEMES = frozenset({"http", "https"})
_STATUS = "http_response_status_code"


class RequestMetrics:
    """What is measured of requests. Labels take few values: methods and schemes that HTTP does not know
    count as ``_OTHER``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._active = Gauge(
            "http_server_active_requests",
            "Requests that are being answered",
            ["http_request_method", "url_scheme"],
            registry=registry,
        )
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long requests take, apart from those that wait for events",
            ["http_request_method", "url_scheme", "http_route", _STATUS, "error_type"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._active_of, self._seconds_of = cache(self._counted), cache(self._seconds.labels)
        self._long_polls = Counter(
            "http_server_long_polls",
            "Requests that may wait for events; how long they take says nothing",
            [_STATUS],
            registry=registry,
        )
        self._refusals = Counter(
            "http_server_refusals",
            "Requests that were answered with a problem, by its code, and connections closed without an answer, by why",
            ["reason"],
            registry=registry,
        )

        self._connections = Gauge(
            "http_server_connections",
            "Connections: silent ones, on which nothing has been asked yet, those of known callers between two "
            "requests, and busy ones",
            ["state"],
            registry=registry,
        )
        self._shares = Gauge(
            "http_server_largest_share",
            "What the peer with most connections has of them, and of requests, waits and bytes the caller with most",
            ["of"],
            registry=registry,
        )
        self._waits = Gauge("http_server_waits", "Requests that wait for events or for a plan", registry=registry)
        self._held = Gauge("http_server_held_bytes", "Bytes of large bodies and answers in memory", registry=registry)

    def follow(self, connections: Connections, shares: Shares | None) -> None:
        """Show how these stand whenever it is asked for."""
        for state in State:
            self._connections.labels(state).set_function(partial(connections.in_state, state))
        self._shares.labels("connections").set_function(connections.largest_share)
        if shares is None:
            return
        counters = {"requests": shares.requests, "waits": shares.waits, "held_bytes": shares.held}
        for of, counter in counters.items():
            self._shares.labels(of).set_function(partial(_largest, counter))
        self._waits.set_function(shares.waits.total)
        self._held.set_function(shares.held.total)

    def refused(self, reason: str) -> None:
        self._refusals.labels(reason).inc()

    def active(self, method: str, scheme: str) -> AbstractContextManager[None]:
        return self._active_of(_known(method, _METHODS), _known(scheme, _SCHEMES))

    def _counted(self, method: str, scheme: str) -> "_InProgress":
        counted = _InProgress()
        self._active.labels(method, scheme).set_function(lambda: counted.count)
        return counted

    def answered(
        self,
        method: str,
        route: str,
        status: int,
        *,
        scheme: str,
        seconds: float,
        trace_id: str | None = None,
        is_long_poll: bool = False,
    ) -> None:
        """``route`` is the template of a path, never a path. The trace is shown as an exemplar of how long it took."""
        if is_long_poll:
            self._long_polls.labels(status).inc()
            return
        labels = _known(method, _METHODS), _known(scheme, _SCHEMES), route, status, error_type(status)
        self._seconds_of(*labels).observe(seconds, {"trace_id": trace_id} if trace_id else None)


class _InProgress:
    """How many requests of one kind are being answered."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


def _largest(counter: Counts[str]) -> int:
    return max(counter.values(), default=0)


def error_type(status: int) -> str:
    """What the conventions call an error: a fault of ours, by its status; empty for everything else."""
    return str(status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""


def _known(given: str, known: frozenset[str]) -> str:
    return given if given in known else "_OTHER"
