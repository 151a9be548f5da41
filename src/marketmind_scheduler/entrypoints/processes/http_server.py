"""uvicorn with our limits, and with an end that closes everything in order."""

import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from litestar import Litestar
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.http.envelope.edge import Edge
from marketmind_scheduler.adapters.http.envelope.names import OwnNames, name_in
from marketmind_scheduler.adapters.http.envelope.observed import Observed
from marketmind_scheduler.adapters.http.envelope.protocol import guarded_by
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.envelope.shares import Shares
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.entrypoints.choices import HttpParser
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.ports.tracing import Tracing

_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 5
_WAITING_CONNECTIONS = 256
"""How many the system keeps until they are taken; so many are taken at once, before any of them can give way."""


class HttpServer(uvicorn.Server):
    """Calls ``ready`` once requests are answered, and ``on_stop`` as soon as it is told to stop. Requests that run then
    have three seconds to end. ``shares`` are those of the app."""

    def __init__(
        self,
        app: Litestar,
        *,
        ready: Callable[[], None],
        on_stop: Callable[[], None],
        registry: CollectorRegistry,
        tracing: Tracing,
        settings: Settings,
        shares: Shares | None = None,
    ) -> None:
        metrics = RequestMetrics(registry)
        edge = Edge(settings.limits, metrics=metrics, new_id=new_uuid7)
        metrics.follow(edge.connections, shares)
        super().__init__(
            uvicorn.Config(
                Observed(app, new_id=new_uuid7, metrics=metrics, tracing=tracing, own_names=_own_names(settings)),
                http=guarded_by(edge, by_h11=settings.http_parser is HttpParser.H11),
                ws="none",
                lifespan="off",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                backlog=_WAITING_CONNECTIONS,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._ready = ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop on SIGINT and SIGTERM, without raising them again, so that everything opened is closed in order."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _own_names(settings: Settings) -> OwnNames | None:
    """The only names to answer under; None where callers show keys, or everybody is let in."""
    if settings.auth is not None:
        return None
    of_tools = {name_in(settings.mcp_url)} if settings.mcp_url else set[str]()
    return OwnNames(others=settings.listed_host_names | of_tools)
