"""The language model in the terminal: what it can be held to, and whether a run comes to the same plan again."""

import asyncio
import sys

import rich_click as click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.self_test import SelfTest
from marketmind_scheduler.entrypoints.commands.console import harmless, table_console, told
from marketmind_scheduler.entrypoints.wiring.language_models import NOT_INSTALLED, is_installed, tested_once

_PROVEN = {True: Text("✓", style="green"), False: Text("✗", style="red"), None: Text("·")}
_NONE = (
    "no language model is configured, so agentic plans are the exact ones; SCHEDULER_AGENT_BASE_URL and "
    "SCHEDULER_AGENT_MODEL name one, and make model serves a small one"
)


@click.group()
def agent() -> None:
    """Try the language model of the agentic scheduler, and repeat its runs."""


@agent.command()
def test() -> None:
    """Ask the model three short questions, and show what that proves.

    Changes nothing. Ends with 0 when the model can be used, else with 1.
    """
    with told(is_quiet=True) as settings:
        endpoint = settings.agent_endpoint
        if endpoint is None:
            raise click.ClickException(_NONE)
        if not is_installed():
            raise click.ClickException(NOT_INSTALLED)
        tested = asyncio.run(tested_once(endpoint, settings))
    console = table_console()
    console.print(_table(tested))
    console.print(f"{harmless(endpoint.model)} at {endpoint.authority} is {tested.fitness}: {tested.means}.")
    sys.exit(tested.fitness is Fitness.UNUSABLE)


def _table(tested: SelfTest) -> Table:
    table = Table("", "probe", "found", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for proof in tested.proofs:
        table.add_row(_PROVEN[proof.is_passed], proof.probe, Text(harmless(proof.found)))
    return table
