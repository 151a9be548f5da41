"""`dispatch`: what is due, and nothing else."""

import sys
from contextlib import ExitStack

import rich_click as click

from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.commands.console import told
from marketmind_scheduler.entrypoints.commands.lasting import listening, run
from marketmind_scheduler.entrypoints.processes import dispatcher
from marketmind_scheduler.entrypoints.wiring.database import database


@click.command()
def dispatch() -> None:
    """Publish what is due, and nothing else.

    Any number may run beside each other and beside `serve`. Ctrl-C stops it: what has begun may end first.
    """
    with logs.aside(sys.stdout) as out, told(logs_to=out) as settings, ExitStack() as opened:
        listener = None
        if settings.metrics_port:
            listener = opened.enter_context(listening(settings, settings.metrics_port, "SCHEDULER_METRICS_PORT"))
        url = opened.enter_context(database(settings))
        run(lambda: dispatcher.dispatch(settings, url, listener))
