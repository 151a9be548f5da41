"""Who asks: every route says which scope it needs, and a caller is known before anything else is looked at."""

import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeAlias, TypedDict, TypeVar

import structlog
from litestar import Litestar, Request
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import SecurityRequirement
from litestar.params import SkipValidation
from litestar.routes import HTTPRoute

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, Receive, Send
from marketmind_scheduler.adapters.http.envelope.connections import peer_of
from marketmind_scheduler.adapters.http.problems import rate_fields
from marketmind_scheduler.application.access import Access, key_id_in
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import ANYBODY, Caller, Rate, Scope
from marketmind_scheduler.domain.errors import (
    CredentialsMissing,
    Forbidden,
    InvalidCredentials,
    MissingScope,
    Unauthenticated,
)
from marketmind_scheduler.domain.rules.policy import Overriding, RuleKind
from marketmind_scheduler.ports.rate_limits import Allowance

SECURITY = "bearer"
PUBLIC = {"needs": None}
KNOWN = {"needs": "a key"}
"""On routes for whoever is known, where what is asked inside a request says its own scope."""

BY_PASSWORD = {"challenge": 'Basic realm="any name, and a key as the password", '}
"""On routes that a browser opens: it sends no key by itself, but asks a person for a password."""

IS_KNOWN = "is_known"
"""In the state of a request: whoever asks has shown who they are, or need not."""

_STRANGERS = "\1whoever shows a wrong key"  # no caller has such a name
_PEERS = "\1from "
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)

T = TypeVar("T")
ForCaller: TypeAlias = NamedDependency[SkipValidation[T]]
"""A family of use cases, by its name in UseCases, or all as ``use_cases``, as they are for whoever asks."""

log = structlog.get_logger()


class Needs(TypedDict):
    opt: dict[str, object]
    security: list[SecurityRequirement]


def needs(scope: Scope, **opt: object) -> Needs:
    """What a route is declared with that only callers with ``scope`` may use, and what else is to be known of it."""
    return Needs(opt={"needs": scope, **opt}, security=[{SECURITY: [scope.value]}])


def check_may(request: Request[Any, Any, Any], scope: Scope) -> None:
    """Raise MissingScope where a request asks for something that needs another scope than its route does."""
    check_scope(caller_in(request.scope), scope)


def caller_in(scope: Mapping[str, Any]) -> Caller:
    """Whoever sends a request; anybody, where access is not checked."""
    return scope["state"].get("caller", ANYBODY)


def caller_of(scope: ASGIScope) -> str:
    """Whom a request counts for: who is known by name, and everybody else by the peer that they ask from."""
    caller: Caller | None = scope["state"].get("caller")
    return caller.name if caller is not None else f"{_PEERS}{peer_of(scope['client'])}"


def check_scope(caller: Caller, scope: Scope) -> None:
    """Raises MissingScope."""
    if not caller.may(scope):
        raise MissingScope(scope, held=caller.scopes)


def may(request: Request[Any, Any, Any], scope: Scope) -> bool:
    """Whether who asks has this scope, where a route shows them more."""
    caller: Caller = request.scope["state"].get("caller", ANYBODY)
    return caller.may(scope)


class CheckAccess:
    """Middleware: lets nobody through who may not use the route, and tells the others apart for what comes after.
    Without ``access`` nothing is checked."""

    def __init__(self, app: ASGIApp, *, access: Access | None, limiter: RateLimiter | None) -> None:
        self._app = app
        self._access = access
        self._limiter = limiter

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._access is None:
            scope["state"][IS_KNOWN] = True
            return self._app(scope, receive, send)
        if not (needed := scope["route_handler"].opt.get("needs")):
            return self._app(scope, receive, send)
        return self._checked(self._access, scope, receive, send, needed)

    async def _checked(self, access: Access, scope: ASGIScope, receive: Receive, send: Send, needed: object) -> None:
        caller, left = await self._admitted(access, scope, needed)
        scope["state"]["caller"] = caller
        scope["state"][IS_KNOWN] = True
        if self._limiter is not None and left is not None:
            send = _with_headers(send, _rate_headers(self._limiter.rate, left))
        await self._app(scope, receive, send)

    async def _admitted(self, access: Access, scope: ASGIScope, needed: object) -> tuple[Caller, Allowance | None]:
        """Whoever may not use the route has asked all the same: it counts."""
        credential, stranger = _credential(scope), f"{_STRANGERS} at {peer_of(scope['client'])}"
        left: Allowance | None = None
        try:
            if not credential:
                raise CredentialsMissing
            if self._limiter is not None:
                self._limiter.check(credential)
            caller = await access.caller(credential)
            structlog.contextvars.bind_contextvars(caller=caller.name)
            if self._limiter is not None:
                left = await self._limiter.admit(caller.name, credential=credential)
            if isinstance(needed, Scope):
                check_scope(caller, needed)
        except (Unauthenticated, Forbidden) as refused:
            if self._limiter is not None and isinstance(refused, InvalidCredentials):
                await self._limiter.admit(stranger, credential=credential)
            log.warning(
                "access refused", code=refused.code, key_id=key_id_in(credential), peer=peer_of(scope["client"])
            )
            raise
        return caller, left


def overriding(request: Request[Any, Any, Any], kinds: Iterable[str]) -> Overriding:
    """The rules that the caller asks to pass over. Raises MissingScope where there are any and they may not."""
    asked = frozenset(map(RuleKind, kinds))
    if asked:
        check_may(request, Scope.ADMIN)
    return asked


def provided(use_cases: UseCases) -> Mapping[str, Provide]:
    """Each family of use cases by its name, as it is for whoever asks; under an ``Idempotency-Key``, in its
    transaction. All of them as ``use_cases``, for routes that need several: the framework looks for each in a task."""
    families = {field.name: _provided(attrgetter(field.name), use_cases) for field in fields(use_cases)}
    return {"use_cases": _provided(lambda acting: acting, use_cases), **families}


def check_declared(app: Litestar) -> None:
    """Raises RuntimeError for a route that says neither which scope it needs nor that it is public."""
    for handler in _handlers(app):
        if "needs" not in handler.opt:
            raise RuntimeError(f"{handler.handler_name} at {sorted(handler.paths)} does not say which scope it needs")


def _handlers(app: Litestar) -> Iterable[HTTPRouteHandler]:
    routes = (route for route in app.routes if isinstance(route, HTTPRoute))
    return (handler for route in routes for handler in route.route_handlers if handler.http_methods != {"OPTIONS"})


def _rate_headers(rate: Rate, left: Allowance) -> Sequence[tuple[bytes, bytes]]:
    fields = rate_fields(rate.requests, rate.per, remaining=left.remaining, next_in=left.next_in)
    return [(name.encode(), value.encode()) for name, value in fields.items()]


def _with_headers(send: Send, headers: Sequence[tuple[bytes, bytes]]) -> Send:
    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return sent


def _credential(scope: ASGIScope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, credential = given.decode("latin-1").partition(" ")
    if scheme.lower() == "basic" and "challenge" in scope["route_handler"].opt:
        return _password(credential)
    shown = _BEARER.fullmatch(given.decode("latin-1"))
    return shown[1] if shown else ""


def _password(credential: str) -> str:
    try:
        return b64decode(credential, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _provided(family_of: Callable[[UseCases], object], use_cases: UseCases) -> Provide:
    def provide(request: Request[Any, Any, Any]) -> object:
        state = request.scope["state"]
        return family_of(use_cases.for_(state.get("caller", ANYBODY), state.get("storage")))

    return Provide(provide, sync_to_thread=False)
