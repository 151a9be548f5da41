"""What a person should mend before the service runs, or while it does. Changes nothing and sends nothing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.commands.database_checks import examine_database
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Auth, Settings, SettingsError
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS
from marketmind_scheduler.entrypoints.wiring.zone_rules import ZoneRulesMissingError, pin_zone_rules
from marketmind_scheduler.ports.clock import Clock

_OF_DATABASE = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "SCHEDULER_DATA_DIR", "SCHEDULER_POOL_SIZE")
_OF_ACCESS = ("SCHEDULER_HOST", "SCHEDULER_AUTH")
_OF_PUBLISHER = (
    "SCHEDULER_PUBLISHER",
    "SCHEDULER_PLATFORMS",
    *(variable for entry in PUBLISHERS.values() for variable in entry.variables),
)
_STYLES = {Mark.WELL: "green", Mark.DOUBTFUL: "yellow", Mark.WRONG: "red"}


def diagnose(environment: Mapping[str, str], *, connect: bool, clock: Clock) -> Sequence[Finding]:
    """Every finding, in the order of the checks; one that fails stops no other. Receivers are connected to, and
    nothing is sent to them, only with ``connect``."""
    zones = _zone_rules()
    return [
        _configuration(environment),
        *_access(_part(environment, _OF_ACCESS)),
        *_database(_part(environment, _OF_DATABASE), zones, clock),
        _time_zones(zones),
        *_publisher(_part(environment, _OF_PUBLISHER), connect=connect),
    ]


def findings_table(findings: Iterable[Finding]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for name in ("", "check", "found", "what to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        mark = Text(finding.mark, style=_STYLES[finding.mark])
        table.add_row(mark, Text(finding.check), Text(finding.found), Text(finding.remedy))
    return table


def _configuration(environment: Mapping[str, str]) -> Finding:
    try:
        load(environment)
    except SettingsError as wrong:
        return Finding(Mark.WRONG, "configuration", str(wrong), "mend it; .env.example lists every setting")
    return Finding(Mark.WELL, "configuration", "every setting can be read")


def _access(settings: Settings | None) -> Sequence[Finding]:
    if settings is None:  # told as configuration
        return []
    try:
        settings.check_who_may_reach_it()
    except SettingsError as open_to_all:
        return [Finding(Mark.WRONG, "access", str(open_to_all), "decide it; `serve` does not start before")]
    who = "callers need a key" if settings.auth is Auth.KEYS else f"whoever reaches {settings.host} may call"
    return [Finding(Mark.WELL, "access", who)]


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
