"""`status`: how the queue stands."""

import asyncio

import rich_click as click
from rich.console import Console
from rich.live import Live

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.entrypoints.commands.console import AS_JSON, look, told
from marketmind_scheduler.entrypoints.commands.standing_table import Reading, reading_json, reading_view
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service

_WATCH_SECONDS = 1
_NEXT_POSTS = 5


@click.command()
@click.option("--watch", is_flag=True, help="Keep it on screen; Ctrl-C ends it.")  # pyright: ignore[reportUnknownMemberType]
@AS_JSON
def status(watch: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show what is due, late, in flight and gone wrong, and what goes out next. Creates and changes nothing."""
    with told(is_quiet=True) as settings:
        look(settings, lambda service: _show_standing(service, watch=watch, as_json=as_json))


async def _show_standing(service: Service, *, watch: bool, as_json: bool) -> None:
    if as_json:
        click.echo(reading_json(await _reading(service)))
        while watch:
            await asyncio.sleep(_WATCH_SECONDS)
            click.echo(reading_json(await _reading(service)))
    elif watch:
        with Live(reading_view(await _reading(service)), auto_refresh=False) as screen:
            while True:
                await asyncio.sleep(_WATCH_SECONDS)
                screen.update(reading_view(await _reading(service)), refresh=True)
    else:
        Console().print(reading_view(await _reading(service)))


async def _reading(service: Service) -> Reading:
    monitoring = service.use_cases.monitoring
    return Reading(
        at=SystemClock().now(),
        publishing=service.use_cases.health.publishing,
        standing=await monitoring.standing(),
        next_posts=await monitoring.next_posts(limit=_NEXT_POSTS),
        dead_ends=service.use_cases.reachability.dead_ends(),
    )
