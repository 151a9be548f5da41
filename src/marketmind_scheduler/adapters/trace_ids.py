"""Trace ids that are taken over, made and passed on, while nothing is recorded."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace

from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.tracing import TraceContext

_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


@dataclass(frozen=True, slots=True)
class _Unrecorded:
    context: TraceContext

    def answered(self, method: str, route: str, status: int, *, scheme: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class TraceIds:
    new_id: NewId

    @contextmanager
    def request(self, traceparent: str | None) -> Generator[_Unrecorded]:
        span = _Unrecorded(self._next(TraceContext.read(traceparent) if traceparent else None))
        before = _current.set(span.context)
        try:
            yield span
        finally:
            _current.reset(before)

    def claim(self, found: int, *, seconds: float) -> AbstractContextManager[None]:
        del found, seconds
        return nullcontext()

    def send(self) -> AbstractContextManager[None]:
        return nullcontext()

    def outgoing(self) -> TraceContext:
        return self._next(_current.get())

    def _next(self, parent: TraceContext | None) -> TraceContext:
        span_id = self.new_id().hex[16:]  # the random half
        if parent is None:
            return TraceContext(trace_id=self.new_id().hex, span_id=span_id)
        return replace(parent, span_id=span_id)
