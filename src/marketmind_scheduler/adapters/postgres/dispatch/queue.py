"""The queue: due schedules claimed, fenced and settled, each by one statement over any number of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.events import AS_STATUS, RETURNED, telling
from marketmind_scheduler.adapters.postgres.repositories.schedules import SHOWN_STATUS
from marketmind_scheduler.adapters.postgres.storage import connected, repeated
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Send, Settled

_LONGEST_TEXT = 1000

# No status is named: due_at is NULL wherever a row must not be claimed, and a partial index is proven by due_at alone.
CLAIM = """
UPDATE schedules s
   SET status = 'PUBLISHING', due_at = NULL, lease_token = s.lease_token + 1, lease_owner = $3,
       lease_expires_at = now() + $4::interval
 WHERE s.schedule_id = ANY(ARRAY(
         SELECT d.schedule_id FROM unnest($1::text[], $2::int[]) AS want(platform, room)
          CROSS JOIN LATERAL (
            SELECT q.schedule_id FROM schedules q
             WHERE q.platform = want.platform AND q.due_at <= now() AND (q.latest_at IS NULL OR q.latest_at > now())
             ORDER BY q.due_at, q.schedule_id LIMIT want.room FOR NO KEY UPDATE SKIP LOCKED) AS d))
RETURNING s.schedule_id, s.brand_id, s.platform, s.lease_token, s.retry_count
"""
_CLAIM_OF_BRANDS = CLAIM.replace("ORDER BY q.due_at", "AND q.brand_id = ANY($5::uuid[]) ORDER BY q.due_at")
# The fence. Committed before the network is touched: only what it returns may be sent. The coalesce keeps the planner
# from walking the index of leases once for each item.
BEGIN_SEND = """
UPDATE schedules s
   SET send_started_at = now(),
       resend_until_at = CASE WHEN s.is_doubtful THEN least(s.resend_until_at, now() + i.resend_window)
                              ELSE now() + i.resend_window END
  FROM unnest($1::uuid[], $2::bigint[], $3::interval[]) AS i(schedule_id, token, resend_window), posts p
 WHERE s.schedule_id = i.schedule_id AND p.post_id = s.post_id
   AND s.lease_token = i.token AND s.lease_owner = $4 AND s.status = 'PUBLISHING' AND s.send_started_at IS NULL
   AND coalesce(s.lease_expires_at, '-infinity') >= now() + $5::interval
   AND s.publish_time <= now() AND (s.latest_at IS NULL OR s.latest_at > now())
   AND (NOT s.is_doubtful OR (i.resend_window IS NOT NULL AND s.resend_until_at >= now() + $5::interval))
RETURNING s.schedule_id, s.lease_token, p.post_id, p.campaign_id, p.title, p.s3_url, s.publish_time,
          s.send_started_at - s.publish_time AS late_by
"""


def _settle(statuses: str, *, kind: str, recorded: str) -> str:
    """A send that began uses up a retry when it is to be repeated; one that expired into PENDING has done so already.
    Clearing the owner makes a repeated settlement harmless."""
    settle = f"""
  UPDATE schedules s
     SET (status, due_at, finished_at, send_started_at, retry_count) = (
           SELECT n.next,
                  CASE WHEN n.next = 'PENDING' AND s.parked = 0
                       THEN greatest(s.publish_time, now() + make_interval(secs => i.delay)) END,
                  CASE WHEN n.next IN ('COMPLETED', 'FAILED') THEN now() END,
                  CASE WHEN n.next <> 'PENDING' THEN coalesce(s.send_started_at, s.last_send_at) END,
                  s.retry_count + (n.next = 'PENDING' AND s.status <> 'PENDING' AND i.verdict <> 'unsent')::int
             FROM (SELECT CASE
                     WHEN i.verdict = 'accepted' THEN 'COMPLETED'
                     WHEN (i.verdict = 'unsent' OR (i.verdict IN ('deferred', 'unknown')
                           AND (s.retry_count < s.max_retries OR s.status = 'PENDING')))
                      AND ((i.verdict <> 'unknown' AND NOT s.is_doubtful)
                           OR s.resend_until_at > now() + make_interval(secs => i.delay)) THEN 'PENDING'
                     WHEN i.verdict = 'unknown' OR s.is_doubtful THEN 'UNCONFIRMED'
                     ELSE 'FAILED' END AS next) n),
         is_doubtful = i.verdict = 'unknown' OR (s.is_doubtful AND i.verdict <> 'accepted'),
         last_send_at = coalesce(s.send_started_at, s.last_send_at),
         lease_owner = NULL, lease_expires_at = NULL, version = s.version + (i.verdict <> 'unsent')::int,
         updated_at = now(),
         last_error = CASE WHEN i.verdict <> 'accepted' THEN coalesce(i.reason, s.last_error) END,
         external_id = coalesce(i.external_id, s.external_id)
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::float8[], $5::text[], $6::text[])
      AS i(schedule_id, token, verdict, delay, reason, external_id)
   WHERE s.schedule_id = i.schedule_id AND s.lease_token = i.token AND s.lease_owner = $7 AND s.status IN {statuses}"""
    remember = f"""
, tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id)
  SELECT schedule_id, lease_token, coalesce(last_send_at, now()), now(), verdict, reason, given_id
    FROM done WHERE {recorded}
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
"""
    returned = f"{RETURNED}, s.lease_token, s.last_send_at, i.verdict, i.reason, i.external_id AS given_id"
    return telling(settle, kind=kind, returned=returned, then=remember) + "SELECT schedule_id, status FROM done"


_WAS_TRIED = """
SELECT true FROM attempts a WHERE a.schedule_id = done.schedule_id AND a.lease_token = done.lease_token
"""
_OR_RETRYING = f"CASE WHEN s.status <> 'PENDING' THEN {AS_STATUS} %s 'schedule.retrying' END"
SETTLE = _settle(
    "('PUBLISHING', 'PENDING')",
    kind=_OR_RETRYING % "WHEN i.verdict <> 'unsent' THEN",
    recorded="verdict <> 'unsent'",
)
_SETTLE_UNCONFIRMED = _settle(
    "('UNCONFIRMED')",
    kind=_OR_RETRYING % "ELSE",
    recorded=f"verdict <> 'unsent' OR ({_WAS_TRIED})",
)
_ACCEPT_LATE = (
    telling(
        """
  UPDATE schedules s
     SET status = 'COMPLETED', external_id = coalesce($3, s.external_id), finished_at = now(), due_at = NULL,
         is_doubtful = false, lease_owner = NULL, lease_expires_at = NULL, lease_token = s.lease_token + 1,
         last_error = NULL, version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = $1 AND (s.lease_token > $2 OR (s.lease_token = $2 AND s.lease_owner IS NULL))
     AND (s.status IN ('PENDING', 'UNCONFIRMED') OR (s.status = 'PUBLISHING' AND s.send_started_at IS NULL))""",
        kind="'schedule.completed'",
        then=""", tried AS (
  UPDATE attempts a SET verdict = 'accepted', reason = NULL, external_id = $3, finished_at = now()
    FROM done WHERE a.schedule_id = done.schedule_id AND a.lease_token = $2)
""",
    )
    + "SELECT schedule_id, status FROM done"
)
_STANDING = f"""
SELECT {SHOWN_STATUS} AS status, s.lease_token = $2 AND s.lease_owner IS NULL AS is_settled, a.verdict AS recorded
  FROM schedules s LEFT JOIN attempts a ON a.schedule_id = s.schedule_id AND a.lease_token = $2
 WHERE s.schedule_id = $1
"""
_TELL_STALE = f"""
WITH tried AS (
  UPDATE attempts SET verdict = $3::text, reason = $5, external_id = $4, finished_at = now()
   WHERE schedule_id = $1 AND lease_token = $2)
INSERT INTO event_outbox (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
                          external_id, error)
SELECT 'schedule.stale_verdict', s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, {SHOWN_STATUS},
       s.retry_count, $4, concat_ws(': ', $3::text || ' came too late', $5)
  FROM schedules s WHERE s.schedule_id = $1
