"""Round the whole app: a request id and a place in a trace, a deadline for the body, safe headers, metrics, and one log
line a request."""

import asyncio
import re
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, HTTPScope, Receive, Send
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.envelope.time_limit import BODY_SECONDS, LONG_POLL
from marketmind_scheduler.adapters.http.problems import BodyTooSlow, Malformed
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.tracing import RequestSpan, Tracing

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200
_SAFE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_API_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_DOCS_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; frame-ancestors 'none'"
)
_DOCS_HEADERS = [(b"content-security-policy", _DOCS_POLICY)]

log = structlog.get_logger()


class Observed:
    """The ASGI app that the server serves. It sees what no middleware of the framework does: 404s, 405s, and
    requests that end in a fault."""

    def __init__(self, app: ASGIApp, *, new_id: NewId, metrics: RequestMetrics, tracing: Tracing) -> None:
        self._app = app
        self._new_id = new_id
        self._metrics = metrics
        self._tracing = tracing

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tracing.request(_traceparent(scope)) as span:
            request_id = self._request_id(scope)
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(
                request_id=request_id, trace_id=span.context.trace_id, span_id=span.context.span_id
            )
            await self._answer(scope, receive, send, request_id, span)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, request_id: str, span: RequestSpan) -> None:
        is_head = scope["method"] == "HEAD"
        asked = scope.copy()
        if is_head:
            asked["method"] = "GET"
        added = [(b"x-request-id", request_id.encode()), *_SAFE_HEADERS, *_headers_for(scope["path"])]
        started, status = perf_counter(), 500

        async def observed(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*map(_with_head, message.get("headers", ())), *added]
            elif is_head:
                message["body"] = b""
            await send(message)

        try:
            with self._metrics.active(scope["method"], scope["scheme"]):
                await self._app(asked, _with_deadline(receive), observed)
        finally:
            method, route, scheme = str(scope["method"]), _route(asked), str(scope["scheme"])
            seconds = perf_counter() - started
            self._metrics.answered(
                method,
                route,
                status,
                scheme=scheme,
                seconds=seconds,
                trace_id=span.context.trace_id,
                is_long_poll=route == LONG_POLL,
            )
            self._tell(method, route, status, path=_path(scope), seconds=seconds)
            span.answered(method, route, status, scheme=scheme)

    def _tell(self, method: str, route: str, status: int, *, path: str, seconds: float) -> None:
        write = log.debug if route.startswith("/health") and status < HTTPStatus.BAD_REQUEST else log.info
        write("request", method=method, path=path, route=route, status=status, ms=round(seconds * 1000, 2))

    def _request_id(self, scope: HTTPScope) -> str:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        return given.decode() if _GIVEN_ID.fullmatch(given) else str(self._new_id())


def _with_head(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """HEAD is allowed wherever GET is (RFC 9110, section 9.1)."""
    name, value = header
    return (name, value + b", HEAD") if name == b"allow" and b"GET" in value.split(b", ") else header


def _path(scope: HTTPScope) -> str:
    """As it was sent, without the query, in ASCII: nothing in it can end a line of the log."""
    return scope["raw_path"].decode("ascii", "backslashreplace")[:_LONGEST_PATH]


def _route(scope: HTTPScope) -> str:
    try:
        return scope["path_template"]
    except KeyError:
        return "unmatched"


def _traceparent(scope: HTTPScope) -> str | None:
    """The header; one that is given twice says nothing."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    return given[0].decode("latin-1") if len(given) == 1 else None


def _headers_for(path: str) -> list[tuple[bytes, bytes]]:
    return _DOCS_HEADERS if path == "/docs" or path.startswith("/docs/") else _API_HEADERS


def _with_deadline(receive: Receive) -> Receive:
    """Give the body ten seconds from now to arrive whole; what is received after it has no limit."""
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    arrived = False

    async def received() -> Any:
        nonlocal arrived
        if arrived:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow(headers={"connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise Malformed("the connection ended before the body was whole", at="$")
        arrived = not message.get("more_body", False)
        return message

    return received
