"""`serve`: everything in one process."""

import sys
from contextlib import ExitStack

import rich_click as click

from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.commands.banner import announce
from marketmind_scheduler.entrypoints.commands.console import told
from marketmind_scheduler.entrypoints.commands.lasting import listening, run
from marketmind_scheduler.entrypoints.commands.parent import stop_with_make
from marketmind_scheduler.entrypoints.processes import api
from marketmind_scheduler.entrypoints.wiring.database import database


@click.command()
def serve() -> None:
    """Serve the API, and publish what is due unless SCHEDULER_DISPATCH=off.

    Migrates first, under a lock, so any number of replicas may start at once. Ctrl-C stops it.
    """
    stop_with_make()
    with logs.aside(sys.stdout) as out, told(logs_to=out) as settings, ExitStack() as opened:
        settings.check_who_may_reach_it()
        listener = opened.enter_context(listening(settings, settings.port, "SCHEDULER_PORT"))
        url = opened.enter_context(database(settings))
        run(lambda: api.serve(settings, url, listener, lambda: announce(settings)))
