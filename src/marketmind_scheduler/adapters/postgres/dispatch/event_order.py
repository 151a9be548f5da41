"""Up to which position events are final: all that come at one up to there have come."""

import asyncio
from collections.abc import Set as AbstractSet

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.events import FINAL_UP_TO

# Whoever writes an event locks the table so, in every statement that takes a position before it takes it, and keeps
# the lock until its commit can be seen or it is rolled back. Nobody else does: neither a dump nor a vacuum.
_GIVEN = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('events', 'position')::regclass), 0)"
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
 WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock'
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_LOOKS, _LOOK_SECONDS = 100, 0.005

# Or no history has begun yet, whose mark readers are told from the start.
ANY_TO_COME = f"""
SELECT EXISTS (SELECT FROM events WHERE position > ({FINAL_UP_TO})) OR NOT EXISTS (SELECT FROM histories)
"""
TO_COME = f"""
SELECT position, campaign_id FROM events
 WHERE position > ({FINAL_UP_TO}) AND position <= $1 ORDER BY position LIMIT $2
"""
LET_READ = f"SELECT setval('final_events', $1) WHERE $1 > ({FINAL_UP_TO})"


async def given_for_good(connection: Connection) -> int | None:
    """The last position that was given, once nobody writes any more who may have been given one before it; None where
    somebody still does after half a second. A transaction that only reads, however long, is not waited for."""
    given = await connection.fetchval(_GIVEN)
    writing = before = await _writers(connection)
    for _ in range(_LOOKS):
        if before.isdisjoint(writing):
            return given
        await asyncio.sleep(_LOOK_SECONDS)
        writing = await _writers(connection)
    return None


async def _writers(connection: Connection) -> AbstractSet[str]:
    return {row["virtualtransaction"] for row in await connection.fetch(_WRITERS)}
