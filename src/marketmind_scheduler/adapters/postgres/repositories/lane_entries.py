"""Lanes as they stand, locked while somebody looks whether a time may be taken there: SQL in, frozen values out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.rule_rows import to_brand_rules
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import to_overridden
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from marketmind_scheduler.ports.lanes import Ahead
from marketmind_scheduler.ports.storage import LostRace
from marketmind_scheduler.unhurried import unhurried

ENTER_LANES = statement("enter_lanes")
OCCUPIED = statement("occupied")
# Along the index of brands and times, see Walk.
AHEAD = """
SELECT s.schedule_id, s.post_id, s.platform, s.publish_time, s.overridden FROM schedules s
 CROSS JOIN LATERAL (
   SELECT o.schedule_id, o.status FROM queue o
    WHERE o.post_id BETWEEN s.post_id AND s.post_id ORDER BY o.post_id LIMIT 1) q
 WHERE s.brand_id >= $1 AND s.brand_id <= $1 AND s.finished_at IS NULL AND q.status = 'PENDING'
 ORDER BY s.brand_id, s.publish_time, s.schedule_id
"""
ELSEWHERE = """
SELECT platform, publish_time, count(*) AS posts FROM (
  SELECT platform, publish_time FROM schedules
   WHERE brand_id <> $1 AND platform = ANY($2::text[]) AND publish_time BETWEEN $3 AND $4
     AND (finished_at IS NULL OR status = 'COMPLETED')
   UNION ALL
  SELECT platform, publish_time FROM reservations
   WHERE brand_id <> $1 AND platform = ANY($2::text[]) AND publish_time BETWEEN $3 AND $4 AND expires_at > now()) s
 GROUP BY platform, publish_time ORDER BY publish_time
"""
_LOCK_BRAND = "SELECT pg_advisory_xact_lock($1)"


class PostgresLanes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, lanes: Mapping[UUID, Collection[Platform]]) -> Mapping[UUID, BrandRules]:
        brands = sorted(lanes)
        keys = [each for brand_id in brands for each in _keys(brand_id, lanes[brand_id])]
        of_brands, numbers, whose = ([key[nth] for key in keys] for nth in range(3))
        rows = await self._connection.fetch(ENTER_LANES, brands, of_brands, numbers, whose)
        return {row["brand_id"]: to_brand_rules(row) for row in rows}

    async def lock_brand(self, brand_id: UUID) -> None:
        await self._connection.execute(_LOCK_BRAND, _key(str(brand_id)))

    async def occupied(
        self,
        rules: BrandRules,
        *,
        platforms: Collection[Platform],
        begin: datetime,
        end: datetime,
        besides: Collection[UUID] = (),
    ) -> Sequence[Occupied]:
        rows = await self._connection.fetch(OCCUPIED, rules.policy.brand_id, list(platforms), begin, end, list(besides))
        if (rows[0]["version"], rows[0]["revision"]) != (rules.policy.version, rules.caps_revision):
            raise LostRace
        return [
            Occupied(holder_id=row["schedule_id"], platform=Platform(row["platform"]), publish_time=row["publish_time"])
            async for row in unhurried(rows)
            if row["schedule_id"] is not None
        ]

    async def elsewhere(
        self, brand_id: UUID, *, platforms: Collection[Platform], begin: datetime, end: datetime
    ) -> Mapping[Platform, Sequence[datetime]]:
        found: Mapping[Platform, list[datetime]] = {platform: [] for platform in platforms}
        for row in await self._connection.fetch(ELSEWHERE, brand_id, list(platforms), begin, end):
            found[Platform(row["platform"])].extend([row["publish_time"]] * row["posts"])
        return found

    async def ahead(self, brand_id: UUID) -> Sequence[Ahead]:
        return [_to_ahead(row) for row in await self._connection.fetch(AHEAD, brand_id)]


def _keys(brand_id: UUID, platforms: Collection[Platform]) -> Sequence[tuple[UUID, int, bool]]:
    own = sorted(_key(f"{brand_id}/{platform}") for platform in set(platforms))
    return [(brand_id, _key(str(brand_id)), True), *((brand_id, key, False) for key in own)] if own else []


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _to_ahead(row: Record) -> Ahead:
    platform = Platform(row["platform"])
    return Ahead(
        schedule_id=row["schedule_id"],
        place=Wanted(post_id=row["post_id"], platform=platform, publish_time=row["publish_time"]),
        overridden=to_overridden(row["overridden"]),
    )