"""
_EXTEND = """
UPDATE schedules s SET lease_expires_at = now() + $4::interval
  FROM unnest($1::uuid[], $2::bigint[]) AS i(schedule_id, token)
 WHERE s.schedule_id = i.schedule_id AND s.lease_token = i.token AND s.lease_owner = $3 AND s.status = 'PUBLISHING'
RETURNING s.schedule_id
"""
NEXT_DUE_IN = """
SELECT min(d.due_at) - now() FROM unnest($1::text[]) AS want(platform)
 CROSS JOIN LATERAL (
   SELECT q.due_at FROM schedules q WHERE q.platform = want.platform AND q.due_at IS NOT NULL
    ORDER BY q.due_at, q.schedule_id LIMIT 1) d
"""


class PostgresDispatchQueue:
    def __init__(self, pool: Pool, reach: Reach = EVERYWHERE) -> None:
        self._pool = pool
        self._reach = reach

    def within(self, reach: Reach) -> "PostgresDispatchQueue":
        return PostgresDispatchQueue(self._pool, reach)

    async def claim(self, room: Mapping[Platform, int], *, owner: UUID, lease: timedelta) -> Sequence[Claim]:
        wanted = list(room.keys()), list(room.values()), owner, lease
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

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, Settled]:
        items = sorted(settlements, key=lambda each: each.schedule_id)
        settled = await self._settle(SETTLE, items, owner)
        if missing := [each for each in items if each.schedule_id not in settled]:
            settled |= await self._settle(_SETTLE_UNCONFIRMED, missing, owner)
        for late in (each for each in missing if each.schedule_id not in settled):
            settled[late.schedule_id] = await self._settle_late(late)
        return settled

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        rows = await self._fetch(_EXTEND, list(claims.keys()), list(claims.values()), owner, lease)
        return {row["schedule_id"] for row in rows}

    async def next_due_in(self, platforms: Collection[Platform]) -> timedelta | None:
        [row] = await self._fetch(NEXT_DUE_IN, list(platforms))
        return row[0]

    async def _fetch(self, statement: str, *parameters: object) -> Sequence[Record]:
        async def work() -> Sequence[Record]:
            async with connected(self._pool) as connection:
                return await connection.fetch(statement, *parameters)

        return await repeated(work)

    async def _settle(self, statement: str, items: Sequence[Settlement], owner: UUID) -> dict[UUID, Settled]:
        rows = await self._fetch(
            statement,
            [each.schedule_id for each in items],
            [each.token for each in items],
            [each.verdict for each in items],
            [each.delay.total_seconds() for each in items],
            [_storable(each.reason) for each in items],
            [_storable(each.external_id) for each in items],
            owner,
        )
        return {row["schedule_id"]: Settled(Recorded.SETTLED, ScheduleStatus(row["status"])) for row in rows}

    async def _settle_late(self, item: Settlement) -> Settled:
        """What is left for a verdict whose claim is not the schedule's open one any more."""
        known = await self._fetch(_STANDING, item.schedule_id, item.token)
        if not known:
            return Settled(Recorded.STALE, None)
        [standing] = known
        status = ScheduleStatus(standing["status"])
        if standing["recorded"] == item.verdict:
            return Settled(Recorded.REPEATED, status)
        external_id, reason = _storable(item.external_id), _storable(item.reason)
        is_accepted = item.verdict is VerdictKind.ACCEPTED
        if is_accepted and await self._fetch(_ACCEPT_LATE, item.schedule_id, item.token, external_id):
            return Settled(Recorded.SETTLED, ScheduleStatus.COMPLETED)
        if standing["is_settled"]:
            return Settled(Recorded.REPEATED, status)
        if item.verdict is not VerdictKind.UNSENT:
            await self._fetch(_TELL_STALE, item.schedule_id, item.token, item.verdict, external_id, reason)
        return Settled(Recorded.STALE, status)


def _storable(text: str | None) -> str | None:
    """What a receiver said, as a text column can hold it, and not without end."""
    if text is None:
        return None
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _to_claim(row: Record) -> Claim:
    return Claim(
        schedule_id=row["schedule_id"],
        brand_id=row["brand_id"],
        platform=Platform(row["platform"]),
        token=row["lease_token"],
        retry_count=row["retry_count"],
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
