"""The command line: serve, dispatch, mcp, plan, agent, status, doctor, keys, migrate, demo."""

import asyncio
import gc
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

import rich_click as click
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from uvicorn.loops.auto import auto_loop_factory

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.demo import DEMO_CAMPAIGNS
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.choices import LogFormat, LogLevel
from marketmind_scheduler.entrypoints.commands.agent import agent
from marketmind_scheduler.entrypoints.commands.banner import announce
from marketmind_scheduler.entrypoints.commands.console import environment, look, table_console, told
from marketmind_scheduler.entrypoints.commands.doctor import diagnose, findings_json, findings_table
from marketmind_scheduler.entrypoints.commands.doubt import doubt
from marketmind_scheduler.entrypoints.commands.keys import keys
from marketmind_scheduler.entrypoints.commands.parent import stop_with_make
from marketmind_scheduler.entrypoints.commands.plan import plan
from marketmind_scheduler.entrypoints.commands.standing_table import Reading, reading_json, reading_view
from marketmind_scheduler.entrypoints.commands.tools import mcp
from marketmind_scheduler.entrypoints.findings import Mark
from marketmind_scheduler.entrypoints.processes import api, dispatcher
from marketmind_scheduler.entrypoints.processes.http_server import bind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service, running
from marketmind_scheduler.entrypoints.wiring.database import database, prepare

NAME = "marketmind-scheduler"
EPILOG = (
    "Everything is configured by environment variables or an .env file; .env.example lists them all. "
    "Without DATABASE_URL a PostgreSQL of its own is started, and its data is kept between runs. "
    'For completion in bash: eval "$(_MARKETMIND_SCHEDULER_COMPLETE=bash_source marketmind-scheduler)"; zsh_source and '
    "fish_source for the others."
)

_WATCH_SECONDS = 1
_NEXT_POSTS = 5
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")  # pyright: ignore[reportUnknownMemberType]


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(NAME), prog_name=NAME)  # pyright: ignore[reportUnknownMemberType]
def main() -> None:
    """Decides and remembers when a brand's posts go out."""


main.add_command(keys)
main.add_command(doubt)
main.add_command(plan)
main.add_command(mcp)
main.add_command(agent)


@main.command()
def serve() -> None:
    """Serve the API, and publish what is due unless SCHEDULER_DISPATCH=off.

    Migrates first, under a lock, so any number of replicas may start at once. Ctrl-C stops it.
    """
    stop_with_make()
    with logs.aside(sys.stdout) as out, told(logs_to=out) as settings, ExitStack() as opened:
        settings.check_who_may_reach_it()
        listener = opened.enter_context(_listening(settings, settings.port, "SCHEDULER_PORT"))
        url = opened.enter_context(database(settings))
        _run(api.serve(settings, url, listener, lambda: announce(settings)))


@main.command()
def dispatch() -> None:
    """Publish what is due, and nothing else.

    Any number may run beside each other and beside `serve`. Ctrl-C stops it: what has begun may end first.
    """
    with logs.aside(sys.stdout) as out, told(logs_to=out) as settings, ExitStack() as opened:
        listener = None
        if settings.metrics_port:
            listener = opened.enter_context(_listening(settings, settings.metrics_port, "SCHEDULER_METRICS_PORT"))
        url = opened.enter_context(database(settings))
        _run(dispatcher.dispatch(settings, url, listener))


@main.command()
@click.option("--watch", is_flag=True, help="Keep it on screen; Ctrl-C ends it.")  # pyright: ignore[reportUnknownMemberType]
@_AS_JSON
def status(watch: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show what is due, late, in flight and gone wrong, and what goes out next. Creates and changes nothing."""
    with told(is_quiet=True) as settings:
        look(settings, lambda service: _show_standing(service, watch=watch, as_json=as_json))


@main.command()
@_AS_JSON
@click.option("--connect", is_flag=True, help="Connect to every receiver, and ask the model.")  # pyright: ignore[reportUnknownMemberType]
def doctor(connect: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check configuration, database, receivers and language model, and say what to do.

    Changes nothing and publishes nothing. Ends with 0 when nothing is ✗, else with 1.
    """
    logs.configure(LogFormat.AUTO, LogLevel.WARNING)
    findings = diagnose(environment(), connect=connect, clock=SystemClock())
    if as_json:
        click.echo(findings_json(findings))
    else:
        table_console().print(findings_table(findings))
    sys.exit(any(finding.mark is Mark.WRONG for finding in findings))


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version.

    Does nothing when it is there already. With SCHEDULER_DEMO_DATA=true it loads the demo data too. Over
    MIGRATION_DATABASE_URL where that is set; the user of DATABASE_URL is then granted what the service needs.
    """
    with told() as settings:
        _with_database(settings)
        Console().print("[green]✓[/] the schema is at head")


@main.command()
def demo() -> None:
    """Load the demo data, or renew it when its campaigns' days are over.

    Two brands with a campaign each, seven days from today.
    """
    with told() as settings:
        _with_database(settings.with_demo_data(), _print_campaigns)


def _with_database(settings: Settings, then: Callable[[UseCases], Awaitable[None]] | None = None) -> None:
    async def work(url: str) -> None:
        async with running(settings, url) as service:
            await prepare(settings, url, service.use_cases, wait_for_schema=0)
            if then is not None:
                await then(service.use_cases)

    with database(settings) as url:
        asyncio.run(work(settings.migration_database_url or url))


async def _print_campaigns(use_cases: UseCases) -> None:
    console = Console(soft_wrap=True, highlight=False)  # ids stay whole, however narrow the terminal
    console.print("[green]✓[/] the demo campaigns are ready")
    for campaign_id in DEMO_CAMPAIGNS:
        campaign = await use_cases.catalog.get_campaign(campaign_id)
        days = f"{campaign.start_date} to {campaign.end_date}"
        console.print(f"  {campaign_id}  {escape(campaign.name)}")
        console.print(f"    {days}, {campaign.post_count} posts, {campaign.status}")


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


@contextmanager
def _listening(settings: Settings, port: int, variable: str) -> Generator[socket.socket]:
    try:
        listener = bind(settings.host, port)
    except OSError as taken:
        raise click.ClickException(
            f"cannot listen on {settings.host}:{port}: {taken.strerror}; set {variable} or SCHEDULER_HOST to another"
        ) from None
    with listener:
        yield listener


def _run(work: Coroutine[None, None, None]) -> None:
    """In an event loop of its own, uvloop's where it is installed. What has been imported until here stays, so it need
    not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(work)
