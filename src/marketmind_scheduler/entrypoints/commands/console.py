"""What every command shares: its settings, the database, and one line instead of a traceback."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TextIO

import rich_click as click
from dotenv import dotenv_values
from rich.console import Console

from marketmind_scheduler.adapters.embedded_postgres.home import EmbeddedPostgresUnavailable
from marketmind_scheduler.adapters.postgres.errors import why_unreachable
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase
from marketmind_scheduler.adapters.postgres.schema.version import SchemaChangeRefused
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.terminal_text import printable
from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.choices import LogLevel, SettingsError
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service, running
from marketmind_scheduler.entrypoints.wiring.database import (
    NO_DATA,
    database,
    has_data,
    prepare_to_dispatch,
    told_which,
)
from marketmind_scheduler.entrypoints.wiring.zone_rules import ZoneRulesMissingError

_ENDLESS = 10_000
AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")  # pyright: ignore[reportUnknownMemberType]
_MENDED_BY_A_PERSON = (
    *(SettingsError, EmbeddedPostgresUnavailable, ZoneRulesMissingError),
    *(SchemaChangeRefused, UnfitDatabase),
)


def environment() -> Mapping[str, str]:
    """The variables of an .env file, and those of the process, which win."""
    return {**{name: value or "" for name, value in dotenv_values(".env").items()}, **os.environ}


@contextmanager
def told(*, is_quiet: bool = False, logs_to: TextIO | None = None) -> Generator[Settings]:
    """The settings; failures that a person can mend end the command with one line instead of a traceback. Where
    ``is_quiet``, only warnings are logged, so that they do not stand between a person and the answer."""
    try:
        given = environment()
        settings = load(given)
        _pass_on_to_opentelemetry(given)
        logs.configure(settings.log_format, LogLevel.WARNING if is_quiet else settings.log_level, to=logs_to)
        yield settings
    except _MENDED_BY_A_PERSON as wrong:
        raise click.ClickException(str(wrong)) from None
    except StorageUnavailable as unavailable:
        found, remedy = why_unreachable(unavailable.__cause__)
        raise click.ClickException(f"the database cannot be used: {found}; {remedy}") from None
    except KeyboardInterrupt:
        sys.exit(130)


def _pass_on_to_opentelemetry(given: Mapping[str, str]) -> None:
    """Its library reads the variables of the process, no .env file, and takes an empty one for a value."""
    for name, value in given.items():
        if name.startswith("OTEL_") and value:
            os.environ[name] = value
        elif name.startswith("OTEL_"):
            os.environ.pop(name, None)


def harmless(text: str) -> str:
    """What others wrote, without what a terminal would obey."""
    return printable(text, instead="\N{REPLACEMENT CHARACTER}")


def table_console() -> Console:
    """For tables: as wide as the terminal, and where nobody looks, as wide as its lines."""
    is_watched = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console() if is_watched else Console(width=_ENDLESS)


def say_which(settings: Settings, *, may_be_first: bool) -> None:
    """Say which database is asked, where no variable does. Ends the command where it is not there yet, unless it may be
    made."""
    if which := told_which(settings):
        click.echo(which, err=True)
    if not (may_be_first or has_data(settings)):
        raise click.ClickException(NO_DATA)


def look(settings: Settings, work: Callable[[Service], Awaitable[None]]) -> None:
    """Do this over the database as it is: nothing is created and nothing migrated."""

    async def over(url: str) -> None:
        async with running(settings, url) as service:
            await service.use_cases.health.check()
            report = await service.use_cases.health.report()
            if not report.is_ready:
                raise click.ClickException("; ".join(f"{name}: {said}" for name, said in report.checks.items()))
            await work(service)

    say_which(settings, may_be_first=False)
    with database(settings) as url:
        asyncio.run(over(url))


def with_use_cases(
    settings: Settings, work: Callable[[UseCases], Awaitable[None]], *, may_be_first: bool = False
) -> None:
    """Do this over the database, whose schema is brought to head first; where it ``may_be_first``, it is made."""

    async def over(url: str) -> None:
        async with running(settings, url) as service:
            await prepare_to_dispatch(settings, url, service.use_cases, wait_for_schema=0)
            await work(service.use_cases)

    say_which(settings, may_be_first=may_be_first)
    with database(settings) as url:
        asyncio.run(over(url))
