"""Trace ids that are taken over, made and passed on, while nothing is recorded."""

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Self

from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.tracing import RequestSpan, TraceContext

_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


class _Unrecorded:
    """A span, and the context in which it is the current one."""

    __slots__ = ("_before", "context")

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def __enter__(self) -> Self:
        self._before = _current.set(self.context)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)

    def answered(self, method: str, route: str, status: int, *, scheme: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class TraceIds:
    new_id: NewId

    def request(self, traceparent: str | None) -> AbstractContextManager[RequestSpan]:
        return _Unrecorded(self._next(TraceContext.read(traceparent) if traceparent else None))

    def claim(self, found: int, *, seconds: float) -> AbstractContextManager[None]:
        del found, seconds
        return nullcontext()

    def send(self) -> AbstractContextManager[None]:
        return nullcontext()

    def outgoing(self) -> TraceContext:
        return self._next(_current.get())

    def _next(self, parent: TraceContext | None) -> TraceContext:
        fresh = self.new_id().hex
        span_id = fresh[16:]  # the random half
        return TraceContext(trace_id=fresh, span_id=span_id) if parent is None else replace(parent, span_id=span_id)
