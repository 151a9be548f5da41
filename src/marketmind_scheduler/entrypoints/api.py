"""The API process: prepares the database, then serves until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import structlog
import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.observed import Observed
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.entrypoints.bootstrap import running
from marketmind_scheduler.entrypoints.database import prepare
from marketmind_scheduler.entrypoints.http_protocol import GuardedProtocol
from marketmind_scheduler.entrypoints.settings import Settings

_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 5
_MOST_CONNECTIONS = 500

log = structlog.get_logger()


async def serve(settings: Settings, database_url: str, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Migrate, load the demo data where wanted, and serve on ``listener`` until SIGINT or SIGTERM.

    ``ready`` is called once requests are answered. Requests that run when the signal comes have three seconds to end.
    """
    horizon = timedelta(days=settings.horizon_days)
    async with running(database_url, pool_size=settings.pool_size, horizon=horizon) as use_cases:
        await prepare(settings, database_url, use_cases)
        config = uvicorn.Config(
            Observed(create_app(use_cases), new_id=new_uuid7),
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
        await _Server(config, ready).serve(sockets=[listener])
    log.info("stopped")


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


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop on SIGINT and SIGTERM, without raising them again, so that everything opened is closed in order."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def run(settings: Settings, database_url: str, listener: socket.socket, ready: Callable[[], None]) -> None:
    """``serve`` in an event loop of its own, uvloop's where it is installed."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(serve(settings, database_url, listener, ready))
