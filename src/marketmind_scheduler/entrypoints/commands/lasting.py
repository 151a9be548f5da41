"""What commands that go on until they are told to stop have in common: a port, and an event loop."""

import asyncio
import gc
import socket
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager

import rich_click as click

from marketmind_scheduler.entrypoints.settings import Settings

try:
    from uvloop import new_event_loop
except ImportError:  # there is none for this system
    from asyncio import new_event_loop

_OBJECTS_BEFORE_A_LOOK = 50_000
"""For garbage that only a look finds. Python looks after 700: a sixth of what a request for 10,000 posts cost."""


@contextmanager
def listening(settings: Settings, port: int, variable: str) -> Generator[socket.socket]:
    try:
        listener = _bind(settings.host, port)
    except OSError as taken:
        raise click.ClickException(
            f"cannot listen on {settings.host}:{port}: {taken.strerror}; set {variable} or SCHEDULER_HOST to another"
        ) from None
    with listener:
        yield listener


def run(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """In an event loop of its own, uvloop's where it is installed. What has been imported until here stays, so it need
    not be looked through for garbage again and again; and rows of a whole campaign are no garbage either."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work())


def _bind(host: str, port: int) -> socket.socket:
    """A socket on that address, not yet listening; raises OSError when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
