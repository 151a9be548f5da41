"""What uvicorn leaves to a proxy: limits on how long, how large and how ambiguous a request may be."""

import asyncio
from http import HTTPStatus
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from marketmind_scheduler.adapters.http.problems import GENERAL, PROBLEM_JSON, RETRY_AFTER, FieldProblem, Problem

_HEAD_BYTES = 16 * 1024
_HEAD_SECONDS = 10
_UNWANTED_BYTES = 64 * 1024
_UNWANTED_SECONDS = 1
_BOTH_LENGTHS = {b"content-length", b"transfer-encoding"}


class GuardedProtocol(H11Protocol):
    """Closes a connection whose next request head is not whole ten seconds after it could have begun, or whose client
    goes on with a body that has been answered already.

    The ten seconds run from the connection, or from the first byte after an answer; every byte that drips in later
    finds them running. Between requests uvicorn's own keep-alive limit holds.
    """

    _deadline: asyncio.TimerHandle | None = None
    _unwanted = 0
    app: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _StrictConnection(h11.SERVER, _HEAD_BYTES)
        self._served, self._most = self.app, self.limit_concurrency
        self.limit_concurrency = None  # uvicorn's own answer is no problem and has no Retry-After

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._close_in(_HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        is_full = self._most is not None and len(self.connections) >= self._most
        self.app = _overloaded if is_full else self._served
        was_unwanted = self._is_unwanted()
        super().data_received(data)
        if self._is_unwanted():
            self._unwanted += len(data)
            if self._unwanted > _UNWANTED_BYTES:
                self.transport.close()
            return
        if was_unwanted or self.conn.their_state is not h11.IDLE:
            self._keep_open()
        if self.conn.their_state is h11.IDLE:
            self._close_in(_HEAD_SECONDS)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_unwanted():
            self._unwanted = 0
            self._close_in(_UNWANTED_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_open()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """As a problem, like every other failure; where an answer has begun already, there is only an end."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = _problem(HTTPStatus.BAD_REQUEST, msg, FieldProblem("request", msg))
            headers = [("content-type", PROBLEM_JSON), ("content-length", str(len(body))), ("connection", "close")]
            answer = [h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()]
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in answer))
        self.transport.close()

    def _is_unwanted(self) -> bool:
        """Whether the rest of a body is still to come though its answer is out."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _close_in(self, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _keep_open(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _StrictConnection(h11.Connection):
    """h11 itself measures a head only while it is incomplete, and lets one give its body two lengths."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Request):
            headers = event.headers.raw_items()
            if len(event.target) + sum(len(name) + len(value) for name, value in headers) > _HEAD_BYTES:
                raise h11.RemoteProtocolError("the head is too large")
            if {name.lower() for name, _ in headers} >= _BOTH_LENGTHS:
                raise h11.RemoteProtocolError("the body has two lengths")
        return event


async def _overloaded(scope: Any, _receive: Any, send: Any) -> None:
    """Answers when there are too many connections."""
    _, meaning = GENERAL[HTTPStatus.SERVICE_UNAVAILABLE]
    body = _problem(HTTPStatus.SERVICE_UNAVAILABLE, meaning, instance=scope["path"])
    headers = {"content-type": PROBLEM_JSON, "content-length": str(len(body)), "connection": "close", **RETRY_AFTER}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": HTTPStatus.SERVICE_UNAVAILABLE, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _problem(status: HTTPStatus, message: str, *errors: FieldProblem, instance: str = "") -> bytes:
    code, _ = GENERAL[status]
    return msgspec.json.encode(
        Problem(
            type=f"/problems/{code}",
            title=status.phrase,
            status=status,
            code=code,
            detail=message,
            instance=instance,
            errors=list(errors),
        )
    )
