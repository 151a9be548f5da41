"""The keys of services, on the command line."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

import rich_click as click
from click import Context, Parameter, ParamType, argument, option
from rich.console import Console

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import IssuedKey, KeyRingError, Rotation
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from marketmind_scheduler.domain.errors import BrandNotFound
from marketmind_scheduler.domain.ids import AN_ID, read_id
from marketmind_scheduler.domain.quoting import quoted
from marketmind_scheduler.entrypoints.commands.console import look, table_console, told, with_use_cases
from marketmind_scheduler.entrypoints.commands.keys_table import keys_json, keys_table, minute, shown
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service

_SPAN = re.compile(r"([0-9]{1,5})([dhm])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


_FEW = 2
"""How many live keys a rotation needs: the old one and the new one."""

Value = TypeVar("Value")


class _Span(ParamType[timedelta]):
    """A length of time, such as `90d`, `24h` or `30m`."""

    name = "span"

    def __init__(self, *, least: timedelta = timedelta()) -> None:
        self._least = least

    def convert(self, value: str | timedelta, param: Parameter | None, ctx: Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if (span := _SPAN.fullmatch(value)) and (length := int(span[1]) * _UNITS[span[2]]) >= self._least:
            return length
        if span:
            return self.fail(f"{value!r} is over at once; write how long it is to live, such as 90d", param, ctx)
        return self.fail(f"{value!r} is not a length of time; write it like 90d, 24h or 30m", param, ctx)


class _BrandId(ParamType[UUID]):
    """The id of a brand, written as everywhere."""

    name = "brand_id"

    def convert(self, value: str | UUID, param: Parameter | None, ctx: Context | None) -> UUID:
        if isinstance(value, UUID):
            return value
        return read_id(value) or self.fail(f"{quoted(value)} is not {AN_ID}", param, ctx)


class _Several(ParamType[Sequence[Value]], Generic[Value]):
    """One value, or some with commas between."""

    def __init__(self, each: ParamType[Value]) -> None:
        self.name = each.name
        self._each = each

    def convert(self, value: str | Sequence[Value], param: Parameter | None, ctx: Context | None) -> Sequence[Value]:
        if not isinstance(value, str):
            return value
        return [self._each.convert(each.strip(), param, ctx) for each in value.split(",")]


def _together(_context: Context, _parameter: Parameter, given: Sequence[Sequence[Value]]) -> Sequence[Value]:
    return [each for some in given for each in some]


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
    type=_Several(click.Choice([scope.value for scope in Scope])),
    callback=_together,
    multiple=True,
    required=True,
    help=f"What it may do, once for each or with commas between: {', '.join(Scope)}.",
)
@option(
    "--brand",
    "brands",
    type=_Several(_BrandId()),
    callback=_together,
    multiple=True,
    help="The only brands that exist for it; none: every brand.",
)
@option(
    "--expires",
    "lifetime",
    type=_Span(least=_UNITS["m"]),
    help="How long it lives, such as 90d; without it, until revoked.",
)
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
            _words("there are keys already, so none was made; `keys create --name … --scope …` makes another")
            return
        for brand_id in brands:
            await _warn_of_unknown(use_cases, brand_id)
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
@option("--json", "as_json", is_flag=True, help="As JSON, for scripts: docs/operation.md has its form.")
def list_keys(as_json: bool) -> None:  # noqa: FBT001
    """Show every key, also those that are over; never a secret. Times are in UTC."""

    async def work(service: Service) -> None:
        found, now = await service.use_cases.key_ring.list(), SystemClock().now()
        if as_json:
            click.echo(keys_json(found, now))
        elif found:
            console = table_console()
            console.print(keys_table(found, now, width=console.width))
        else:
            _words("there is no key yet; `keys create --name … --scope …` makes one")

    with told(is_quiet=True) as settings:
        look(settings, work)


@keys.command()
@argument("key", metavar="KEY")
@option("--overlap", type=_Span(), default="24h", show_default=True, help="How long the old key goes on to work.")
def rotate(key: str, overlap: timedelta) -> None:
    """Make a second key that may do the same, and let KEY end after the overlap.

    KEY is the name of a service that has one live key, or the id of a key.
    """

    async def work(use_cases: UseCases) -> None:
        rotation = await use_cases.key_ring.rotate(key, overlap=overlap)
        _show_once(rotation.issued)
        _tell_end(rotation)

    _do(work)


@keys.command()
@argument("key", metavar="KEY")
def revoke(key: str) -> None:
    """Refuse KEY from the next request on.

    KEY is the name of a service that has one live key, or the id of a key.
    """

    async def work(use_cases: UseCases) -> None:
        revoked = await use_cases.key_ring.revoke(key)
        Console(highlight=False).print(f"[green]✓[/] {revoked.key_id} of {shown(revoked)} is refused from now on")

    _do(work)


def _do(work: Callable[[UseCases], Awaitable[None]]) -> None:
    with told(is_quiet=True) as settings:
        try:
            with_use_cases(settings, work, may_be_first=True)
        except KeyRingError as wrong:
            raise click.ClickException(str(wrong)) from None


async def _warn_of_unknown(use_cases: UseCases, brand_id: UUID) -> None:
    """A service may want its key before its brand is registered, so this is no error."""
    try:
        await use_cases.catalog.get_brand(brand_id)
    except BrandNotFound:
        _words(f"[yellow]![/] there is no brand {brand_id} yet; until PUT /brands/{brand_id}, the key sees none there")


def _tell_end(rotation: Rotation) -> None:
    old, ends_at = rotation.old, minute(rotation.old.expires_at)
    _words(f"  {old.key_id} goes on to work until {ends_at} UTC")
    if len(rotation.live) > _FEW:
        ids = ", ".join(key.key_id for key in rotation.live)
        _words(f"[yellow]![/] it has {len(rotation.live)} live keys now, {ids}; revoke those that nobody sends")


def _show_once(issued: IssuedKey) -> None:
    """The key alone on standard output, so that a script can keep it; the words for people beside it."""
    _words(f"[green]✓[/] a key for {shown(issued.key)}, shown only now:")
    click.echo(issued.credential)


def _words(text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)
