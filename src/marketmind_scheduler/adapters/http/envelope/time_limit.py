"""How long a request may take until its answer begins, apart from the arrival of its body."""

import asyncio
from typing import Any

from marketmind_scheduler.adapters.http.envelope.asgi import ASGIApp, ASGIScope, Receive, Send
from marketmind_scheduler.adapters.http.problems import Overloaded

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

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        seconds: float | None = scope["route_handler"].opt.get("seconds", self._seconds)
        if seconds is None:
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        awaits_body = has_body(scope)
        limit = asyncio.timeout(seconds + BODY_SECONDS * awaits_body)

        async def received() -> Any:
            message = await receive()
            if not message.get("more_body", False):
                limit.reschedule(loop.time() + seconds)
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and not limit.expired():
                limit.reschedule(None)  # how fast the answer is taken is its reader's affair
            await send(message)

        try:
            async with limit:
                await self._app(scope, received if awaits_body else receive, sent)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Overloaded from None


def has_body(scope: ASGIScope) -> bool:
    """Whether its head says that a body comes."""
    return any(name in _OF_BODIES for name, _ in scope["headers"])
