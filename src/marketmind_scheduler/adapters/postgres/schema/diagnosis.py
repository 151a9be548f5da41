"""What a database is like, as far as the service depends on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from marketmind_scheduler.adapters.postgres.pool import Connection, asked_of_session, open_pool
from marketmind_scheduler.adapters.postgres.repositories.tz_releases import NEWEST
from marketmind_scheduler.adapters.postgres.schema.sessions import check_sessions, missing_settings
from marketmind_scheduler.adapters.postgres.schema.version import newer_than_ours, newest_revision
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.adapters.postgres.tables import agent_runs, metadata
from marketmind_scheduler.ports.clock import Clock

_READABLE = "SELECT coalesce(has_table_privilege(to_regclass($1), 'SELECT'), false)"
_REVISIONS = "SELECT version_num FROM alembic_version"
_SETTINGS = """
SELECT current_user AS role, current_setting('server_version_num')::int / 10000 AS major_version,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('default_transaction_isolation') AS isolation,
       current_setting('default_transaction_read_only')::bool OR pg_is_in_recovery() AS is_read_only,
       current_setting('timezone') AS timezone
"""
_CONNECTIONS = """
SELECT least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int,
             (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
             (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))
"""
_MAY_CHANGE_SCHEMA = """
SELECT has_schema_privilege(current_schema(), 'CREATE')
    OR EXISTS (SELECT FROM pg_class WHERE oid = ANY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
                  AND pg_has_role(relowner, 'USAGE'))
"""
# Kept for more than a minute: forgotten, or its coordinator is down. It waits for nobody, and shows in no session.
_PREPARED = """
SELECT format('%L of %s, since %s', gid, owner, to_char(prepared, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  FROM pg_prepared_xacts WHERE database = current_database() AND prepared < now() - interval '1 minute'
 ORDER BY prepared
"""
# Replicas are seen by whoever may read pg_stat_replication, at least by how many slots are in use.
_FORGETS = """
SELECT CASE
         WHEN standbys = 0 AND current_setting('synchronous_standby_names') = '' THEN NULL
         WHEN current_setting('synchronous_commit') IN ('off', 'local')
           THEN format('there is a standby, and synchronous_commit is %s', current_setting('synchronous_commit'))
         WHEN current_setting('synchronous_standby_names') = '' THEN 'there is a standby, and none is synchronous'
       END
  FROM (SELECT greatest((SELECT count(*) FROM pg_stat_replication),
                        (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical')) AS standbys)
"""
_MISSING_RIGHTS = """
SELECT name || ' ' || privilege FROM unnest($1::text[]) AS name,
       unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS privilege
 WHERE to_regclass(name) IS NOT NULL AND NOT has_table_privilege(to_regclass(name), privilege)
   AND NOT (name = $2 AND privilege IN ('UPDATE', 'DELETE'))  -- the record of runs is only added to
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """``connections`` is how many the role may have beside what is reserved; ``missing_rights`` are like
    ``posts INSERT``; ``clock_ahead`` is how far our clock is before the database's, to within ``round_trip``;
    ``missing_settings`` are those that a session asks for and does not get; ``prepared`` are prepared transactions that
    are older than a minute; ``forgets_in_failover`` says why a failover may forget what was committed;
    ``newer_schema`` is the revision of a schema that a newer version has made."""

    role: str
    major_version: int
    synchronous_commit: str
    isolation: str
    is_read_only: bool
    timezone: str
    connections: int
    may_change_schema: bool
    is_at_head: bool
    missing_rights: tuple[str, ...]
    newest_tz_release: str | None
    clock_ahead: timedelta
    round_trip: timedelta
    missing_settings: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    forgets_in_failover: str | None = None
    newer_schema: str | None = None


async def examine(url: str, clock: Clock) -> DatabaseFacts:
    """Read everything and change nothing; raises StorageUnavailable, and UnfitDatabase where a pooler in between hands
    out connections by transaction."""
    await check_sessions(url)
    tables = [table.name for table in metadata.sorted_tables]
    async with open_pool(url, size=1) as pool, connected(pool) as connection:
        (settings,) = await connection.fetch(_SETTINGS)
        ahead, round_trip = await _compare_clocks(connection, clock)
        applied = await _applied(connection)
        return DatabaseFacts(
            **settings,
            connections=await connection.fetchval(_CONNECTIONS),
            may_change_schema=await connection.fetchval(_MAY_CHANGE_SCHEMA, tables),
            is_at_head=newest_revision() in applied,
            newer_schema=newer_than_ours(applied),
            missing_rights=tuple(row[0] for row in await connection.fetch(_MISSING_RIGHTS, tables, agent_runs.name)),
            newest_tz_release=await _newest_tz_release(connection),
            clock_ahead=ahead,
            round_trip=round_trip,
            missing_settings=tuple(await missing_settings(connection, asked_of_session())),
            prepared=tuple(row[0] for row in await connection.fetch(_PREPARED)),
            forgets_in_failover=await connection.fetchval(_FORGETS),
        )


async def _compare_clocks(connection: Connection, clock: Clock) -> tuple[timedelta, timedelta]:
    asked_at = clock.now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    round_trip = clock.now() - asked_at
    return asked_at + round_trip / 2 - theirs, round_trip


async def _applied(connection: Connection) -> Sequence[str]:
    """The revisions that the database names, as far as its role may see them."""
    is_readable = await connection.fetchval(_READABLE, "alembic_version")
    return [row["version_num"] for row in await connection.fetch(_REVISIONS)] if is_readable else ()


async def _newest_tz_release(connection: Connection) -> str | None:
    return await connection.fetchval(NEWEST) if await connection.fetchval(_READABLE, "tz_releases") else None
