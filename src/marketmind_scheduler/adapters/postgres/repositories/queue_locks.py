"""The lock of what is active: its row of the queue, before the row of ``schedules``, for everybody alike."""

from collections.abc import Sequence
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection


# As text, for else the planner may walk through all of them in this order.
def locking(which: str, *, still: str = "true") -> str:
    """The statement that locks the rows ``o`` of the queue that ``which`` finds by post_id and schedule_id, if it is
    ``still`` so, in the order of these, so that two wait instead of blocking each other. It returns their ids."""
    return f"""
SELECT q.schedule_id
  FROM (SELECT w.* FROM ({which.strip()}) w ORDER BY w.schedule_id::text COLLATE "C") w
 CROSS JOIN LATERAL (
   SELECT o.schedule_id FROM queue o
    WHERE o.post_id = w.post_id AND o.schedule_id = w.schedule_id AND {still} FOR NO KEY UPDATE) q
"""


LOCK_QUEUED = locking("SELECT s.post_id, s.schedule_id FROM schedules s WHERE s.schedule_id = ANY($1::uuid[])")
STANDS = "(s.finished_at IS NOT NULL OR s.schedule_id = ANY({}::uuid[]))"
"""What has come into the queue since is as if it were not there yet: given are those that are locked there."""


async def lock_queued(connection: Connection, sql: str, *parameters: object) -> Sequence[UUID]:
    """Lock them by what ``locking`` or the like made; return their ids."""
    return [row["schedule_id"] for row in await connection.fetch(sql, *parameters)]
