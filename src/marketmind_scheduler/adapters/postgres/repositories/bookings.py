"""Appointments as callers make and move them: SQL in, frozen values out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.additions import ADD
from marketmind_scheduler.adapters.postgres.repositories.derivations import move
from marketmind_scheduler.adapters.postgres.repositories.forgotten import missing
from marketmind_scheduler.adapters.postgres.repositories.lanes import take_turns
from marketmind_scheduler.adapters.postgres.repositories.queue_locks import STANDS, lock_queued, locking
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    SELECT,
    to_arrays,
    to_holds,
    to_schedule,
    to_schedules,
)
from marketmind_scheduler.adapters.postgres.repositories.schedules import CURRENT_OF_THOSE
from marketmind_scheduler.adapters.postgres.repositories.selections import REACHED, brands_of
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.unhurried import unhurried

_QUEUE_OF_POST = locking("SELECT post_id, schedule_id FROM queue WHERE post_id = $1")
# Against pausing, and before the queue, as everybody does.
_LOCK_BRAND = "SELECT 1 FROM brands WHERE brand_id = (SELECT brand_id FROM posts WHERE post_id = $1) FOR SHARE"
_LOCK_CAMPAIGN = """
SELECT 1 FROM campaigns WHERE campaign_id = (SELECT campaign_id FROM posts WHERE post_id = $1) FOR SHARE
"""
_LOCK_QUEUED = locking(
    f"SELECT s.post_id, s.schedule_id FROM schedules s WHERE s.schedule_id = $1 AND {REACHED.format('$2', 's.')}"
)
_LOCK = f"""{SELECT}
 WHERE s.schedule_id = $1 AND {REACHED.format("$2", "s.")} AND {STANDS.format("$3")} FOR NO KEY UPDATE OF s
"""
_LOCK_CURRENT = f"{CURRENT_OF_THOSE} FOR NO KEY UPDATE OF s"
TELL_POST_CHANGED = statement("tell_post_changed")
_TOLD = f"{SELECT} WHERE s.schedule_id = ANY($1::uuid[])"
FOLLOW_CAMPAIGNS = statement("follow_campaigns")


class PostgresBookings:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def lock(self, schedule_id: UUID) -> Schedule:
        brands = brands_of(self._reach)
        queued = await lock_queued(self._connection, _LOCK_QUEUED, schedule_id, brands)
        row = await self._connection.fetchrow(_LOCK, schedule_id, brands, queued)
        if row is None:
            raise await missing(self._connection, self._reach, schedule_id)
        return to_schedule(row)

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        queued = await lock_queued(self._connection, _QUEUE_OF_POST, post_id)
        row = await self._connection.fetchrow(_LOCK_CURRENT, post_id, queued)
        return None if row is None else to_schedule(row)

    async def lock_to_move(self, post_id: UUID) -> Schedule | None:
        for locks in (_LOCK_BRAND, _LOCK_CAMPAIGN):
            await self._connection.execute(locks, post_id)
        return await self.lock_current(post_id)

    async def add(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        stored: list[Schedule] = []
        for piece in pieces(schedules):
            rows = {row["schedule_id"]: row for row in await self._connection.fetch(ADD, *to_arrays(piece))}
            stored += [_stored(each, rows[each.schedule_id]) async for each in unhurried(piece)]
        return stored

    async def move(self, schedule: Schedule) -> Schedule:
        [stored] = await move(self._connection, [schedule])
        return stored

    async def take_turns(
        self, schedules: Sequence[Schedule], *, age: timedelta, paces: Mapping[Platform, timedelta]
    ) -> None:
        await take_turns(self._connection, [(each.brand_id, each.platform) for each in schedules], age=age, paces=paces)

    async def tell_post_changed(self, post_ids: Collection[UUID]) -> Sequence[Schedule]:
        told: list[Schedule] = []
        for piece in pieces(sorted(post_ids)):
            ids = [row[0] for row in await self._connection.fetch(TELL_POST_CHANGED, piece)]
            told += await to_schedules(await self._connection.fetch(_TOLD, ids)) if ids else []
        return told

    async def follow_campaigns(self, post_ids: Collection[UUID]) -> None:
        for piece in pieces(sorted(post_ids)):
            await self._connection.execute(FOLLOW_CAMPAIGNS, piece)


class _OfOthers(TypedDict):
    """What a schedule shows of its post, and of schedules beside it."""

    title: str
    campaign_id: UUID | None
    s3_url: str
    beside: tuple[UUID, ...]


def _of_others(row: Record) -> _OfOthers:
    return _OfOthers(
        title=row["title"], campaign_id=row["campaign_id"], s3_url=row["s3_url"], beside=tuple(row["beside"])
    )


def _stored(schedule: Schedule, row: Record) -> Schedule:
    return replace(
        schedule,
        **_of_others(row),
        holds=to_holds(row["parked"]),
        on_late=OnLate(row["on_late"]),
        latest_at=row["latest_at"],
    )
