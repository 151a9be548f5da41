"""What a person should mend before the service runs, or while it does. Changes nothing and sends nothing."""

import asyncio
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.adapters.embedded_postgres import EmbeddedPostgresUnavailable
from marketmind_scheduler.adapters.postgres.schema.diagnosis import DatabaseFacts, examine
from marketmind_scheduler.adapters.webhooks.network import LookUp, Resolver
from marketmind_scheduler.adapters.webhooks.reaching import OutOfReach, reach
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.domain.errors import StorageUnavailable, ZoneRulesOutdated
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.entrypoints.settings import Auth, PublisherKind, Settings, SettingsError, load
from marketmind_scheduler.entrypoints.wiring.bootstrap import (
    DISPATCH_CONNECTIONS,
    ZoneRulesMissingError,
    pin_zone_rules,
)
from marketmind_scheduler.entrypoints.wiring.database import database
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks
from marketmind_scheduler.ports.clock import Clock

_OF_DATABASE = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "SCHEDULER_DATA_DIR", "SCHEDULER_POOL_SIZE")
_OF_ACCESS = ("SCHEDULER_HOST", "SCHEDULER_AUTH")
_OF_PUBLISHER = ("SCHEDULER_PUBLISHER", "SCHEDULER_WEBHOOKS", "SCHEDULER_PLATFORMS")
_OLDEST_TRIED, _NEWEST_TRIED = 15, 18
_CLOCKS_AGREE = timedelta(seconds=1)
_CLOCKS_DISAGREE = timedelta(minutes=1)  # a publish time may lie as far in the past
_MIGRATE = "run `marketmind-scheduler migrate`"
_FORGETFUL = "off"


class Mark(StrEnum):
    WELL = "✓"
    DOUBTFUL = "!"
    WRONG = "✗"


