"""Observations, and the profiles that were learned from them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.audience.observations import Figure, History, Observation
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.refitting import SOON
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.observations import ObservedPost, Snapshot

# Whoever adds to several lanes takes them in one order, so that two wait instead of blocking each other.
LOCK = """
INSERT INTO refits AS r (brand_id, platform, due_at)
SELECT brand_id, platform, now() + $3::interval FROM unnest($1::uuid[], $2::text[]) AS i(brand_id, platform)
 ORDER BY 1, 2
ON CONFLICT (brand_id, platform) DO UPDATE SET due_at = least(r.due_at, excluded.due_at)
"""
_OUTDATE = "UPDATE refits SET due_at = least(due_at, now() + $2::interval) WHERE brand_id = $1"
_COLUMNS = (
    *("brand_id", "observation_id", "platform", "figure", "value", "measured_at", "is_paid", "post_id"),
    *("published_at", "reference"),
)
FIND_ALL = f"""
SELECT {", ".join(f"o.{name}" for name in _COLUMNS)}
  FROM unnest($1::uuid[], $2::text[]) AS i(brand_id, observation_id)
  JOIN observations o ON o.brand_id = i.brand_id AND o.observation_id = i.observation_id
"""
SAVE = f"""
INSERT INTO observations ({", ".join(_COLUMNS)})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bool[],
                     $8::uuid[], $9::timestamptz[], $10::text[])
ON CONFLICT (brand_id, observation_id)
DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])}
"""
PUBLISHED_AT = "coalesce(s.last_send_at, s.finished_at)"
"""When a schedule ``s`` that is COMPLETED was sent, or was said to be out."""
POSTS = f"""
SELECT p.post_id, p.brand_id, p.platform,
       (SELECT max({PUBLISHED_AT}) FROM schedules s WHERE s.post_id = p.post_id AND s.status = 'COMPLETED')
         AS published_at
  FROM posts p WHERE p.post_id = ANY($1::uuid[]) AND p.deleted_at IS NULL
"""
NEWEST = """
SELECT snapshot, digest, fitted_at FROM profiles WHERE brand_id = $1 AND platform = $2
 ORDER BY fitted_at DESC LIMIT 1
"""


class PostgresObservations:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def lock(self, lanes: Collection[Lane]) -> None:
        brands, platforms = [brand_id for brand_id, _ in lanes], [platform for _, platform in lanes]
        await self._connection.execute(LOCK, brands, platforms, SOON)

    async def find_all(self, keys: Collection[tuple[UUID, str]]) -> Sequence[Observation]:
        brands, ids = [brand_id for brand_id, _ in keys], [observation_id for _, observation_id in keys]
        return [_to_observation(row) for row in await self._connection.fetch(FIND_ALL, brands, ids)]

    async def save(self, observations: Sequence[Observation]) -> None:
        rows = [_to_row(each) for each in observations]
        await self._connection.execute(SAVE, *([row[name] for row in rows] for name in _COLUMNS))

    async def posts(self, post_ids: Collection[UUID]) -> Mapping[UUID, ObservedPost]:
        rows = await self._connection.fetch(POSTS, list(post_ids))
        return {
            row["post_id"]: ObservedPost(
                lane=(row["brand_id"], Platform(row["platform"])), published_at=row["published_at"]
            )
            for row in rows
            if self._reach.covers(row["brand_id"])
        }

    async def outdate(self, brand_id: UUID) -> None:
        await self._connection.execute(_OUTDATE, brand_id, SOON)

    async def newest(self, lane: Lane) -> Snapshot | None:
        row = await self._connection.fetchrow(NEWEST, *lane)
        return None if row is None else _to_snapshot(row)


def _to_snapshot(row: Record) -> Snapshot:
    profile = msgspec.json.decode(row["snapshot"], type=Profile)
    return Snapshot(profile=profile, digest=row["digest"], fitted_at=row["fitted_at"])


def _to_row(observation: Observation) -> Mapping[str, object]:
    of = observation.of
    plain = {name: getattr(observation, name) for name in _COLUMNS[:7]}
    if isinstance(of, UUID):
        return {**plain, "post_id": of, "published_at": None, "reference": None}
    return {**plain, "post_id": None, "published_at": of.published_at, "reference": of.reference}


def _to_observation(row: Record) -> Observation:
    return Observation(
        observation_id=row["observation_id"],
        brand_id=row["brand_id"],
        platform=Platform(row["platform"]),
        of=row["post_id"] or History(row["published_at"], row["reference"]),
        figure=Figure(row["figure"]),
        value=row["value"],
        measured_at=row["measured_at"],
        is_paid=row["is_paid"],
    )
