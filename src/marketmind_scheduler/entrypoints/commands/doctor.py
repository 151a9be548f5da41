"""What a person should mend before the service runs, or while it does. Changes nothing and publishes nothing."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec
import rich_click as click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.choices import Auth, LogFormat, LogLevel, SettingsError
from marketmind_scheduler.entrypoints.commands.console import AS_JSON, table_console
from marketmind_scheduler.entrypoints.commands.console import environment as environment_of_here
from marketmind_scheduler.entrypoints.commands.database_checks import examine_database
from marketmind_scheduler.entrypoints.environment import NAMES, load
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.language_models import examine_model
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS
from marketmind_scheduler.entrypoints.wiring.telemetry import examine_telemetry
from marketmind_scheduler.entrypoints.wiring.tokens import examine_tokens
from marketmind_scheduler.entrypoints.wiring.tools import examine_tools
from marketmind_scheduler.entrypoints.wiring.zone_rules import ZoneRulesMissingError, pin_zone_rules
from marketmind_scheduler.ports.clock import Clock

_OF_DATABASE = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "SCHEDULER_DATA_DIR", "SCHEDULER_POOL_SIZE")
_OF_ACCESS = ("SCHEDULER_HOST", "SCHEDULER_AUTH")
_OF_NAMES = ("SCHEDULER_HOST_NAMES", "SCHEDULER_AUTH")
_OF_TOKENS = (
    "SCHEDULER_AUTH",
    *(name for name in NAMES if name.startswith("SCHEDULER_JWT_")),
)
_OF_TELEMETRY = ("SCHEDULER_TELEMETRY",)
_OF_TOOLS = ("SCHEDULER_MCP_URL", "SCHEDULER_MCP_COMMIT")
_OF_AGENT = tuple(name for name in NAMES if name.startswith("SCHEDULER_AGENT_"))
_REFUSED = frozenset({"access", "tokens", "telemetry", "publisher"})
"""The checks of settings: where one is wrong, `serve` does not start."""
_OF_PUBLISHER = (
    "SCHEDULER_PUBLISHER",
    "SCHEDULER_PLATFORMS",
    "SCHEDULER_DISPATCH",
    *(variable for entry in PUBLISHERS.values() for variable in entry.variables),
)
_STYLES = {Mark.WELL: "green", Mark.DOUBTFUL: "yellow", Mark.WRONG: "red"}


@click.command()
@AS_JSON
@click.option("--connect", is_flag=True, help="Connect to every receiver, and ask the model.")  # pyright: ignore[reportUnknownMemberType]
def doctor(connect: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check configuration, database, receivers and language model, and say what to do.

    Changes nothing and publishes nothing. Ends with 0 when nothing is ✗, else with 1.
    """
    logs.configure(LogFormat.AUTO, LogLevel.WARNING)
    findings = diagnose(environment_of_here(), connect=connect, clock=SystemClock())
    if as_json:
        click.echo(findings_json(findings))
    else:
        table_console().print(findings_table(findings))
    sys.exit(any(finding.mark is Mark.WRONG for finding in findings))


def diagnose(environment: Mapping[str, str], *, connect: bool, clock: Clock) -> Sequence[Finding]:
    """Every finding, in the order of the checks; one that fails stops no other. Receivers are connected to, and
    nothing is sent to them, only with ``connect``, and only then is the language model asked what it can be held to."""
    zones = _zone_rules()
    access = _access(_part(environment, _OF_ACCESS))
    tokens = _tokens(_part(environment, _OF_TOKENS))
    telemetry = _telemetry(environment)
    publisher = _publisher(_part(environment, _OF_PUBLISHER), connect=connect)
    return [
        _configuration(environment, (*access, *tokens, *telemetry, *publisher)),
        *access,
        *_names(_part(environment, _OF_NAMES)),
        *tokens,
        *telemetry,
        *_tools(_part(environment, _OF_TOOLS)),
        *_database(_part(environment, _OF_DATABASE), zones, clock),
        _time_zones(zones),
        *publisher,
        *_agent(_part(environment, _OF_AGENT), connect=connect),
    ]


