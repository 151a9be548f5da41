"""``Idempotency-Key``: the same request again has the same answer, and no second effect."""

import hashlib
import re
from collections.abc import MutableMapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.domain.access import ANYBODY, Caller
from marketmind_scheduler.ports.idempotency import Answer, Idempotency, RequestKey

_HEADER = b"idempotency-key"
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_REPLAYED = ("idempotency-replayed", "true")

Message = MutableMapping[str, Any]


class AnswerOnce:
    """Middleware: a POST with a key does its work and keeps its answer in one transaction, and whoever asks again is
    given that answer. What fails leaves no trace, so it can be tried again under the same key."""

    def __init__(self, app: ASGIApp, *, idempotency: Idempotency | None, is_required: bool) -> None:
        self._app = app
        self._idempotency = idempotency
        self._is_required = is_required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = self._given(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if self._idempotency is None or given is None:
            await self._app(scope, receive, send)
            return
        body = await Request[Any, Any, Any](scope, receive, send).body()  # kept in the scope for whoever comes after
        async with self._idempotency.request(_request_key(scope, given, body)) as request:
            if request.answer is not None:
                answer, is_replayed = request.answer, True
            else:
                scope["state"]["storage"] = request.storage
                messages: list[Message] = []

                async def keep(message: Any) -> None:
                    messages.append(message)

                await self._app(scope, receive, keep)
                ours = _answered(messages)
                answer = await request.keep(ours) if ours.status < HTTPStatus.MULTIPLE_CHOICES else ours
                is_replayed = answer is not ours
        await _send(answer, send, is_replayed=is_replayed)

    def _given(self, scope: Scope) -> bytes | None:
        values = [value for name, value in scope["headers"] if name == _HEADER]
        if not values and self._is_required:
            raise Malformed("give every POST a key of its own; a UUID is a good one", at="idempotency-key")
        if len(values) > 1:
            raise Malformed("give one key", at="idempotency-key")
        if values and not _KEY.fullmatch(values[0]):
            raise Malformed("a key is 1 to 255 visible ASCII characters; a UUID is a good one", at="idempotency-key")
        return values[0] if values else None


def _request_key(scope: Scope, given: bytes, body: bytes) -> RequestKey:
    caller: Caller = scope["state"].get("caller", ANYBODY)
    reach = sorted(map(str, caller.reach.brands)) if caller.reach.brands is not None else "everywhere"
    asked = f"{caller.name}\0{reach}\0{scope['path']}\0".encode() + given  # only a POST has a key
    return RequestKey(scope=_digest(asked), fingerprint=_digest(_canonical(body)))


def _canonical(body: bytes) -> bytes:
    """The same for bodies that mean the same."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _answered(messages: Sequence[Message]) -> Answer:
    start, *bodies = messages
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(
        status=start["status"], headers=headers, body=b"".join(message.get("body", b"") for message in bodies)
    )


async def _send(answer: Answer, send: Send, *, is_replayed: bool) -> None:
    headers = [*answer.headers, _REPLAYED] if is_replayed else answer.headers
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        }
    )
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
