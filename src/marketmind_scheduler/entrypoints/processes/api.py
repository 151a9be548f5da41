"""The API process: prepares the database, then serves and does the upkeep, and dispatches too unless told not to."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import structlog

from marketmind_scheduler.adapters.added_metrics import Showing
from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.envelope.shares import Shares
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.entrypoints.choices import Auth, Switch
from marketmind_scheduler.entrypoints.processes.dispatcher import keep_dispatching, warn_of_dead_ends, warn_of_pretence
from marketmind_scheduler.entrypoints.processes.http_server import HttpServer
from marketmind_scheduler.entrypoints.processes.workers import beside, cores
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import running
from marketmind_scheduler.entrypoints.wiring.database import prepare
from marketmind_scheduler.entrypoints.wiring.service import Service
from marketmind_scheduler.entrypoints.wiring.tools import tools_of

log = structlog.get_logger()


async def serve(settings: Settings, database_url: str, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Migrate, load the demo data where wanted, and serve on ``listener`` until SIGINT or SIGTERM, with as many workers
    beside as the settings say.

    ``ready`` is called once requests are answered. Requests that run when the signal comes have three seconds to end,
    sends in flight the grace of ``DispatchLimits``.
    """
    async with running(settings, database_url) as service:
        use_cases = service.use_cases
        await prepare(settings, database_url, use_cases)
        warn_of_pretence(service)
        warn_of_dead_ends(service)
        stopping = asyncio.Event()
        async with (
            beside(service, listener, settings.worker_count(cores()) - 1) as stop_workers,
            use_cases.upkeeping.running(),
            _trying(use_cases.health),
            asyncio.TaskGroup() as tasks,
        ):

            def stop() -> None:
                stopping.set()
                use_cases.event_feed.close()
                stop_workers()

            if settings.dispatch is Switch.ON:
                tasks.create_task(keep_dispatching(service, stopping))
            await _server(settings, service, ready=ready, on_stop=stop).serve(sockets=[listener])
            await use_cases.dispatcher.triggered()
    log.info("stopped")


async def serve_beside(
    settings: Settings,
    database_url: str,
    listener: socket.socket,
    directory: Path,
    first_is_gone: Coroutine[None, None, None],
) -> None:
    """Serve on the ``listener`` of the first process, which has prepared everything and dispatches, until SIGTERM or
    until that process is gone. What is measured meanwhile is shown in ``directory``."""
    async with running(settings, database_url) as service:
        use_cases = service.use_cases
        service.metrics.add_up(Showing(directory, service.registry).others)
        async with use_cases.upkeeping.running(), _trying(use_cases.health):
            server = _server(settings, service, ready=_nothing, on_stop=use_cases.event_feed.close)
            watching = asyncio.create_task(_end_with(first_is_gone))
            await server.serve(sockets=[listener])
            watching.cancel()
            await use_cases.dispatcher.triggered()


def _server(
    settings: Settings, service: Service, *, ready: Callable[[], None], on_stop: Callable[[], None]
) -> HttpServer:
    shares = Shares(settings.limits)
    app = create_app(
        service.use_cases,
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
        on_stop=on_stop,
        registry=service.registry,
        tracing=service.tracing,
        settings=settings,
        shares=shares,
    )
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked through while requests are answered
    return server


async def _end_with(first_is_gone: Coroutine[None, None, None]) -> None:
    await first_is_gone
    os.kill(os.getpid(), signal.SIGTERM)


def _nothing() -> None: ...


def _trying(health: Health) -> AbstractAsyncContextManager[None]:
    """The language model in the background, where there is one: nothing waits for it."""
    return health.self_testing.running() if health.self_testing else nullcontext()
