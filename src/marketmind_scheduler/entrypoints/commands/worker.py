"""A process beside the first one of `serve`, which starts it with ``python -m``: it answers requests."""

import asyncio
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.commands.console import told
from marketmind_scheduler.entrypoints.commands.lasting import run
from marketmind_scheduler.entrypoints.processes import api
from marketmind_scheduler.entrypoints.wiring.database import database


def main(descriptor: int, directory: Path) -> None:
    """Answer on that socket until the first process says so or is gone."""
    with logs.aside(sys.stdout) as out, told(logs_to=out) as settings, ExitStack() as opened:
        listener = opened.enter_context(socket.socket(fileno=descriptor))
        url = opened.enter_context(database(settings))
        run(lambda: api.serve_beside(settings, url, listener, directory, _first_is_gone()))


async def _first_is_gone() -> None:
    """Return when the first process is no more: nobody holds the other end of standard input then."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
