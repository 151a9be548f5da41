"""What a service may expect of its database, checked one by one."""

import asyncio
from collections.abc import Generator, Sequence
from datetime import timedelta

from marketmind_scheduler.adapters.embedded_postgres.home import EmbeddedPostgresUnavailable
from marketmind_scheduler.adapters.postgres.errors import why_unreachable
from marketmind_scheduler.adapters.postgres.schema.diagnosis import DatabaseFacts, examine
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase
from marketmind_scheduler.adapters.postgres.schema.version import OF_A_NEWER
from marketmind_scheduler.domain.errors import StorageUnavailable, ZoneRulesOutdated
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import DISPATCH_CONNECTIONS
from marketmind_scheduler.entrypoints.wiring.database import NO_DATA, check_first_start, database, has_data
from marketmind_scheduler.ports.clock import Clock

_OLDEST_TRIED, _NEWEST_TRIED = 15, 18
_CLOCKS_AGREE = timedelta(seconds=1)
_CLOCKS_DISAGREE = timedelta(minutes=1)  # a publish time may lie as far in the past
_MIGRATE = "run `marketmind-scheduler migrate`"
_FORGETFUL = "off"


def examine_database(settings: Settings, zones: ZoneCatalog | None, clock: Clock) -> Sequence[Finding]:
    """Every finding about the configured database, or the one reason why there are no others. Creates nothing."""
    try:
        if not has_data(settings):
            check_first_start(settings)
            return [Finding(Mark.DOUBTFUL, "database", NO_DATA, "start `serve`, and look again")]
        with database(settings) as url:
            facts = asyncio.run(examine(url, clock))
    except (EmbeddedPostgresUnavailable, UnfitDatabase) as wrong:
        return [Finding(Mark.WRONG, "database", wrong.found, wrong.remedy)]
    except StorageUnavailable as unavailable:
        found, remedy = why_unreachable(unavailable.__cause__)
        return [Finding(Mark.WRONG, "database", f"cannot be used: {found}", remedy)]
    return list(judge_database(facts, settings, zones))


def judge_database(facts: DatabaseFacts, settings: Settings, zones: ZoneCatalog | None) -> Generator[Finding]:
    """What the facts mean for a service with these settings and zone rules."""
    yield _version(facts)
    yield _writable(facts)
    yield _schema(facts)
    if facts.is_at_head or facts.missing_rights:
        yield _rights(facts)
    if settings.database_url is not None:  # the embedded one has no other role
        yield _role(facts)
    yield _durability(facts)
    yield from _failover(facts)
    yield from _prepared(facts)
    yield _isolation(facts)
    yield _session_zone(facts)
    yield from _session_settings(facts)
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
    if facts.newer_schema:
        return Finding(Mark.WRONG, "schema", f"at {facts.newer_schema}, which a newer version made", OF_A_NEWER)
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


def _failover(facts: DatabaseFacts) -> Generator[Finding]:
    if facts.forgets_in_failover:
        remedy = (
            "name one in synchronous_standby_names, with synchronous_commit on; else follow the runbook after a "
            "failover: what was sent last may be sent again"
        )
        yield Finding(Mark.DOUBTFUL, "failover", f"{facts.forgets_in_failover}: it may forget sends", remedy)


def _prepared(facts: DatabaseFacts) -> Generator[Finding]:
    if facts.prepared:
        remedy = "COMMIT PREPARED or ROLLBACK PREPARED it: what it has locked is not sent, and nobody shows as waiting"
        yield Finding(Mark.DOUBTFUL, "prepared transactions", "; ".join(facts.prepared), remedy)


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


def _session_settings(facts: DatabaseFacts) -> Generator[Finding]:
    if missing := [each for each in facts.missing_settings if each.lower() != "timezone"]:  # that one is told above
        remedy = f"let the pooler in between pass them on, or set them: ALTER ROLE {facts.role} SET … = …"
        yield Finding(Mark.DOUBTFUL, "session settings", f"asked for and not there: {', '.join(missing)}", remedy)


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


def _remembered_zone_rules(facts: DatabaseFacts, zones: ZoneCatalog) -> Finding:
    newest = facts.newest_tz_release
    try:
        zones.check_release(newest)
    except ZoneRulesOutdated:
        found = f"schedules were made with {newest}, and this process has {zones.release}"
        return Finding(Mark.WRONG, "newest rules used", found, "upgrade this process; until then it refuses wall times")
    return Finding(Mark.WELL, "newest rules used", newest or "none yet")
