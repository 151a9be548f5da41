"""Conditional requests (RFC 9110, sections 8.8.3 and 13): the tag of what is shown, and what a caller expects of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar

import msgspec
from litestar import Request, Response
from msgspec import Struct

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIScope, Receive, Send
from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.domain.expectation import Condition, Expectation

Seen = TypeVar("Seen")
Shown = TypeVar("Shown", bound=Struct)
AnyRequest: TypeAlias = Request[Any, Any, Any]

_TAG = r'(?:W/)?"[!#-~]*"'
TAGS = rf"^(?:\*|[\t ,]*{_TAG}(?:[\t ]*,[\t ,]*{_TAG})*[\t ,]*)$"
"""What ``If-Match`` and ``If-None-Match`` may hold."""

_WELL_FORMED = re.compile(TAGS)
_EACH_TAG = re.compile(_TAG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What one request expects; None: nothing."""

    if_match: Condition | None
    if_none_match: Condition | None

    def on(self, *shown: Callable[[Seen], Struct]) -> Expectation[Seen]:
        """The expectation of something that is shown in these ways, the fullest first."""
        return Expectation(
            tags_of=lambda seen: [tag_of(show(seen)) for show in shown],
            conditions=[each for each in (self.if_match, self.if_none_match) if each],
        )

    def answer(self, shown: Shown, *, without: Struct | None = None) -> Response[Shown]:
        """The answer to a GET: 304 where the caller has it already. Its tag is that of ``without``, where what is shown
        is more than that. Raises PreconditionFailed."""
        of_tag = without or shown
        Expectation(tags_of=_tags_of, conditions=[self.if_match] if self.if_match else []).check(of_tag)
        if self.if_none_match and not self.if_none_match.holds(_tags_of(of_tag)):
            return _NotModified(shown, status_code=304, headers={"etag": tag_of(of_tag)})
        return tagged(shown, without=without)


def conditions_of(request: AnyRequest) -> Conditions:
    """Raises Malformed for a header that is neither `*` nor a list of entity tags."""
    return Conditions(
        if_match=_condition(request, "If-Match", must_match=True),
        if_none_match=_condition(request, "If-None-Match", must_match=False),
    )


def tag_of(shown: Struct) -> str:
    """A strong entity tag: two answers of one path that differ in anything have different tags."""
    return _tag_over(msgspec.json.encode(shown))


def tagged(shown: Shown, *, status_code: int = 200, without: Struct | None = None) -> Response[Shown]:
    body = msgspec.json.encode(shown)
    return _Tagged(shown, body, tag=tag_of(without) if without else _tag_over(body), status_code=status_code)


class _Tagged(Response[Shown]):
    """What is shown, encoded once: for its tag, and to be sent."""

    def __init__(self, shown: Shown, body: bytes, *, tag: str, status_code: int) -> None:
        super().__init__(shown, status_code=status_code, headers={"etag": tag})
        self._body = body

    def to_asgi_response(self, app: object, request: AnyRequest, **_declared: object) -> Any:
        """No route of ours declares headers or cookies of its own, so that all is known here."""
        del app, request
        return self._send

    async def _send(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        del scope, receive
        headers = [
            (b"etag", self.headers["etag"].encode()),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self._body)),
        ]
        await send({"type": "http.response.start", "status": self.status_code or 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class _NotModified(Response[Shown]):
    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        del content, media_type, enc_hook
        return b""


def _tag_over(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def _tags_of(shown: Struct) -> tuple[str]:
    return (tag_of(shown),)


def _condition(request: AnyRequest, name: str, *, must_match: bool) -> Condition | None:
    sent = name.lower().encode()
    lines = [value for each, value in request.scope["headers"] if each == sent]
    if not lines:
        return None
    given = b", ".join(lines).decode("latin-1")
    if not _WELL_FORMED.fullmatch(given):
        raise Malformed(
            'send `*`, or entity tags as `ETag` shows them, such as "2f6b1c0d", with commas between', at=name
        )
    if given == "*":
        return Condition(tags=None, must_match=must_match)
    tags: list[str] = _EACH_TAG.findall(given)
    return Condition(tags=_strong(tags) if must_match else _opaque(tags), must_match=must_match)


def _strong(tags: list[str]) -> frozenset[str]:
    """Those that the strong comparison may find equal to one of ours."""
    return frozenset(tag for tag in tags if not tag.startswith("W/"))


def _opaque(tags: list[str]) -> frozenset[str]:
    """What the weak comparison compares."""
    return frozenset(tag.removeprefix("W/") for tag in tags)
