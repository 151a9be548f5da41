"""Round the whole app: a request id and a place in a trace, one reading of what is asked for, a deadline for the body,
safe headers, metrics, and one log line a request."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from litestar.exceptions import HTTPException

from marketmind_scheduler.adapters.http.envelope.answering import Answering
from marketmind_scheduler.adapters.http.envelope.asgi import (
    ASGIApp,
    ASGIScope,
    HTTPScope,
    Receive,
    Send,
)
from marketmind_scheduler.adapters.http.envelope.headers import headers_for
from marketmind_scheduler.adapters.http.envelope.names import OwnNames
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.envelope.seldom import Seldom
from marketmind_scheduler.adapters.http.envelope.target import EVERYTHING, read_target
from marketmind_scheduler.adapters.http.envelope.time_limit import BODY_SECONDS, LONG_POLL, has_body
from marketmind_scheduler.adapters.http.problems import BodyTooSlow, Malformed
from marketmind_scheduler.deadline import Deadline
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.tracing import RequestSpan, Tracing

REFUSED = "refused"
"""In the state of a request: with which HTTPException it is to be answered, whatever it asks for."""
ABORT = "abort"
"""In the state of a request: how its connection is ended, where an answer that has begun cannot be."""

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200
_FLOODING = frozenset({"overloaded", "too_many_at_once", "rate_limited"})
"""Codes that are told in the log once a second at most: whoever is refused so may ask without end."""
_TAKEN_ANYWHERE = (b"allow", b"GET, HEAD, POST, PUT, DELETE, OPTIONS")


class Observed:
    """The ASGI app that the server serves. It sees what no middleware of the framework does: what is refused before
    it is routed, 404s, 405s, and requests that end in a fault. With ``own_names`` nobody is answered who asks for
    another."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        new_id: NewId,
        metrics: RequestMetrics,
        tracing: Tracing,
        own_names: OwnNames | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._metrics = metrics
        self._tracing = tracing
        self._own_names = own_names
        self._seldom = Seldom(monotonic)
        self._log = structlog.get_logger().bind()

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        with self._tracing.request(_traceparent(scope) if b"traceparent" in given else None) as span:
            request_id = self._request_id(scope) if b"x-request-id" in given else str(self._new_id())
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(
                request_id=request_id, trace_id=span.context.trace_id, span_id=span.context.span_id
            )
            await self._watched(scope, receive, send, request_id, span)

    async def _watched(
        self, scope: HTTPScope, receive: Receive, send: Send, request_id: str, span: RequestSpan
    ) -> None:
        asked = scope.copy() if scope["method"] == "HEAD" else scope
        started = perf_counter()
        answering = Answering(send, headers_for(scope["path"], request_id), is_head=scope["method"] == "HEAD")
        try:
            with self._metrics.active(scope["method"], scope["scheme"]):
                await self._answer(asked, receive, answering)
        finally:
            method, route, scheme = str(scope["method"]), _route(asked), str(scope["scheme"])
            seconds, code = perf_counter() - started, None
            if answering.status >= HTTPStatus.BAD_REQUEST:
                code = structlog.contextvars.get_contextvars().get("code")
            if code is not None:
                self._metrics.refused(code)
            self._metrics.answered(
                method,
                route,
                answering.status,
                scheme=scheme,
                seconds=seconds,
                trace_id=span.context.trace_id,
                is_long_poll=route == LONG_POLL,
            )
            self._tell(method, route, answering.status, code, path=_path(asked), seconds=seconds)
            span.answered(method, route, answering.status, scheme=scheme)
            if "state" in asked:
                asked["state"].clear()  # a connection that rests would keep the body until its next request

    async def _answer(self, asked: HTTPScope, receive: Receive, answering: Answering) -> None:
        try:
            self._check(asked)
            if asked["raw_path"] == EVERYTHING:
                await answering.send({"type": "http.response.start", "status": 204, "headers": [_TAKEN_ANYWHERE]})
                await answering.send({"type": "http.response.body", "body": b""})
                return
            if asked["method"] == "HEAD":
                asked["method"] = "GET"  # pyright: ignore[reportGeneralTypeIssues]
            await self._app(asked, _with_deadline(receive) if has_body(asked) else receive, answering.send)
        except HTTPException as refused:
            await answering.problem(refused, asked)
        except Exception as fault:  # noqa: BLE001  # the framework itself has failed; nobody else would answer
            await answering.problem(fault, asked)
        if answering.is_cut_off:
            await _leave(asked, receive)

    def _check(self, asked: HTTPScope) -> None:
        """Raises HTTPException for what the framework never shall see."""
        if (refused := _state_of(asked).get(REFUSED)) is not None:
            raise refused
        given = read_target(asked)
        if self._own_names is not None:
            self._own_names.check(asked["method"], given)

    def _tell(self, method: str, route: str, status: int, code: str | None, *, path: str, seconds: float) -> None:
        more: dict[str, int] = {}
        if code in _FLOODING:
            if (untold := self._seldom.untold(code)) is None:
                return
            more = {"untold": untold} if untold else {}
        write = self._log.debug if route.startswith("/health") and status < HTTPStatus.BAD_REQUEST else self._log.info
        write("request", method=method, path=path, route=route, status=status, ms=round(seconds * 1000, 2), **more)

    def _request_id(self, scope: HTTPScope) -> str:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        return given.decode() if _GIVEN_ID.fullmatch(given) else str(self._new_id())


async def _leave(asked: HTTPScope, receive: Receive) -> None:
    """End the connection of an answer that has been cut off: its rest must not be taken for whole."""
    _state_of(asked).get(ABORT, _nothing)()
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while (await receive())["type"] != "http.disconnect":
                pass


def _nothing() -> None: ...


def _state_of(scope: HTTPScope) -> Mapping[str, Any]:
    try:
        return scope["state"]
    except KeyError:
        return {}


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


def _with_deadline(receive: Receive) -> Receive:
    """Give the body ten seconds from now to arrive whole; what is received after it has no limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BODY_SECONDS
    arrived = False

    async def received() -> Any:
        nonlocal arrived
        if arrived:
            return await receive()
        try:
            with Deadline(deadline, loop):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow(headers={"connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise Malformed("the connection ended before the body was whole", at="$")
        arrived = not message.get("more_body", False)
        return message

    return received
