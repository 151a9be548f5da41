"""``Idempotency-Key``: the same request again has the same answer, and no second effect."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, Message, Receive, Send
from marketmind_scheduler.adapters.http.envelope.large_bodies import LARGE, NotOneList, canonical_list
from marketmind_scheduler.adapters.http.problems import PROBLEM_JSON, Malformed, Problem, to_problem
from marketmind_scheduler.adapters.http.words.strict_json import NotJson, read_json
from marketmind_scheduler.domain.access import ANYBODY, Caller
from marketmind_scheduler.domain.errors import ClocksDisagree, NothingSentFromHere, SchedulerError
from marketmind_scheduler.ports.idempotency import Answer, Idempotency, KeyedRequest, RequestKey

NOT_KEYED = {"keyed": False}
"""On routes whose requests say inside what is to be done once."""

_BEFORE_ANYTHING = frozenset({ClocksDisagree.code, NothingSentFromHere.code})
_REACHING, _LOOK_AT = "reaching", "look_at"
_HEADER = b"idempotency-key"
_CONDITIONS = frozenset({b"if-match", b"if-none-match"})
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")


def reaching(*, look_at: str | None) -> dict[str, object]:
    """What is declared whose requests do more than one transaction holds. ``look_at`` tells callers where to see what
    was done of such a request that was broken off; None: it is done again, which changes nothing more."""
    return {_REACHING: True, _LOOK_AT: look_at}


class AnswerOnce:
    """Middleware: a POST with a key does its work and keeps its answer in one transaction, and whoever asks again is
    given that answer. What fails leaves no trace, so it can be tried again under the same key. Work that reaches beyond
    a transaction keeps its answer afterwards; broken off, it is not done again."""

    def __init__(self, app: ASGIApp, *, idempotency: Idempotency | None, is_required: bool) -> None:
        self._app = app
        self._idempotency = idempotency
        self._is_required = is_required

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        is_keyed = (
            scope["type"] == "http" and scope["method"] == "POST" and scope["route_handler"].opt.get("keyed", True)
        )
        given = self._given(scope) if is_keyed else None
        if self._idempotency is None or given is None:
            return self._app(scope, receive, send)
        return self._answer(self._idempotency, given, scope, receive, send)

    async def _answer(
        self, idempotency: Idempotency, given: bytes, scope: ASGIScope, receive: Receive, send: Send
    ) -> None:
        asked = Request[Any, Any, Any](scope, receive, send)
        body = await asked.body()  # kept for whoever comes after
        if len(body) > LARGE:
            key = await asyncio.to_thread(_request_key, scope, given, body)
        else:
            key = _request_key(scope, given, body)
        try:
            answer = await self._answered_once(_opened(idempotency, key, scope), scope, receive)
        except SchedulerError as failed:  # the framework believes that an answer is on its way
            answer = _failed(asked, failed)
        await _send(answer, send)

    async def _answered_once(
        self, opened: AbstractAsyncContextManager[KeyedRequest], scope: ASGIScope, receive: Receive
    ) -> Answer:
        async with opened as request:
            if request.answer is not None:
                return _replayed(request.answer)
            scope["state"]["storage"] = request.storage
            messages: list[Message] = []

            async def keep(message: Any) -> None:
                messages.append(message)

            await self._app(scope, receive, keep)
            ours = _answered(messages)
            if ours.status < HTTPStatus.MULTIPLE_CHOICES:
                kept = await request.keep(ours)
                return ours if kept is ours else _replayed(kept)
            if _has_done_nothing(ours):
                await request.release()
            return ours

    def _given(self, scope: ASGIScope) -> bytes | None:
        values = [value for name, value in scope["headers"] if name == _HEADER]
        if not values and self._is_required:
            raise Malformed("give every POST a key of its own; a UUID is a good one", at="idempotency-key")
        if len(values) > 1:
            raise Malformed("give one key", at="idempotency-key")
        if values and not _KEY.fullmatch(values[0]):
            raise Malformed("a key is 1 to 255 visible ASCII characters; a UUID is a good one", at="idempotency-key")
        return values[0] if values else None


def _opened(idempotency: Idempotency, key: RequestKey, scope: ASGIScope) -> AbstractAsyncContextManager[KeyedRequest]:
    declared = scope["route_handler"].opt
    if not declared.get(_REACHING):
        return idempotency.request(key)
    return idempotency.reaching(key, look_at=declared[_LOOK_AT])


def _has_done_nothing(failure: Answer) -> bool:
    """A refusal is one of the whole request; what went wrong on our side may have gone wrong at its end."""
    if failure.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    return msgspec.json.decode(failure.body, type=Problem).code in _BEFORE_ANYTHING


def _request_key(scope: ASGIScope, given: bytes, body: bytes) -> RequestKey:
    expected = [name + b":" + value for name, value in scope["headers"] if name in _CONDITIONS]
    if query := scope["query_string"]:
        expected.append(b"?" + query)
    return request_key(scope["state"].get("caller", ANYBODY), scope["path"], given, body, expected=expected)


def request_key(caller: Caller, path: str, given: bytes, body: bytes, *, expected: Sequence[bytes] = ()) -> RequestKey:
    """Of what a caller asks for, by POST, at this path under this key; ``expected`` is what it says beside its body."""
    reach = sorted(map(str, caller.reach.brands)) if caller.reach.brands is not None else "everywhere"
    asked = f"{caller.name}\0{reach}\0{path}\0".encode() + given
    return RequestKey(identity=_digest(asked), fingerprint=_digest(b"\0".join([_canonical(body), *expected])))


def _canonical(body: bytes) -> bytes:
    """The same for bodies that mean the same. One that means nothing, or two things at once, is only like itself; so is
    one that is large and more than a list."""
    try:
        if len(body) > LARGE:
            return canonical_list(body)
        read_json(body)
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (NotOneList, NotJson, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _answered(messages: Sequence[Message]) -> Answer:
    start, *bodies = messages
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(
        status=start["status"], headers=headers, body=b"".join(message.get("body", b"") for message in bodies)
    )


def _replayed(answer: Answer) -> Answer:
    return replace(answer, headers=[*answer.headers, ("idempotency-replayed", "true")])


def _failed(request: Request[Any, Any, Any], error: SchedulerError) -> Answer:
    problem = to_problem(request, error)
    body = msgspec.json.encode(problem.content)
    headers = [("content-type", PROBLEM_JSON), ("content-length", str(len(body))), *problem.headers.items()]
    return Answer(status=problem.status_code or HTTPStatus.INTERNAL_SERVER_ERROR, headers=headers, body=body)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
