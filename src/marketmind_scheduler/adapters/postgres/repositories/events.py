"""Events, read in their final order. Whatever changes a schedule visibly writes its event in the same statement.

A position is taken while its schedule is locked, so those of a schedule rise with what happened to it. It is taken
before the commit, so another that is lower may still come: FINAL_UP_TO is as far as none does."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import to_overridden
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Walk, wanted_brands
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.event import AnyEvent, DeletionEvent, Event, EventKind
from marketmind_scheduler.domain.history import History
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind

_SELECT = "SELECT e.*, p.title FROM events e LEFT JOIN posts p ON p.post_id = e.post_id"
_FORGOTTEN_UP_TO = "SELECT coalesce((SELECT up_to FROM forgotten_events), 0)"
FINAL_UP_TO = "SELECT coalesce(pg_sequence_last_value('final_events'), 0)"
# Another server, a promotion and another database each make another one; none of these needs a right.
_IDENTITY = """
SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                 left(pg_walfile_name(pg_current_wal_lsn()), 8),
                 (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
BEGIN_HISTORY = f"""
INSERT INTO histories (mark, identity, begins_after)
SELECT gen_random_uuid(), now_is.identity, ({FINAL_UP_TO}) FROM ({_IDENTITY.strip()} AS identity) now_is
 WHERE now_is.identity IS DISTINCT FROM (SELECT h.identity FROM histories h ORDER BY h.nth DESC LIMIT 1)
"""
_HISTORY = """
SELECT (SELECT h.mark FROM histories h ORDER BY h.nth DESC LIMIT 1) AS mark,
       CASE WHEN known.nth IS NULL THEN 0
            ELSE (SELECT min(h.begins_after) FROM histories h WHERE h.nth > known.nth) END AS shared_up_to
  FROM (SELECT (SELECT h.nth FROM histories h WHERE h.mark = $1) AS nth) known
"""
_OLDEST = f"SELECT min(position) FROM events WHERE position <= ({FINAL_UP_TO})"


class PostgresEventRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def list(self, *, brand_id: UUID | None, after: int, limit: int) -> Sequence[AnyEvent]:
        up_to = await self.latest_position()  # before the events: what is final by then, the next statement sees
        walk = Walk(
            table="events",
            alias="e",
            key="position",
            lanes={"brand_id": wanted_brands(brand_id, self._reach)},
            order=("position",),
            begin=Bound(place=(after,), is_in=False),
            end=Bound(place=(up_to,), is_in=True),
        )
        page = walk.page(_SELECT, limit=limit)
        return [_to_event(row) for row in await self._connection.fetch(page.text, *page.parameters)]

    async def latest_position(self) -> int:
        return await self._connection.fetchval(FINAL_UP_TO)

    async def forgotten_up_to(self) -> int:
        return await self._connection.fetchval(_FORGOTTEN_UP_TO)

    async def history(self, known: UUID | None) -> History:
        [row] = await self._connection.fetch(_HISTORY, known)
        return History(mark=row["mark"], shared_up_to=None if known is None else row["shared_up_to"])

    async def oldest_position(self) -> int | None:
        return await self._connection.fetchval(_OLDEST)


def _to_event(row: Record) -> AnyEvent:
    return _to_deletion(row) if row["schedule_id"] is None else _to_schedule_event(row)


def _to_deletion(row: Record) -> DeletionEvent:
    return DeletionEvent(
        position=row["position"],
        kind=EventKind(row["kind"]),
        brand_id=row["brand_id"],
        campaign_id=row["campaign_id"],
        post_id=row["post_id"],
        posts=row["posts"],
        cancelled=row["cancelled"],
        occurred_at=row["occurred_at"],
        actor=row["actor"],
    )


def _to_schedule_event(row: Record) -> Event:
    return Event(
        position=row["position"],
        kind=EventKind(row["kind"]),
        brand_id=row["brand_id"],
        schedule_id=row["schedule_id"],
        post_id=row["post_id"],
        campaign_id=row["campaign_id"],
        platform=Platform(row["platform"]),
        title=row["title"],
        publish_time=row["publish_time"],
        previous_publish_time=row["previous_publish_time"],
        status=ScheduleStatus(row["status"]),
        retry_count=row["retry_count"],
        external_id=row["external_id"],
        error=row["error"],
        note=row["note"],
        occurred_at=row["occurred_at"],
        actor=row["actor"],
        overridden=to_overridden(row["overridden"]),
        scheduler=SchedulerKind(row["scheduler"]) if row["scheduler"] else None,
    )
