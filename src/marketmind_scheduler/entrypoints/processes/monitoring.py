"""Metrics and health of a process that only dispatches, over HTTP."""

import socket
from collections.abc import Callable

from marketmind_scheduler.adapters.http.app import create_monitoring_app
from marketmind_scheduler.entrypoints.processes.http_server import HttpServer
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.service import Service


async def show(
    service: Service,
    settings: Settings,
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    on_stop: Callable[[], None],
) -> None:
    """Answer on ``listener`` until SIGINT or SIGTERM."""
    server = HttpServer(
        create_monitoring_app(service.use_cases),
        ready=ready,
        on_stop=on_stop,
        registry=service.registry,
        tracing=service.tracing,
        settings=settings,
    )
    await server.serve(sockets=[listener])
