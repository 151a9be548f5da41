"""The API process: prepares the database, then serves and does the upkeep, and dispatches too unless told not to."""

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import structlog

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.envelope.shares import Shares
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.entrypoints.choices import Auth, Switch
from marketmind_scheduler.entrypoints.processes.dispatcher import keep_dispatching, warn_of_dead_ends, warn_of_pretence
from marketmind_scheduler.entrypoints.processes.http_server import HttpServer
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import running
from marketmind_scheduler.entrypoints.wiring.database import prepare
from marketmind_scheduler.entrypoints.wiring.tools import tools_of

log = structlog.get_logger()


async def serve(settings: Settings, database_url: str, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Migrate, load the demo data where wanted, and serve on ``listener`` until SIGINT or SIGTERM.

    ``ready`` is called once requests are answered. Requests that run when the signal comes have three seconds to end,
    sends in flight the grace of ``DispatchLimits``.
    """
    async with running(settings, database_url) as service:
        use_cases = service.use_cases
        await prepare(settings, database_url, use_cases)
        warn_of_pretence(service)
        warn_of_dead_ends(service)
        stopping = asyncio.Event()

        def stop() -> None:
            stopping.set()
            use_cases.event_feed.close()

        async with use_cases.upkeeping.running(), _trying(use_cases.health), asyncio.TaskGroup() as tasks:
            if settings.dispatch is Switch.ON:
                tasks.create_task(keep_dispatching(service, stopping))
            shares = Shares(settings.limits)
            app = create_app(
                use_cases,
                checks_access=settings.auth is Auth.KEYS,
                limiter=service.limiter,
                shares=shares,
                idempotency=service.idempotency,
                requires_idempotency_keys=settings.idempotency_required,
                docs_are_public=settings.docs_public,
                beside=tools_of(settings, service),
            )
            server = HttpServer(
                app,
                ready=ready,
                on_stop=stop,
                registry=service.registry,
                tracing=service.tracing,
                settings=settings,
                shares=shares,
            )
            gc.collect()
            gc.freeze()  # what lives as long as the process is not looked through while requests are answered
            await server.serve(sockets=[listener])
            await use_cases.dispatcher.triggered()
    log.info("stopped")


def _trying(health: Health) -> AbstractAsyncContextManager[None]:
    """The language model in the background, where there is one: nothing waits for it."""
    return health.self_testing.running() if health.self_testing else nullcontext()