_STYLES = {Mark.WELL: "green", Mark.DOUBTFUL: "yellow", Mark.WRONG: "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found; ``remedy`` is what to do, and empty where nothing is."""

    mark: Mark
    check: str
    found: str
    remedy: str = ""


def diagnose(
    environment: Mapping[str, str], *, connect: bool, clock: Clock, look_up: LookUp | None = None
) -> Sequence[Finding]:
    """Every finding, in the order of the checks; one that fails stops no other. Receivers are connected to, and
    nothing is sent to them, only with ``connect``."""
    zones = _zone_rules()
    return [
        _configuration(environment),
        *_access(_part(environment, _OF_ACCESS)),
        *_database(_part(environment, _OF_DATABASE), zones, clock),
        _time_zones(zones),
        *_publisher(_part(environment, _OF_PUBLISHER), connect=connect, look_up=look_up),
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


def _zone_rules() -> ZoneCatalogue | None:
    with suppress(ZoneRulesMissingError):
        return pin_zone_rules()
    return None


def _time_zones(zones: ZoneCatalogue | None) -> Finding:
    if zones is None:
        remedy = "install the service with its locked requirements"
        return Finding(Mark.WRONG, "time zone rules", "the tzdata package is missing or not whole", remedy)
    return Finding(Mark.WELL, "time zone rules", f"tzdata {zones.release}")


def _database(settings: Settings | None, zones: ZoneCatalogue | None, clock: Clock) -> Sequence[Finding]:
    if settings is None:
        return [Finding(Mark.WRONG, "database", "not checked", "mend the configuration first")]
    try:
        with database(settings) as url:
            facts = asyncio.run(examine(url, clock))
    except EmbeddedPostgresUnavailable as unavailable:
        return [Finding(Mark.WRONG, "database", str(unavailable), "see the message")]
    except StorageUnavailable as unavailable:
        remedy = "check DATABASE_URL, and that PostgreSQL runs there and lets this role in"
        return [Finding(Mark.WRONG, "database", f"cannot be used: {unavailable.__cause__}", remedy)]
    return list(judge_database(facts, settings, zones))


def judge_database(facts: DatabaseFacts, settings: Settings, zones: ZoneCatalogue | None) -> Generator[Finding]:
    """What the facts mean for a service with these settings and zone rules."""
    yield _version(facts)
    yield _writable(facts)
    yield _schema(facts)
    if facts.is_at_head or facts.missing_rights:
        yield _rights(facts)
    if settings.database_url is not None:  # the embedded one has no other role
        yield _role(facts)
    yield _durability(facts)
    yield _isolation(facts)
    yield _session_zone(facts)
    yield _connections(facts, settings)
    yield _clock(facts)
    if zones is not None:
        yield _remembered_zone_rules(facts, zones)


def _version(facts: DatabaseFacts) -> Finding:
    found = f"PostgreSQL {facts.major_version}"
    if _OLDEST_TRIED <= facts.major_version <= _NEWEST_TRIED:
        return Finding(Mark.WELL, "database", found)
    remedy = f"tried are {_OLDEST_TRIED} to {_NEWEST_TRIED}; run the test suite on yours, or change it"
    return Finding(Mark.DOUBTFUL, "database", found, remedy)


def _writable(facts: DatabaseFacts) -> Finding:
    if facts.is_read_only:
        remedy = "point DATABASE_URL to the primary, with default_transaction_read_only off"
        return Finding(Mark.WRONG, "writing", "the database takes no writes", remedy)
    return Finding(Mark.WELL, "writing", "the database takes writes")


def _schema(facts: DatabaseFacts) -> Finding:
    if facts.is_at_head:
        return Finding(Mark.WELL, "schema", "at head")
    return Finding(Mark.WRONG, "schema", f"not at head, or {facts.role} may not see it", _MIGRATE)


def _rights(facts: DatabaseFacts) -> Finding:
    if facts.missing_rights:
        remedy = f"{_MIGRATE} with MIGRATION_DATABASE_URL: it grants them"
        found = f"{facts.role} lacks {', '.join(facts.missing_rights)}"
        return Finding(Mark.WRONG, "rights", found, remedy)
    return Finding(Mark.WELL, "rights", f"{facts.role} may read and write every table")


def _role(facts: DatabaseFacts) -> Finding:
    if facts.may_change_schema:
        remedy = "give the service a role of its own, and the migration MIGRATION_DATABASE_URL"
        return Finding(Mark.DOUBTFUL, "role", f"{facts.role} may change the schema", remedy)
    return Finding(Mark.WELL, "role", f"{facts.role} cannot change the schema")


def _durability(facts: DatabaseFacts) -> Finding:
    found = f"synchronous_commit is {facts.synchronous_commit}"
    if facts.synchronous_commit == _FORGETFUL:
        return Finding(Mark.WRONG, "durability", found, "set it to on: a crash could forget a send, and repeat it")
    return Finding(Mark.WELL, "durability", found)


def _isolation(facts: DatabaseFacts) -> Finding:
    found = f"transactions are {facts.isolation}"
    if facts.isolation != "read committed":
        remedy = "set default_transaction_isolation to read committed: the queue's statements count on it"
        return Finding(Mark.WRONG, "isolation", found, remedy)
    return Finding(Mark.WELL, "isolation", found)


def _session_zone(facts: DatabaseFacts) -> Finding:
    if facts.timezone != "UTC":
        remedy = "let the pooler in between pass on what a session asks for, or set the role's timezone to UTC"
        return Finding(Mark.WRONG, "timezone", f"sessions ask for UTC and get {facts.timezone}", remedy)
    return Finding(Mark.WELL, "timezone", "sessions are in UTC")


def _connections(facts: DatabaseFacts, settings: Settings) -> Finding:
    each = 2 * settings.pool_size + DISPATCH_CONNECTIONS  # plain requests, and those with a key
    processes = facts.connections // each
    found = f"{facts.connections} for {facts.role}, up to {each} a process: room for {processes}"
    if processes >= 2:
        return Finding(Mark.WELL, "connections", found)
    remedy = "raise max_connections or the role's limit, or lower SCHEDULER_POOL_SIZE"
    return Finding(Mark.DOUBTFUL if processes else Mark.WRONG, "connections", found, remedy)


def _clock(facts: DatabaseFacts) -> Finding:
    apart = abs(facts.clock_ahead)
    direction = "ahead of" if facts.clock_ahead > timedelta() else "behind"
    found = f"this machine is {apart.total_seconds():.3f} s {direction} the database"
    if apart <= _CLOCKS_AGREE + facts.round_trip / 2:
        return Finding(Mark.WELL, "clock", found)
    mark = Mark.WRONG if apart >= _CLOCKS_DISAGREE else Mark.DOUBTFUL
    return Finding(mark, "clock", found, "let NTP set both clocks; posts go out by the database's")


def _remembered_zone_rules(facts: DatabaseFacts, zones: ZoneCatalogue) -> Finding:
    newest = facts.newest_tz_release
    try:
        zones.check_release(newest)
    except ZoneRulesOutdated:
        found = f"schedules were made with {newest}, and this process has {zones.release}"
        return Finding(Mark.WRONG, "newest rules used", found, "upgrade this process; until then it refuses wall times")
    return Finding(Mark.WELL, "newest rules used", newest or "none yet")


def _publisher(settings: Settings | None, *, connect: bool, look_up: LookUp | None) -> Sequence[Finding]:
    if settings is None:
        return [Finding(Mark.WRONG, "publisher", "not checked", "mend the configuration first")]
    if settings.publisher is PublisherKind.DRY_RUN:
        found = "dry_run: what is due is logged and not posted"
        return [Finding(Mark.DOUBTFUL, "publisher", found, "set SCHEDULER_PUBLISHER=webhook where posts are to go out")]
    try:
        targets = load_webhooks(settings.webhooks or "")
    except SettingsError as wrong:
        return [Finding(Mark.WRONG, "publisher", str(wrong), "mend the file; examples/webhooks.toml shows all of it")]
    found = Finding(Mark.WELL, "publisher", f"webhook, receivers from {settings.webhooks}")
    return [found, *_coverage(settings, targets), *asyncio.run(_receivers(targets, connect=connect, look_up=look_up))]


def _coverage(settings: Settings, targets: WebhookTargets) -> Sequence[Finding]:
    without = [name for name in settings.published_platforms if not (targets.default or name in targets.platforms)]
    if not without:
        return []
    remedy = "name them, add a [default], or leave them out of SCHEDULER_PLATFORMS: their posts FAIL"
    return [Finding(Mark.DOUBTFUL, "publisher", f"not every brand has a receiver on {', '.join(without)}", remedy)]


async def _receivers(targets: WebhookTargets, *, connect: bool, look_up: LookUp | None) -> Sequence[Finding]:
    each = {target.place: target for platform in Platform for target in targets.on(platform)}
    resolver = Resolver(names=len(targets.hosts))
    try:
        checks = [
            _receiver(target, targets, connect=connect, look_up=look_up or resolver.look_up) for target in each.values()
        ]
        return await asyncio.gather(*checks)
    finally:
        resolver.close()


async def _receiver(target: WebhookTarget, targets: WebhookTargets, *, connect: bool, look_up: LookUp) -> Finding:
    try:
        addresses = await reach(target, targets, look_up=look_up, connect=connect)
    except OutOfReach as unreachable:
        remedy = "mend its url, its DNS or allow in the file; until then posts wait, or FAIL where it is not allowed"
        return Finding(Mark.WRONG, target.name, str(unreachable), remedy)
    done = "takes connections" if connect else "not connected to"
    return Finding(Mark.WELL, target.name, f"leads to {', '.join(addresses)}; {done}")
