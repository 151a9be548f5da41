"""Backlogs, what has expired, and how far events may be read."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.adapters.postgres.dispatch.event_order import ANY_TO_COME, LET_READ, TO_COME, given_for_good
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.campaigns import follow_schedules
from marketmind_scheduler.adapters.postgres.repositories.events import BEGIN_HISTORY
from marketmind_scheduler.adapters.postgres.repositories.lanes import take_turns
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected, transaction
from marketmind_scheduler.domain.campaign import UNDER_WAY
from marketmind_scheduler.domain.event import UPKEEP
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.pacing import SOON, WITHOUT_TARGET
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import DEFAULT_RETENTION, Retention

CATCHING_UP, _SEQUENCING, _FORGETTING = (
    0x6D6D7301,
    0x6D6D7302,
    0x6D6D7303,
)  # any numbers that nothing else in the database locks
_CATCH_UP_SECONDS = 300
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"

BUSY_LANES = statement("busy_lanes")
_FORGET_EXPIRED = statement("forget_expired")
FORGET_AGENT_TEXTS = statement("forget_agent_texts")
FORGET_EVENTS = statement("forget_events")
FORGET_PREVIEWS = statement("forget_previews")
FORGET_SCHEDULES = statement("forget_schedules")
HOLD_LANES = statement("hold_lanes")
RELEASE_LANES = statement("release_lanes")
_LANES_AT_ONCE = 200
# What found no receiver waits for WITHOUT_TARGET, $3, before it is due again.
LANES_DUE = """
SELECT DISTINCT s.brand_id, s.platform FROM unnest($1::text[]) AS want(platform)
 CROSS JOIN LATERAL (
   SELECT q.brand_id, q.platform, q.publish_time FROM queue q
    WHERE q.platform = want.platform AND q.due_at <= now() + $3::interval ORDER BY q.due_at, q.schedule_id LIMIT $4) s
 WHERE s.publish_time <= now() - $2::interval
"""
LANES_HELD = statement("lanes_held")


class PostgresUpkeep:
    def __init__(self, pool: Pool, *, retention: Retention = DEFAULT_RETENTION, actor: str = UPKEEP) -> None:
        self._pool = pool
        self._retention = retention
        self._actor = actor

    def acting(self, actor: str) -> "PostgresUpkeep":
        return PostgresUpkeep(self._pool, retention=self._retention, actor=actor)

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int | None:
        async with transaction(self._pool, seconds=_CATCH_UP_SECONDS) as connection:
            if not await connection.fetchval(_TRY_LOCK, CATCHING_UP):
                return None
            busy = await connection.fetch(
                BUSY_LANES, list(paces), age, SOON, min(paces.values()), timeout=_CATCH_UP_SECONDS
            )
            lanes = [(row["brand_id"], row["platform"]) for row in busy]
            pieces = [lanes[nth : nth + _LANES_AT_ONCE] for nth in range(0, len(lanes), _LANES_AT_ONCE)]
            waiting = 0
            for piece in pieces:
                waiting += await take_turns(connection, piece, age=age, paces=paces, seconds=_CATCH_UP_SECONDS)
            return waiting

    async def lanes_due(self, platforms: Collection[Platform], *, since: timedelta, limit: int) -> Collection[Lane]:
        return await self._lanes(LANES_DUE, list(platforms), since, WITHOUT_TARGET, limit)

    async def lanes_held(self, platforms: Collection[Platform]) -> Collection[Lane]:
        return await self._lanes(LANES_HELD, list(platforms))

    async def hold(self, lanes: Mapping[Lane, str], *, since: timedelta, limit: int) -> int:
        async with transaction(self._pool, actor=self._actor) as connection:
            brands, platforms = _columns(lanes)
            return await connection.fetchval(HOLD_LANES, brands, platforms, list(lanes.values()), since, limit)

    async def release(
        self, lanes: Collection[Lane], *, age: timedelta, paces: Mapping[Platform, timedelta], limit: int
    ) -> int:
        async with transaction(self._pool, actor=self._actor) as connection:
            released = await connection.fetchval(RELEASE_LANES, *_columns(lanes), limit)
            await take_turns(connection, lanes, age=age, paces=paces)
            return released

    async def _lanes(self, sql: str, *parameters: object) -> Collection[Lane]:
        async with connected(self._pool) as connection:
            return [(row["brand_id"], Platform(row["platform"])) for row in await connection.fetch(sql, *parameters)]

    async def forget_expired(self, *, limit: int) -> int:
        async with transaction(self._pool) as connection:
            kept = self._retention
            gone = [await connection.fetchval(_FORGET_EXPIRED, kept.keys, limit)]
            gone.append(await connection.fetchval(FORGET_PREVIEWS, kept.previews, limit, list(UNDER_WAY)))
            gone.append(await connection.fetchval(FORGET_AGENT_TEXTS, kept.agent_texts, limit))
            if kept.schedules:
                gone.append(await connection.fetchval(FORGET_SCHEDULES, kept.schedules, limit, list(UNDER_WAY)))
            if kept.events and await connection.fetchval(_TRY_LOCK, _FORGETTING):
                gone.append(await connection.fetchval(FORGET_EVENTS, kept.events, limit))
            return max(gone)

    async def sequence_events(self, *, limit: int) -> int:
        async with connected(self._pool) as connection:
            if not await connection.fetchval(ANY_TO_COME):
                return 0
        told, last = await self._follow_events(limit)
        async with transaction(self._pool) as connection:
            if last is None or not await connection.fetchval(_TRY_LOCK, _SEQUENCING):
                return 0
            await connection.execute(LET_READ, last)
        return told

    async def _follow_events(self, limit: int) -> tuple[int, int | None]:
        """How many there are to be read next, and up to which position, once it is committed that their campaigns have
        followed: what may be read is not taken back with its transaction."""
        async with transaction(self._pool) as connection:
            if not await connection.fetchval(_TRY_LOCK, _SEQUENCING):
                return 0, None
            await connection.execute(BEGIN_HISTORY)
            given = await given_for_good(connection)
            if given is None:
                return 0, None
            told = await connection.fetch(TO_COME, given, limit)
            if campaigns := {row["campaign_id"] for row in told} - {None}:
                await follow_schedules(connection, list(campaigns))
            return len(told), told[-1]["position"] if len(told) == limit else given


def _columns(lanes: Collection[Lane]) -> tuple[list[UUID], list[str]]:
    return [brand_id for brand_id, _ in lanes], [platform for _, platform in lanes]
