"""What `serve` says once requests are answered."""

from importlib.metadata import version
from ipaddress import ip_address

import structlog
from rich.console import Console

from marketmind_scheduler.application.demo import DEMO_CAMPAIGN
from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.choices import Auth
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS

_ACCESS = {
    None: "everybody on this machine, nobody else; SCHEDULER_AUTH=keys asks for keys",
    Auth.OFF: "[yellow]everybody who can reach it, because SCHEDULER_AUTH=off says so[/]",
    Auth.KEYS: "whoever has a key; `marketmind-scheduler keys create --name … --scope …` makes one",
}

log = structlog.get_logger()


def announce(settings: Settings) -> None:
    """Where the service is, who may call it, and what becomes of what is due: for a person, or as a line of the log."""
    url = f"http://{_to_open(settings.host)}:{settings.port}"
    publishing = PUBLISHERS[settings.publisher].publishing
    if logs.is_json(settings.log_format):
        log.info(
            "ready",
            api=url,
            explorer=f"{url}/docs",
            health=f"{url}/health",
            access=settings.auth or "loopback",
            publisher=publishing.by,
        )
        return
    key = ' -H "authorization: Bearer $KEY"' if settings.auth is Auth.KEYS else ""
    path = f"-X POST {url}/schedule/campaign/{DEMO_CAMPAIGN}{key}" if settings.loads_demo_data else f"{url}/"
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"\n[bold green]Marketmind Scheduler {version('marketmind-scheduler')} is ready[/]")
    console.print(f"  [bold]API[/]         {url}")
    console.print(f"  [bold]Explorer[/]    {url}/docs")
    console.print(f"  [bold]Health[/]      {url}/health")
    console.print(f"  [bold]Access[/]      {_ACCESS[settings.auth]}")
    console.print(f"  [bold]Publishing[/]  {aloud(publishing)}")
    console.print(f"  [bold]Try it[/]      curl {path}")
    console.print("  [dim]Ctrl-C stops it[/]\n")


def aloud(publishing: Publishing) -> str:
    """What it means, marked where it only pretends."""
    return f"[yellow]{publishing.means}[/]" if publishing.is_pretence else publishing.means


def _to_open(host: str) -> str:
    """The address for a browser on this machine: one that stands for all of them cannot be opened."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host
