"""The language model in the terminal: what it can be held to, and whether a run comes to the same plan again."""

import asyncio
import sys
from dataclasses import fields
from uuid import UUID

import rich_click as click
from click import argument
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.application.planning.replaying import Replayed
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.self_test import SelfTest
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.entrypoints.commands.console import harmless, table_console, told, with_use_cases
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


@agent.command()
@argument("run", type=click.UUID)
def replay(run: UUID) -> None:
    """Make a recorded run again from what is kept of it, without a network.

    RUN is a `run_id` of `GET /plans/{plan_id}/runs`. Changes nothing and asks no model. Ends with 0 when it comes to
    the same plan by the same decision, else with 1.
    """

    async def work(use_cases: UseCases) -> None:
        try:
            again = await use_cases.replaying.replay(run)
        except SchedulerError as refused:
            raise click.ClickException(str(refused)) from None
        console = table_console()
        console.print(_decisions(again))
        console.print(_told(again))
        if not again.is_same:
            sys.exit(1)

    with told(is_quiet=True) as settings:
        with_use_cases(settings, work)


def _decisions(again: Replayed) -> Table:
    """Both decisions, line by line."""
    table = Table("", "then", "now", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for field in fields(again.then):
        then, now = getattr(again.then, field.name), getattr(again.now, field.name)
        style = "" if then == now or field.name == "release" else "red"
        table.add_row(field.name.replace("_", " "), _shown(then), _shown(now), style=style)
    return table


def _told(again: Replayed) -> str:
    told = ["It comes to the same plan." if again.is_same else "It does not come to the same plan."]
    if again.unknown:
        told.append(f"{again.unknown} of its questions are others by now, so nobody has answered them.")
    if broken := again.first_broken:
        told.append(f"The records of its brand were changed, the one of {broken.at:%Y-%m-%dT%H:%M:%SZ} or one before.")
    return " ".join(told)


def _shown(value: object) -> str:
    return str(value) if value else "-"
