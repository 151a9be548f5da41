"""The keys of services, on the command line."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import rich_click as click
from click import Context, Parameter, ParamType, argument, option
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import IssuedKey, KeyNameReservedError, KeyNameTakenError, UnknownKeyError
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import ApiKey, Reach, Scope
from marketmind_scheduler.entrypoints.commands.console import told, with_use_cases

_SPAN = re.compile(r"([0-9]{1,5})([dhm])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class _Span(ParamType[timedelta]):
    """A length of time, such as `90d`, `24h` or `30m`."""

    name = "span"

    def convert(self, value: str | timedelta, param: Parameter | None, ctx: Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if span := _SPAN.fullmatch(value):
            return int(span[1]) * _UNITS[span[2]]
        return self.fail(f"{value!r} is not a length of time; write it like 90d, 24h or 30m", param, ctx)


SPAN = _Span()


@click.group()
def keys() -> None:
    """Make, show, rotate and revoke the API keys of services.

    With SCHEDULER_AUTH=keys the service lets nobody in without one.
    """


@keys.command()
@option("--name", required=True, help="The service that will send it, such as content-service.")
@option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What it may do; give it once for each.",
)
@option(
    "--brand", "brands", type=click.UUID, multiple=True, help="The only brands that exist for it; none: every brand."
)
@option("--expires", "lifetime", type=SPAN, help="How long it lives, such as 90d; without it, until revoked.")
@option("--if-none", is_flag=True, help="Do nothing where there has been a key already.")
def create(
    name: str,
    scopes: Sequence[str],
    brands: Sequence[UUID],
    lifetime: timedelta | None,
    if_none: bool,  # noqa: FBT001
) -> None:
    """Make a key. It is shown once; only its SHA-256 digest is kept."""

    async def work(use_cases: UseCases) -> None:
        if if_none and await use_cases.key_ring.list():
            Console(stderr=True).print("there are keys already; none was made")
            return
        _show_once(
            await use_cases.key_ring.create(
                name,
                scopes=[Scope(scope) for scope in scopes],
                reach=Reach(frozenset(brands) if brands else None),
                expires_at=SystemClock().now() + lifetime if lifetime else None,
            )
        )

    _do(work)


@keys.command("list")
def list_keys() -> None:
    """Show every key, also those that are over; never a secret."""

    async def work(use_cases: UseCases) -> None:
        found = await use_cases.key_ring.list()
        if found:
            Console().print(_table(found, SystemClock().now()))
        else:
            Console(stderr=True).print("there is no key yet; `keys create` makes one")

    _do(work)


@keys.command()
@argument("key_id")
@option("--overlap", type=SPAN, default="24h", show_default=True, help="How long the old key goes on to work.")
def rotate(key_id: str, overlap: timedelta) -> None:
    """Make a second key that may do the same, and let KEY_ID end after the overlap."""

    async def work(use_cases: UseCases) -> None:
        _show_once(await use_cases.key_ring.rotate(key_id, overlap=overlap))
        ends_at = f"{SystemClock().now() + overlap:%Y-%m-%d %H:%M} UTC"
        Console(stderr=True).print(f"  {key_id} goes on to work until {ends_at}", highlight=False)

    _do(work)


@keys.command()
@argument("key_id")
def revoke(key_id: str) -> None:
    """Refuse KEY_ID from the next request on."""

    async def work(use_cases: UseCases) -> None:
        key = await use_cases.key_ring.revoke(key_id)
        Console(highlight=False).print(f"[green]✓[/] {key_id} of {key.name} is refused from now on")

    _do(work)


def _do(work: Callable[[UseCases], Awaitable[None]]) -> None:
    with told(is_quiet=True) as settings:
        try:
            with_use_cases(settings, work)
        except (UnknownKeyError, KeyNameTakenError, KeyNameReservedError) as wrong:
            raise click.ClickException(str(wrong)) from None


def _show_once(issued: IssuedKey) -> None:
    """The key alone on standard output, so that a script can keep it; the words for people beside it."""
    words = Console(stderr=True, highlight=False)
    words.print(f"[green]✓[/] a key for {issued.key.name}, shown only now:")
    click.echo(issued.credential)


def _table(found: Sequence[ApiKey], now: datetime) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for column in ("key", "name", "scopes", "brands", "last used", "state"):
        table.add_column(column, overflow="fold", no_wrap=column != "brands", min_width=8)
    for key in found:
        brands = "every" if key.reach.brands is None else "\n".join(sorted(map(str, key.reach.brands)))
        scopes = "\n".join(sorted(key.scopes))
        table.add_row(key.key_id, Text(key.name), scopes, brands, _day(key.last_used_at), _state(key, now))
    return table


def _state(key: ApiKey, now: datetime) -> Text:
    if key.revoked_at is not None:
        return Text("revoked", style="red")
    if not key.is_live(now):
        return Text("expired", style="dim")
    if key.expires_at is not None:
        return Text(f"until {_day(key.expires_at)}", style="yellow")
    return Text("live", style="green")


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else "never"
