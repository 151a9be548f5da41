"""Spans and durations by OpenTelemetry. Needs the extra ``otel``; nothing else imports it.

Spans say which code ran, which SQL and how it ended, never with which values: parameters, texts and messages of errors
stay here.
"""

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, get_current
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
_ENDLESS = frozenset({"run"})

Method = Callable[..., Awaitable[Any]]

_outside: ContextVar[Context | None] = ContextVar("outside", default=None)


@dataclass(frozen=True, slots=True)
class _Request:
    span: Span
    seconds: Histogram
    began: float

    @property
    def context(self) -> TraceContext:
        return _told(self.span.get_span_context())

    def answered(self, method: str, route: str, status: int) -> None:
        attributes = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
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
        self._requests = meter.create_histogram("http.server.request.duration", unit="s")
        self._sends = meter.create_histogram("scheduler.send.duration", unit="s")

    @contextmanager
    def request(self, traceparent: str | None) -> Generator[_Request]:
        parent = TraceContext.read(traceparent) if traceparent else None
        with self._span("HTTP", kind=SpanKind.SERVER, context=_context_of(parent)) as span:
            yield _Request(span, self._requests, perf_counter())

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

    @contextmanager
    def following(self, *, use_cases: Iterable[type], queue: type, publishers: Iterable[type]) -> Generator[None]:
        """Give the methods of these classes spans, until the end."""
        with ExitStack() as undone:
            for family in use_cases:
                for name, method in list(vars(family).items()):
                    if inspect.iscoroutinefunction(method) and name not in _ENDLESS and not name.startswith("_"):
                        spanned = self._spanned(f"{family.__name__}.{name}", method)
                        undone.enter_context(_replaced(family, name, spanned))
            undone.enter_context(_replaced(queue, "claim", self._claiming(vars(queue)["claim"])))
            for publisher in publishers:
                undone.enter_context(_replaced(publisher, "publish", self._publishing(vars(publisher)["publish"])))
            yield

    def _spanned(self, name: str, method: Method, kind: SpanKind = SpanKind.INTERNAL) -> Method:
        @wraps(method)
        async def spanned(*args: Any, **kwargs: Any) -> Any:
            with self._span(name, kind=kind):
                return await method(*args, **kwargs)

        return spanned

    def _claiming(self, method: Method) -> Method:
        """Only a claim that finds something is told. What the same task does next belongs to it: beginning the sends,
        and making them."""

        @wraps(method)
        async def claiming(*args: Any, **kwargs: Any) -> Any:
            before = get_current()
            outside = _outside.get() or before
            _outside.set(outside)
            attach(outside)
            began = time_ns()
            claims: Sequence[object] = await method(*args, **kwargs)
            if claims:
                attributes = {"scheduler.claims": len(claims)}
                span = self._tracer.start_span("claim", context=outside, start_time=began, attributes=attributes)
                span.end()
                attach(trace.set_span_in_context(span, outside))
            elif trace.get_current_span(outside).get_span_context().is_valid:
                attach(before)  # a trigger claims for one platform after another
            return claims

        return claiming

    def _publishing(self, method: Method) -> Method:
        spanned = self._spanned("publish", method, SpanKind.CLIENT)

        @wraps(spanned)
        async def publishing(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                return await spanned(*args, **kwargs)
            finally:
                self._sends.record(perf_counter() - began)

        return publishing

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


@contextmanager
def _replaced(owner: type, name: str, method: Method) -> Generator[None]:
    before = vars(owner)[name]
    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, before)


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
