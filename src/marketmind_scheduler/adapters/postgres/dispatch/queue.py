"""The queue: due schedules claimed, fenced and settled, each by one statement over any number of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.texts import storable
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected, repeated
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.ports.dispatch_queue import Send

CLAIM = statement("claim")
_CLAIM_OF_BRANDS = statement("claim_of_brands")
BEGIN_SEND = statement("begin_send")
SETTLE = statement("settle")
_EXTEND = """
UPDATE schedules s SET lease_expires_at = now() + $4::interval, leased_for = $4::interval
  FROM unnest($1::uuid[], $2::bigint[]) AS i(schedule_id, token)
 WHERE s.schedule_id = i.schedule_id AND s.lease_token = i.token AND s.lease_owner = $3
   AND coalesce(s.status, '') = 'PUBLISHING'
   AND i.schedule_id = ANY(ARRAY(
         SELECT l.schedule_id FROM schedules l
          WHERE l.schedule_id = ANY($1::uuid[]) ORDER BY l.schedule_id FOR NO KEY UPDATE))
RETURNING s.schedule_id
"""
NEXT_DUE_IN = """
SELECT min(d.due_at) - now() FROM unnest($1::text[]) AS want(platform)
 CROSS JOIN LATERAL (
   SELECT q.due_at FROM schedules q WHERE q.platform = want.platform AND q.due_at IS NOT NULL
    ORDER BY q.due_at, q.schedule_id LIMIT 1) d
"""


class PostgresDispatchQueue:
    def __init__(self, pool: Pool, reach: Reach = EVERYWHERE, actor: str = SERVICE) -> None:
        self._pool = pool
        self._reach = reach
        self._actor = actor

    def within(self, reach: Reach) -> "PostgresDispatchQueue":
        return PostgresDispatchQueue(self._pool, reach, self._actor)

    def acting(self, actor: str) -> "PostgresDispatchQueue":
        return PostgresDispatchQueue(self._pool, self._reach, actor)

    async def claim(
        self, room: Mapping[Platform, int], *, most: int | None = None, owner: UUID, lease: timedelta
    ) -> Sequence[Claim]:
        wanted = list(room.keys()), list(room.values()), owner, lease, most
        if self._reach.brands is None:
            rows = await self._fetch(CLAIM, *wanted)
        else:
            rows = await self._fetch(_CLAIM_OF_BRANDS, *wanted, list(self._reach.brands))
        return [_to_claim(row) for row in rows]

    async def begin_send(self, sends: Sequence[Send], *, owner: UUID, least_lease: timedelta) -> Sequence[Attempt]:
        claims = {(each.claim.schedule_id, each.claim.token): each.claim for each in sends}
        items = sorted(sends, key=lambda each: each.claim.schedule_id)
        rows = await self._fetch(
            BEGIN_SEND,
            [each.claim.schedule_id for each in items],
            [each.claim.token for each in items],
            [each.resend_window for each in items],
            owner,
            least_lease,
        )
        return [_to_attempt(claims[row["schedule_id"], row["lease_token"]], row) for row in rows]

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        items = sorted(settlements, key=lambda each: each.schedule_id)
        steps = [each.step for each in items]
        rows = await self._fetch(
            SETTLE,
            [each.schedule_id for each in items],
            [each.token for each in items],
            [step.to.status for step in steps],
            [step.event for step in steps],
            [step.to.retry_count for step in steps],
            [step.to.is_doubtful for step in steps],
            [step.otherwise is not None for step in steps],
            [each.delay for each in items],
            [each.verdict for each in items],
            [storable(each.reason) for each in items],
            [storable(each.external_id) for each in items],
            owner,
            storable(self._actor),
            [Hold.LATE in step.to.holds for step in steps],
            list(ACTIVE),
        )
        return {row["schedule_id"]: ScheduleStatus(row["status"]) for row in rows}

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        rows = await self._fetch(_EXTEND, list(claims.keys()), list(claims.values()), owner, lease)
        return {row["schedule_id"] for row in rows}

    async def now(self) -> datetime:
        [row] = await self._fetch("SELECT now()")
        return row[0]

    async def next_due_in(self, platforms: Collection[Platform]) -> timedelta | None:
        [row] = await self._fetch(NEXT_DUE_IN, list(platforms))
        return row[0]

    async def _fetch(self, statement: str, *parameters: object) -> Sequence[Record]:
        async def work() -> Sequence[Record]:
            async with connected(self._pool) as connection:
                return await connection.fetch(statement, *parameters)

        return await repeated(work)


def _to_claim(row: Record) -> Claim:
    return Claim(
        schedule_id=row["schedule_id"],
        brand_id=row["brand_id"],
        platform=Platform(row["platform"]),
        token=row["lease_token"],
        publish_time=row["publish_time"],
        latest_at=row["latest_at"],
        standing=Standing(
            retry_count=row["retry_count"],
            max_retries=row["max_retries"],
            is_doubtful=row["is_doubtful"],
            on_late=OnLate(row["on_late"]),
        ),
    )


def _to_attempt(claim: Claim, row: Record) -> Attempt:
    return Attempt(
        claim=claim,
        post_id=row["post_id"],
        campaign_id=row["campaign_id"],
        title=row["title"],
        s3_url=row["s3_url"],
        publish_time=row["publish_time"],
        late_by=row["late_by"],
    )
