"""The dispatcher: inside the API process, or as a process of its own."""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
import structlog

from marketmind_scheduler.entrypoints.choices import Switch
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service, running
from marketmind_scheduler.entrypoints.wiring.database import prepare_to_dispatch

_PROGRESS_SECONDS = 10
_PAUSE_SECONDS = 1

log = structlog.get_logger()


async def dispatch(settings: Settings, database_url: str, listener: socket.socket | None) -> None:
    """Migrate, then dispatch until SIGINT or SIGTERM; metrics and health are shown on ``listener``. Sends in flight
    when the signal comes have the grace of ``DispatchLimits`` to end."""
    async with running(msgspec.structs.replace(settings, dispatch=Switch.ON), database_url) as service:
        await prepare_to_dispatch(settings, database_url, service.use_cases)
        warn_of_pretence(service)
        warn_of_dead_ends(service)
        stopping = asyncio.Event()
        say_ready = partial(log.info, "dispatching", publisher=settings.publisher, platforms=settings.platforms)
        async with service.use_cases.upkeeping.running(), asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_dispatching(service, stopping))
            if listener is None:
                await _until_told(stopping, say_ready)
            else:
                from marketmind_scheduler.entrypoints.processes.monitoring import show  # noqa: PLC0415  # HTTP, if asked for

                await show(service, settings, listener, ready=say_ready, on_stop=stopping.set)
    log.info("stopped")


def warn_of_pretence(service: Service) -> None:
    """One line in the log where what is due is called published and not posted."""
    publishing = service.use_cases.health.publishing
    if publishing.is_pretence:
        log.warning(publishing.means, publisher=publishing.by)


def warn_of_dead_ends(service: Service) -> None:
    """One line in the log for the platforms whose posts will wait, because nothing takes them."""
    if dead_ends := service.use_cases.reachability.dead_ends():
        log.warning(dead_ends)


async def keep_dispatching(service: Service, stopping: asyncio.Event) -> None:
    """Dispatch until ``stopping`` is set, and say every ten seconds what has been done. What breaks is started
    again."""
    telling = asyncio.create_task(_tell_progress(service, stopping))
    while not stopping.is_set():
        try:
            await service.use_cases.dispatcher.run(stopping)
        except Exception as surprise:  # noqa: BLE001  # its leases decide of what was in flight
            service.metering.broke("dispatcher", surprise)
            await asyncio.sleep(_PAUSE_SECONDS)
    await telling


async def _tell_progress(service: Service, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROGRESS_SECONDS):
                await stopping.wait()
        in_flight = service.use_cases.dispatcher.in_flight
        if (progress := service.metering.progress()) or in_flight:
            log.info("progress", in_flight=in_flight, **progress)


async def _until_told(stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopping.set)
    ready()
    await stopping.wait()