def findings_table(findings: Iterable[Finding]) -> Table:
    """What to do stands below what was found, so that 80 columns hold names and values to be copied in one piece."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False, show_edge=False)
    for name in ("", "check", "found, and → what to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        mark = Text(finding.mark, style=_STYLES[finding.mark])
        remedy = f"\n→ {finding.remedy}" if finding.remedy else ""
        table.add_row(mark, Text(finding.check), Text(finding.found).append(remedy, style="bold"))
    return table


def findings_json(findings: Iterable[Finding]) -> str:
    """A list of objects, one a finding; ``mark`` is ``well``, ``doubtful`` or ``wrong``."""
    shown = [_FindingOut(each.mark.name.lower(), each.check, each.found, each.remedy) for each in findings]
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


class _FindingOut(msgspec.Struct, frozen=True):
    mark: str
    check: str
    found: str
    remedy: str


def _configuration(environment: Mapping[str, str], parts: Iterable[Finding]) -> Finding:
    """Well only where no setting keeps `serve` from starting; what the parts have found in detail follows it."""
    try:
        load(environment)
    except SettingsError as wrong:
        return Finding(Mark.WRONG, "configuration", str(wrong), "mend it; .env.example lists every setting")
    if refused := [each.check for each in parts if each.check in _REFUSED and each.mark is Mark.WRONG]:
        return Finding(
            Mark.WRONG, "configuration", f"`serve` does not start: {', '.join(refused)}", "mend what is ✗ below"
        )
    return Finding(Mark.WELL, "configuration", "every setting can be read, and `serve` takes them")


def _access(settings: Settings | None) -> Sequence[Finding]:
    if settings is None:  # told as configuration
        return []
    try:
        settings.check_who_may_reach_it()
    except SettingsError as open_to_all:
        return [Finding(Mark.WRONG, "access", str(open_to_all), "decide it; `serve` does not start before")]
    who = "callers need a key" if settings.auth is Auth.KEYS else f"whoever reaches {settings.host} may call"
    return [Finding(Mark.WELL, "access", who)]


def _names(settings: Settings | None) -> Sequence[Finding]:
    """What SCHEDULER_HOST_NAMES does; one that is none is told as configuration."""
    if settings is None or not (names := ", ".join(sorted(settings.listed_host_names))):
        return []
    if settings.auth is not None:
        found = f"SCHEDULER_HOST_NAMES={names} has no effect where SCHEDULER_AUTH is set: every name is answered"
        return [Finding(Mark.DOUBTFUL, "host names", found, "unset one of them")]
    found = f"answered under {names} too: a page that a browser shows from there may send requests"
    return [Finding(Mark.WELL, "host names", found)]


def _tokens(settings: Settings | None) -> Sequence[Finding]:
    return [] if settings is None else examine_tokens(settings)


def _tools(settings: Settings | None) -> Sequence[Finding]:
    return [] if settings is None else examine_tools(settings)


def _agent(settings: Settings | None, *, connect: bool) -> Sequence[Finding]:
    return [] if settings is None else examine_model(settings, connect=connect)


def _telemetry(environment: Mapping[str, str]) -> Sequence[Finding]:
    settings = _part(environment, _OF_TELEMETRY)
    return [] if settings is None else examine_telemetry(settings, environment)


def _part(environment: Mapping[str, str], names: Sequence[str]) -> Settings | None:
    """The settings as far as these variables go, so that a mistake in another one hides nothing."""
    with suppress(SettingsError):
        return load({name: environment[name] for name in names if name in environment})
    return None


def _zone_rules() -> ZoneCatalog | None:
    with suppress(ZoneRulesMissingError):
        return pin_zone_rules()
    return None


def _time_zones(zones: ZoneCatalog | None) -> Finding:
    if zones is None:
        remedy = "install the service with its locked requirements"
        return Finding(Mark.WRONG, "time zone rules", "the tzdata package is missing or not whole", remedy)
    return Finding(Mark.WELL, "time zone rules", f"tzdata {zones.release}")


def _database(settings: Settings | None, zones: ZoneCatalog | None, clock: Clock) -> Sequence[Finding]:
    return [_not_checked("database")] if settings is None else examine_database(settings, zones, clock)


def _publisher(settings: Settings | None, *, connect: bool) -> Sequence[Finding]:
    if settings is None:
        return [_not_checked("publisher")]
    return PUBLISHERS[settings.publisher].examine(settings, connect=connect)


def _not_checked(check: str) -> Finding:
    return Finding(Mark.WRONG, check, "not checked", "mend the configuration first")
