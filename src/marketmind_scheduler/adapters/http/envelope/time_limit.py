"""How long a request may take until its answer begins, apart from the arrival of its body."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, Receive, Send
from marketmind_scheduler.adapters.http.problems import Overloaded
from marketmind_scheduler.deadline import Deadline

SECONDS = 10
BODY_SECONDS = 10
LONG_POLL = "/events"
"""The path whose requests wait by design, and are counted apart."""

LONGER = {"seconds": SECONDS + 30}
"""What is declared whose requests wait for something by design, or go over as many rows as a campaign may have."""
UNLIMITED = {"seconds": None}
"""What is declared whose requests do their work piece by piece, however much it is."""

_OF_BODIES = frozenset({b"content-length", b"transfer-encoding"})


class TimeLimit:
    """Middleware: gives a request up that takes too long. What it has not committed by then is rolled back."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        seconds: float | None = scope["route_handler"].opt.get("seconds", self._seconds)
        if seconds is None:
            return self._app(scope, receive, send)
        return self._limited(scope, receive, send, seconds)

    async def _limited(self, scope: ASGIScope, receive: Receive, send: Send, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        awaits_body = has_body(scope)
        limit = Deadline(loop.time() + seconds + BODY_SECONDS * awaits_body, loop)

        async def received() -> Any:
            message = await receive()
            if not message.get("more_body", False):
                limit.move(loop.time() + seconds)
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                limit.lift()  # how fast the answer is taken is its reader's affair
            await send(message)

        try:
            with limit:
                await self._app(scope, received if awaits_body else receive, sent)
        except TimeoutError:
            if not limit.has_passed:
                raise
            raise Overloaded from None


def has_body(scope: ASGIScope) -> bool:
    """Whether its head says that a body comes."""
    return not _OF_BODIES.isdisjoint(dict(scope["headers"]))
