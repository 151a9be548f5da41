"""Spans and durations by OpenTelemetry. Needs the extra ``otel``; nothing else imports it.

Spans say which code ran, which SQL and how it ended, never with which values: parameters, texts and messages of errors
stay here.
"""

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import wraps
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.sdk import metrics as sdk_metrics
from opentelemetry.sdk import trace as sdk_trace
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TracerProvider

from marketmind_scheduler.ports.tracing import TraceContext

_NAME = "marketmind-scheduler"
_ENDLESS = frozenset({"run", "keep_up", "catch_up", "sequence", "forget"})  # or again and again
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)  # as the conventions advise

Method = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Request:
    span: Span
    seconds: Histogram
    began: float

    @property
    def context(self) -> TraceContext:
        return _told(self.span.get_span_context())

    def answered(self, method: str, route: str, status: int, *, scheme: str) -> None:
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.scheme": scheme,
            "http.route": route,
            "http.response.status_code": status,
        }
        if status >= 500:
            attributes["error.type"] = str(status)
        self.span.update_name(f"{method} {route}")
        self.span.set_attributes(attributes)
        if status >= 500:
            self.span.set_status(StatusCode.ERROR)
        self.seconds.record(perf_counter() - self.began, attributes)


class Telemetry:
    """Follows a request through its use case to SQL and to receivers, and each claim to its sends."""

    def __init__(self, tracers: TracerProvider, meters: MeterProvider) -> None:
        self._tracer = tracers.get_tracer(_NAME)
        meter = meters.get_meter(_NAME)
        self._requests = meter.create_histogram(
            "http.server.request.duration", unit="s", explicit_bucket_boundaries_advisory=_SECONDS
        )
        self._sends = meter.create_histogram("marketmind_scheduler.send.duration", unit="s")

    @contextmanager
    def request(self, traceparent: str | None) -> Generator[_Request]:
        parent = TraceContext.read(traceparent) if traceparent else None
        with self._span("HTTP", kind=SpanKind.SERVER, context=_context_of(parent)) as span:
            yield _Request(span, self._requests, perf_counter())

    @contextmanager
    def claim(self, found: int, *, seconds: float) -> Generator[None]:
        if not found:
            yield
            return
        ended = time_ns()
        span = self._tracer.start_span(
            "claim", attributes={"scheduler.claims": found}, start_time=ended - int(seconds * 1e9)
        )
        span.end(ended)
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield

    @contextmanager
    def send(self) -> Generator[None]:
        began = perf_counter()
        try:
            with self._span("publish", kind=SpanKind.CLIENT):
                yield
        finally:
            self._sends.record(perf_counter() - began)

    def outgoing(self) -> TraceContext:
        current = trace.get_current_span().get_span_context()
        return _told(current if current.is_valid else self._tracer.start_span("send").get_span_context())

    def saw_query(self, query: str, seconds: float, is_failed: bool) -> None:  # noqa: FBT001
        """A query that has just ended. Those that belong to no request and no send are too many to be told."""
        if not trace.get_current_span().get_span_context().is_valid:
            return
        ended = time_ns()
        span = self._tracer.start_span(
            _verb_of(query),
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": query},
            start_time=ended - int(seconds * 1e9),
        )
        if is_failed:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    def follow(self, families: Iterable[object]) -> None:
        """Give these objects spans: one for each call of an asynchronous method, but for what runs without an end.
        Copies that are made of them have spans too."""
        for family in families:
            object.__setattr__(family, "__class__", self._followed(type(family)))  # some are frozen

    def _followed(self, family: type) -> type:
        methods = {
            name: self._spanned(f"{family.__name__}.{name}", method)
            for name, method in inspect.getmembers(family, inspect.iscoroutinefunction)
            if not name.startswith("_") and name not in _ENDLESS
        }
        return type(family.__name__, (family,), {"__slots__": (), **methods})

    def _spanned(self, name: str, method: Method) -> Method:
        @wraps(method)
        async def spanned(*args: Any, **kwargs: Any) -> Any:
            with self._span(name, kind=SpanKind.INTERNAL):
                return await method(*args, **kwargs)

        return spanned

    @contextmanager
    def _span(self, name: str, *, kind: SpanKind, context: Context | None = None) -> Generator[Span]:
        with self._tracer.start_as_current_span(
            name, kind=kind, context=context, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise


@asynccontextmanager
async def exporting() -> AsyncGenerator[Telemetry]:
    """Telemetry that is sent by OTLP over HTTP to where OpenTelemetry's own OTEL_ variables say, until the end."""
    resource = Resource.create({} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": _NAME})
    tracers = sdk_trace.TracerProvider(resource=resource, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    meters = sdk_metrics.MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    try:
        yield Telemetry(tracers, meters)
    finally:
        await asyncio.gather(asyncio.to_thread(tracers.shutdown), asyncio.to_thread(meters.shutdown))


def _verb_of(query: str) -> str:
    """The first word behind the comments that a statement begins with."""
    words = next(words for line in query.splitlines() if (words := line.split()) and not words[0].startswith("--"))
    return words[0]


def _told(context: SpanContext) -> TraceContext:
    return TraceContext(
        trace_id=trace.format_trace_id(context.trace_id),
        span_id=trace.format_span_id(context.span_id),
        flags=context.trace_flags & TraceFlags.SAMPLED,
    )


def _context_of(parent: TraceContext | None) -> Context:
    if parent is None:
        return Context()
    remote = SpanContext(
        int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=TraceFlags(parent.flags)
    )
    return trace.set_span_in_context(NonRecordingSpan(remote), Context())
