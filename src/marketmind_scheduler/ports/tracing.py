"""To which trace a piece of work belongs, after W3C Trace Context (https://www.w3.org/TR/trace-context/)."""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, Self

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_KNOWN_FLAGS = 0b1  # sampled


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """A span and its trace, in lower-case hexadecimal: 32 digits for the trace, 16 for the span."""

    trace_id: str
    span_id: str
    flags: int = 0

    @classmethod
    def read(cls, traceparent: str) -> Self | None:
        """What the header says; None where it is malformed and so counts as absent (sections 3.2.2 and 4.3)."""
        match = _TRACEPARENT.fullmatch(traceparent)
        if match is None:
            return None
        version, trace_id, span_id, flags, more = match.groups()
        if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
            return None
        return cls(trace_id=trace_id, span_id=span_id, flags=int(flags, 16) & _KNOWN_FLAGS)

    @property
    def traceparent(self) -> str:
        """The header for whoever is called."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


class RequestSpan(Protocol):
    """A request while it is answered."""

    @property
    def context(self) -> TraceContext: ...

    def answered(self, method: str, route: str, status: int, *, scheme: str) -> None:
        """``route`` is the template of a path, never a path."""
        ...


class Tracing(Protocol):
    def request(self, traceparent: str | None) -> AbstractContextManager[RequestSpan]:
        """A request that came with this header; all that happens inside belongs to it. Its trace goes on with a new
        span, or is new where there is no header or a malformed one."""
        ...

    def claim(self, found: int, *, seconds: float) -> AbstractContextManager[None]:
        """A claim that has just ended and took so long. What happens inside is done because of what it ``found``."""
        ...

    def send(self) -> AbstractContextManager[None]:
        """One try to publish, made inside."""
        ...

    def outgoing(self) -> TraceContext:
        """What a request to somebody else is sent with: of the trace that this happens in, else of a new one."""
        ...
