"""After a restore from a backup: nothing that may have been sent since goes out again by itself."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

import rich_click as click
from click import Context, Parameter, ParamType, option
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.doubting import Doubting
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.written_times import read_instant
from marketmind_scheduler.entrypoints.commands.console import told, with_use_cases
from marketmind_scheduler.ports.transitions import LaneCount

_NONE_AFTER = (
    "In a database that has just been restored there are none: is that the moment of the backup? Too early a moment "
    "leaves what may be sent a second time"
)
_WITHIN_A_SECOND = timedelta(milliseconds=999)
_WHAT_FOLLOWS = (
    "They become UNCONFIRMED, which nothing sends. Ask the receivers what they got, then confirm each: "
    "POST /schedules/{schedule_id}/confirm"
)


class _Instant(ParamType[datetime]):
    """A moment with its offset, such as `2027-03-01T04:00:00Z`; the whole of its second is meant."""

    name = "moment"

    def convert(self, value: str | datetime, param: Parameter | None, ctx: Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return read_instant(value) + _WITHIN_A_SECOND
        except SchedulerError as unreadable:
            return self.fail(str(unreadable), param, ctx)


@click.command()
@option("--since", type=_Instant(), required=True, help="The moment to which the database has gone back.")
@option("--yes", is_flag=True, help="Do not ask.")
def doubt(since: datetime, yes: bool) -> None:  # noqa: FBT001
    """Keep from being sent again what may have been sent since a backup.

    For a database that has been restored, before anything dispatches from it. Shows what it will do, asks, and does it;
    a second time it finds nothing left to do.
    """
    if since > SystemClock().now() + _WITHIN_A_SECOND:
        raise click.ClickException(f"{_written(since)} lies ahead; say when the backup was made")

    async def work(use_cases: UseCases) -> None:
        concerned = await use_cases.doubting.concerned(since)
        total = sum(lane.schedules for lane in concerned)
        console = Console(highlight=False)
        if later := sum(lane.schedules for lane in await use_cases.doubting.concerned(SystemClock().now())) - total:
            console.print(f"[yellow]![/] {later} more are due that were made after {_written(since)}. {_NONE_AFTER}")
        if not total:
            console.print("[green]✓[/] nothing is left that may have been sent since")
            return
        console.print(_table(concerned))
        console.print(f"{total} schedules should have gone out by now and may have. {_WHAT_FOLLOWS}")
        if not yes:
            _ask()
        changed = await _do(use_cases.doubting, since, total)
        console.print(f"[green]✓[/] {changed} schedules are UNCONFIRMED")

    with told(is_quiet=True) as settings:
        with_use_cases(settings, work)


async def _do(doubting: Doubting, since: datetime, total: int) -> int:
    changed = 0
    columns = TextColumn("doubting"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        async for piece in doubting.doubt(since):
            changed += piece
            progress.update(task, completed=changed)
    return changed


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _ask() -> None:
    if not sys.stdin.isatty():
        raise click.ClickException("nobody is there to ask; say --yes where it is to be done without asking")
    click.confirm("Do it?", abort=True)


def _table(concerned: Sequence[LaneCount]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column("brand")
    table.add_column("platform")
    table.add_column("schedules", justify="right")
    for lane in concerned:
        table.add_row(str(lane.brand_id), lane.platform, f"{lane.schedules:,}")
    return table
