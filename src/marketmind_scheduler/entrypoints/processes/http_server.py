"""uvicorn with our limits, and with an end that closes everything in order."""

import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from litestar import Litestar
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.http.envelope.observed import Observed
from marketmind_scheduler.adapters.http.envelope.protocol import GuardedProtocol
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.ports.tracing import Tracing

_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 5
_MOST_CONNECTIONS = 500


class HttpServer(uvicorn.Server):
    """Calls ``ready`` once requests are answered, and ``on_stop`` as soon as it is told to stop. Requests that run then
    have three seconds to end."""

    def __init__(
        self,
        app: Litestar,
        *,
        ready: Callable[[], None],
        on_stop: Callable[[], None],
        registry: CollectorRegistry,
        tracing: Tracing,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                Observed(app, new_id=new_uuid7, metrics=RequestMetrics(registry), tracing=tracing),
                http=GuardedProtocol,
                ws="none",
                lifespan="off",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                limit_concurrency=_MOST_CONNECTIONS,
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


def bind(host: str, port: int) -> socket.socket:
    """A socket on that address, not yet listening; raises OSError when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
