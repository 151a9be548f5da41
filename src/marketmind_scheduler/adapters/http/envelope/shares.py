"""How much one caller may have of the service at once."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from litestar.handlers import HTTPRouteHandler

from marketmind_scheduler.adapters.http.envelope.access import caller_of
from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, Message, Receive, Send
from marketmind_scheduler.adapters.http.envelope.limits import MEGABYTE, Limits
from marketmind_scheduler.adapters.http.envelope.time_limit import has_body
from marketmind_scheduler.adapters.http.problems import Overloaded
from marketmind_scheduler.domain.errors import TooManyAtOnce

WAITS = {"waits": True}
"""What is declared whose requests may ask to wait for something, with ``wait_seconds``."""
RESERVED = {"reserved": True}
"""On routes that are answered whatever others do."""

CLIENT_GONE = 499
"""For the log; nobody is there to read it."""

_WAITING = b"wait_seconds="
_SMALL = 64 * 1024
_HELD_SECONDS = 2
_KEPT_SECONDS = 0.1


class Shares:
    """What is being answered, for whom. Requests, waits and bytes are counted apart."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.requests: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self._given_back = asyncio.Condition()

    def request(self, caller: str) -> AbstractContextManager[None]:
        """As long as one of the caller's requests is answered. Raises TooManyAtOnce."""
        if self.requests[caller] >= self.limits.requests_per_caller:
            raise TooManyAtOnce("requests", most=self.limits.requests_per_caller)
        return _Counted(self.requests, caller)

    def wait(self, caller: str) -> AbstractContextManager[None]:
        """As long as the caller waits for something to happen. Raises TooManyAtOnce, Overloaded."""
        if self.waits[caller] >= self.limits.waits_per_caller:
            raise TooManyAtOnce("requests that wait", most=self.limits.waits_per_caller)
        if self.waits.total() >= self.limits.waits:
            raise Overloaded
        return _Counted(self.waits, caller)

    @asynccontextmanager
    async def holding(self, caller: str, size: int) -> AsyncGenerator[None]:
        """As long as so many bytes are held for the caller, once there is room for them. Raises Overloaded where there
        is none for two seconds."""
        async with self._given_back:
            try:
                async with asyncio.timeout(_HELD_SECONDS):
                    await self._given_back.wait_for(lambda: self._has_room(caller, size))
            except TimeoutError:
                raise Overloaded from None
            self.held[caller] += size
        try:
            yield
        finally:
            _take_away(self.held, caller, size)
            if size > MEGABYTE:  # an exception may keep it, and the collector counts objects, not bytes
                asyncio.get_running_loop().call_later(_KEPT_SECONDS, gc.collect)
            async with self._given_back:
                self._given_back.notify_all()

    def _has_room(self, caller: str, size: int) -> bool:
        """Whether it fits; what is larger than a share waits until it is the only one."""
        of_caller, in_sum = self.held[caller], self.held.total()
        fits = not of_caller or of_caller + size <= self.limits.held_per_caller
        return not in_sum or (fits and in_sum + size <= self.limits.held)


class AtOnce:
    """Middleware, behind whatever says who asks: refuses what would be more than the caller's share. Without ``shares``
    nothing is counted."""

    def __init__(self, app: ASGIApp, *, shares: Shares | None) -> None:
        self._app = app
        self._shares = shares

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._shares is None or "reserved" in scope["route_handler"].opt:
            return self._app(scope, receive, send)
        return self._shared(self._shares, caller_of(scope), scope, receive, send)

    async def _shared(self, shares: Shares, caller: str, scope: ASGIScope, receive: Receive, send: Send) -> None:
        send = _in_pieces(caller, send, shares)
        if _waits(scope):
            with shares.wait(caller):
                await _until_nobody_waits(self._app, scope, receive, send)
            return
        with shares.request(caller):
            if (size := _size_of_body(scope)) <= _SMALL:
                await self._app(scope, receive, send)
                return
            async with shares.holding(caller, size):
                await self._app(scope, receive, send)


def _in_pieces(caller: str, send: Send, shares: Shares) -> Send:
    """Sends a large answer as fast as it is taken, and begins it once there is room to hold it meanwhile."""
    begun: list[Message] = []

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            begun.append(message)
            return
        size = len(message.get("body", b""))
        if size <= _SMALL:
            while begun:
                await send(begun.pop())  # pyright: ignore[reportArgumentType]
            await send(message)
            return
        async with shares.holding(caller, size):
            while begun:
                await send(begun.pop())  # pyright: ignore[reportArgumentType]
            for piece in _pieces(message):
                await send(piece)  # pyright: ignore[reportArgumentType]

    return sent


async def _until_nobody_waits(app: ASGIApp, scope: ASGIScope, receive: Receive, send: Send) -> None:
    """Answer a request without a body, and give it up when its client is gone: what it waits for is for nobody."""
    client_is_gone = asyncio.timeout(None)

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        client_is_gone.reschedule(0)

    watching = asyncio.create_task(watch())
    try:
        async with client_is_gone:
            await app(scope, _nothing_more, send)
    except TimeoutError:
        if not client_is_gone.expired():
            raise
        await send({"type": "http.response.start", "status": CLIENT_GONE, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        watching.cancel()


async def _nothing_more() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


class _Counted:
    """One more of the caller's meanwhile."""

    __slots__ = ("_caller", "_counter")

    def __init__(self, counter: Counter[str], caller: str) -> None:
        self._counter = counter
        self._caller = caller

    def __enter__(self) -> None:
        self._counter[self._caller] += 1

    def __exit__(self, *_: object) -> None:
        _take_away(self._counter, self._caller, 1)


def _take_away(counter: Counter[str], caller: str, size: int) -> None:
    """Whoever has nothing any more is forgotten."""
    counter[caller] -= size
    if not counter[caller]:
        del counter[caller]


def _waits(scope: ASGIScope) -> bool:
    return "waits" in scope["route_handler"].opt and _WAITING in scope["query_string"]


def _size_of_body(scope: ASGIScope) -> int:
    """How many bytes the body may have: as it says, and as many as the route takes where it does not say. One that is
    too large is never held."""
    if not has_body(scope):
        return 0
    handler = scope["route_handler"]
    most = (isinstance(handler, HTTPRouteHandler) and handler.resolve_request_max_body_size()) or 0
    for name, value in scope["headers"]:
        if name == b"content-length":
            return size if (size := int(value)) <= most else 0
        if name == b"transfer-encoding":
            return most
    return 0


def _pieces(message: Message) -> list[Message]:
    body = message.get("body", b"")
    if len(body) <= _SMALL:
        return [message]
    cut = [body[at : at + _SMALL] for at in range(0, len(body), _SMALL)]
    last = {**message, "body": cut.pop()}
    return [*({"type": message["type"], "body": piece, "more_body": True} for piece in cut), last]
