"""Schedules: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.events import AS_STATUS, RETURNED, telling
from marketmind_scheduler.adapters.postgres.repositories.selections import select_page, within
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.errors import UnknownSchedule
from marketmind_scheduler.domain.planning import SchedulerKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, Resolution, Slot
from marketmind_scheduler.ports.schedules import ScheduleFilter

HOLDS = {Hold.CAMPAIGN_PAUSED: 1, Hold.BRAND_PAUSED: 2, Hold.LATE: 8}
"""The bits of ``parked``."""

KEPT = (
    "schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, local_time, timezone, "
    "disambiguation, resolution, tz_release, scheduler, version, created_at, updated_at, is_doubtful, external_id, "
    "last_error, retry_of"
)
# A claimed schedule whose send has not begun is PENDING for everybody: it can still be cancelled, moved and paused.
SHOWN_STATUS = "CASE WHEN s.status = 'PUBLISHING' AND s.send_started_at IS NULL THEN 'PENDING' ELSE s.status END"
_COLUMNS = ", ".join(
    f"{SHOWN_STATUS} AS status" if name == "status" else f"s.{name}" for name in (*KEPT.split(", "), "parked")
)
IS_ACTIVE = "s.status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED')"
_STANDS = f"({IS_ACTIVE} OR s.status = 'COMPLETED')"
_IS_FINAL = "('COMPLETED', 'FAILED', 'MISSED', 'CANCELLED')"
# A claim whose send has not begun is taken back; one that has goes on, and stays parked if it comes back.
UNCLAIMED = """
         status = CASE WHEN s.status = 'PUBLISHING' AND s.send_started_at IS NULL THEN 'PENDING' ELSE s.status END,
         lease_expires_at = CASE WHEN s.send_started_at IS NOT NULL THEN s.lease_expires_at END,
         lease_token = s.lease_token + (s.status = 'PUBLISHING' AND s.send_started_at IS NULL)::int,
         version = s.version + 1, updated_at = now()
"""

CURRENT = f"""
SELECT {_COLUMNS} FROM schedules s
 WHERE s.post_id = $1
 ORDER BY {IS_ACTIVE} DESC, s.schedule_id DESC
 LIMIT 1
"""
_LOCK_CURRENT = f"{CURRENT} FOR NO KEY UPDATE"
_SELECT = f"SELECT {_COLUMNS} FROM schedules s"
STANDING_OF_POST = f"""
SELECT DISTINCT ON (s.status = 'COMPLETED') {_COLUMNS} FROM schedules s
 WHERE s.post_id = $1 AND {_STANDS}
 ORDER BY s.status = 'COMPLETED', s.schedule_id DESC
"""
_STANDING_OF_CAMPAIGN = f"""
WITH s AS (
  SELECT DISTINCT ON (s.post_id, s.status = 'COMPLETED') s.*
    FROM posts p JOIN schedules s ON s.post_id = p.post_id
   WHERE p.campaign_id = $1 AND p.platform = ANY($2::text[]) AND {_STANDS}
   ORDER BY s.post_id, s.status = 'COMPLETED', s.schedule_id DESC)
SELECT {_COLUMNS} FROM s ORDER BY s.publish_time, s.schedule_id
"""
_PAUSED = """CROSS JOIN LATERAL (
     SELECT ((c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int)::smallint AS parked) h"""
# Whoever pauses a brand or a campaign says so first and parks what is there afterwards. Locked against that, a new
# schedule is either there to be parked, or knows that it is. The campaign is looked up for each post by itself: a plan
# made for one post would compare ten thousand with ten thousand.
ADD = (
    telling(
        f"""
  INSERT INTO schedules AS s ({KEPT}, parked, due_at, on_late, latest_at, max_retries, lease_expires_at,
                              send_started_at, last_send_at, finished_at)
  SELECT i.*, h.parked,
         CASE WHEN i.status = 'PENDING' AND h.parked = 0 THEN i.publish_time END,
         b.on_late,
         CASE WHEN b.on_late <> 'publish' THEN i.publish_time + make_interval(secs => b.max_lateness_seconds) END,
         greatest(3, i.retry_count),
         CASE WHEN i.status = 'PUBLISHING' THEN i.updated_at + interval '30 s' END,
         CASE WHEN i.status IN ('PUBLISHING', 'UNCONFIRMED') THEN i.updated_at END,
         CASE WHEN i.status IN ('PUBLISHING', 'UNCONFIRMED') THEN i.updated_at END,
         CASE WHEN i.status IN {_IS_FINAL} THEN i.updated_at END
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::int[],
                $8::text[], $9::timestamp[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                $15::int[], $16::timestamptz[], $17::timestamptz[], $18::bool[], $19::text[], $20::text[], $21::uuid[])
      AS i({KEPT})
    JOIN (SELECT brand_id, on_late, max_lateness_seconds, paused_at FROM brands
           WHERE brand_id = ANY($3::uuid[]) FOR SHARE) b ON b.brand_id = i.brand_id
    LEFT JOIN LATERAL (
      SELECT c.paused_at FROM posts p JOIN campaigns c ON c.campaign_id = p.campaign_id
       WHERE p.post_id = i.post_id FOR SHARE OF c) c ON true
   {_PAUSED}""",
        kind="'schedule.scheduled'",
        returned=f"{RETURNED}, s.parked",
    )
    + "SELECT schedule_id, parked FROM done WHERE parked <> 0"
)
# As for a new schedule: one that is moved to where a pause or a resumption has been already must not be forgotten.
_SAVE = (
    telling(
        f"""
  UPDATE schedules s
     SET publish_time = $2::timestamptz, status = $3::text, intent = $4, local_time = $5, timezone = $6,
         disambiguation = $7, resolution = $8, tz_release = $9, version = $10, updated_at = $11::timestamptz,
         latest_at = s.latest_at + ($2::timestamptz - s.publish_time), parked = h.parked,
         due_at = CASE WHEN $3::text = 'PENDING' AND h.parked = 0 THEN greatest($2::timestamptz, now()) END,
         max_retries = CASE WHEN $3::text = 'PENDING' THEN s.retry_count + 3 ELSE s.max_retries END, lost_leases = 0,
         lease_token = s.lease_token + 1, lease_owner = NULL,
         lease_expires_at = NULL,
         send_started_at = CASE WHEN $3::text = 'UNCONFIRMED' THEN s.last_send_at END,
         finished_at = CASE WHEN $3::text IN {_IS_FINAL} THEN $11::timestamptz END
    FROM (SELECT paused_at FROM brands
           WHERE brand_id = (SELECT brand_id FROM schedules WHERE schedule_id = $1) FOR SHARE) b
    LEFT JOIN (SELECT paused_at FROM campaigns
                WHERE campaign_id = (SELECT p.campaign_id FROM posts p JOIN schedules o ON o.post_id = p.post_id
                                      WHERE o.schedule_id = $1) FOR SHARE) c ON true
   {_PAUSED}
   WHERE s.schedule_id = $1""",
        kind=f"CASE WHEN s.status = 'PENDING' THEN 'schedule.rescheduled' ELSE {AS_STATUS} END",
    )
    + "SELECT schedule_id FROM done"
)
# Rows are locked in the order of their ids, so that two who cancel the same ones wait instead of blocking each other.
_CANCEL = (
    telling(
        """
  UPDATE schedules s
     SET status = CASE WHEN s.is_doubtful THEN 'UNCONFIRMED' ELSE 'CANCELLED' END,
         finished_at = CASE WHEN NOT s.is_doubtful THEN $2::timestamptz END,
         lease_token = s.lease_token + 1, due_at = NULL, lease_expires_at = NULL, version = s.version + 1,
         updated_at = $2::timestamptz
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT schedule_id FROM schedules
            WHERE PICKED AND status IN ('PENDING', 'PUBLISHING') AND send_started_at IS NULL
            ORDER BY schedule_id FOR NO KEY UPDATE))""",
        kind=AS_STATUS,
        returned="s.*",
    )
    + f"SELECT {_COLUMNS} FROM done s ORDER BY s.publish_time, s.schedule_id"
)
_CONFIRM = (
    telling(
        """
  UPDATE schedules s
     SET status = CASE $2::text WHEN 'published' THEN 'COMPLETED' WHEN 'send_again' THEN 'PENDING' ELSE 'FAILED' END,
         due_at = CASE WHEN $2::text = 'send_again' AND s.parked & ~8 = 0 THEN greatest(s.publish_time, now()) END,
         finished_at = CASE WHEN $2::text <> 'send_again' THEN now() END,
         send_started_at = CASE WHEN $2::text <> 'send_again' THEN s.send_started_at END,
         resend_until_at = NULL, is_doubtful = false, parked = s.parked & ~8, lost_leases = 0,
         on_late = CASE WHEN $2::text = 'send_again' THEN 'publish' ELSE s.on_late END,
         latest_at = CASE WHEN $2::text <> 'send_again' THEN s.latest_at END,
         max_retries = CASE WHEN $2::text = 'send_again' THEN s.retry_count + 3 ELSE s.max_retries END,
         external_id = coalesce($3, s.external_id),
         last_error = CASE WHEN $2::text = 'published' THEN $4 ELSE coalesce($4, s.last_error) END,
         lease_token = s.lease_token + 1, lease_owner = NULL, version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = $1 AND s.status = 'UNCONFIRMED'""",
        kind=f"CASE WHEN s.status = 'PENDING' THEN 'schedule.retrying' ELSE {AS_STATUS} END",
        returned="s.*",
    )
    + f"SELECT {_COLUMNS} FROM done s"
)
_FOLLOW_CAMPAIGNS = (
    telling(
        f"""
  UPDATE schedules s
     SET parked = s.parked # 1::smallint,
         due_at = CASE WHEN s.status IN ('PENDING', 'PUBLISHING') AND s.send_started_at IS NULL AND s.parked = 1
                       THEN greatest(s.publish_time, now()) END,
         {UNCLAIMED}
    FROM posts p
    LEFT JOIN (SELECT campaign_id, paused_at FROM campaigns
                WHERE campaign_id IN (SELECT campaign_id FROM posts WHERE post_id = ANY($1::uuid[])) FOR SHARE) c
      ON c.campaign_id = p.campaign_id
   WHERE p.post_id = ANY($1::uuid[]) AND s.post_id = p.post_id AND {IS_ACTIVE}
     AND s.parked & 1 <> (c.paused_at IS NOT NULL)::int""",
        kind="CASE WHEN s.parked & 1 = 0 THEN 'schedule.resumed' ELSE 'schedule.parked' END",
    )
    + "SELECT schedule_id FROM done"
)
_ATTEMPTS = """
SELECT lease_token, started_at, finished_at, verdict, reason, external_id FROM attempts
 WHERE schedule_id = $1 ORDER BY lease_token
"""
_COUNT_AHEAD = f"""
SELECT count(*) FROM (
  SELECT FROM schedules s WHERE s.brand_id = $1 AND s.publish_time > $2 AND {IS_ACTIVE} LIMIT $3) ahead
"""
_CANCEL_THESE = _CANCEL.replace("PICKED", "schedule_id = ANY($1::uuid[])")
_CANCEL_OF_CAMPAIGN = _CANCEL.replace("PICKED", "post_id IN (SELECT post_id FROM posts WHERE campaign_id = $1::uuid)")


class PostgresScheduleRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def find_current(self, post_id: UUID) -> Schedule | None:
        return next(iter(await self._reached(CURRENT, post_id)), None)

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        return next(iter(await self._fetch(_LOCK_CURRENT, post_id)), None)

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        return await self._fetch(STANDING_OF_POST, post_id)

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        return await self._fetch(_STANDING_OF_CAMPAIGN, campaign_id, list(platforms))

    async def get(self, schedule_id: UUID) -> Schedule:
        if found := await self._reached(f"{_SELECT} WHERE s.schedule_id = $1", schedule_id):
            return found[0]
        raise UnknownSchedule(schedule_id)

    async def lock(self, schedule_id: UUID) -> Schedule:
        if found := await self._reached(f"{_SELECT} WHERE s.schedule_id = $1 FOR NO KEY UPDATE", schedule_id):
            return found[0]
        raise UnknownSchedule(schedule_id)

    async def find_all(self, schedule_ids: Collection[UUID]) -> Sequence[Schedule]:
        return await self._reached(f"{_SELECT} WHERE s.schedule_id = ANY($1::uuid[])", list(schedule_ids))

    async def attempts_of(self, schedule_id: UUID) -> Sequence[AttemptRecord]:
        return [_to_attempt(row) for row in await self._connection.fetch(_ATTEMPTS, schedule_id)]

    async def next_attempt_at(self, schedule_id: UUID) -> datetime | None:
        return await self._connection.fetchval("SELECT due_at FROM schedules WHERE schedule_id = $1", schedule_id)

    async def count_ahead(self, brand_id: UUID, *, now: datetime, most: int) -> int:
        return await self._connection.fetchval(_COUNT_AHEAD, brand_id, now, most)

    async def add(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        columns = tuple(map(list, zip(*map(_to_row, schedules), strict=True)))
        rows = await self._connection.fetch(ADD, *columns)
        holds = {row["schedule_id"]: _holds(row["parked"]) for row in rows}
        return [replace(each, holds=holds.get(each.schedule_id, each.holds)) for each in schedules]

    async def confirm(
        self, schedule_id: UUID, confirmation: Confirmation, *, external_id: str | None, note: str | None
    ) -> Schedule | None:
        confirmed = await self._fetch(_CONFIRM, schedule_id, confirmation, external_id, note)
        return next(iter(confirmed), None)

    async def save(self, schedule: Schedule) -> None:
        slot, intent = schedule.slot, schedule.slot.intent
        await self._connection.execute(
            _SAVE,
            schedule.schedule_id,
            slot.publish_time,
            schedule.status,
            intent.kind,
            intent.local_time,
            intent.zone,
            intent.disambiguation,
            intent.resolution,
            intent.tz_release,
            schedule.version,
            schedule.updated_at,
        )

    async def follow_campaigns(self, post_ids: Collection[UUID]) -> None:
        await self._connection.execute(_FOLLOW_CAMPAIGNS, list(post_ids))

    async def cancel_pending(self, schedule_ids: Collection[UUID], *, now: datetime) -> Sequence[Schedule]:
        return await self._fetch(_CANCEL_THESE, list(schedule_ids), now)

    async def cancel_pending_of_campaign(self, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
        return await self._fetch(_CANCEL_OF_CAMPAIGN, campaign_id, now)

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        conditions = [
            within(self._reach, "s.brand_id"),
            ("s.post_id IN (SELECT post_id FROM posts WHERE campaign_id = {})", chosen.campaign_id),
            ("s.brand_id = {}", chosen.brand_id),
            (f"{SHOWN_STATUS} = {{}}", chosen.status),
            ("s.platform = {}", chosen.platform),
            ("s.publish_time >= {}", chosen.from_time),
            ("s.publish_time < {}", chosen.to_time),
            ("(s.publish_time, s.schedule_id) > ({}, {})", *(after or (None, None))),
        ]
        order = "s.publish_time, s.schedule_id"
        statement, parameters = select_page(_SELECT, conditions, order=order, limit=limit)
        return await self._fetch(statement, *parameters)

    async def _reached(self, statement: str, *parameters: object) -> Sequence[Schedule]:
        return [each for each in await self._fetch(statement, *parameters) if self._reach.covers(each.brand_id)]

    async def _fetch(self, statement: str, *parameters: object) -> Sequence[Schedule]:
        return [_to_schedule(*row) for row in await self._connection.fetch(statement, *parameters)]


def _to_row(schedule: Schedule) -> tuple[object, ...]:
    slot, intent = schedule.slot, schedule.slot.intent
    return (
        schedule.schedule_id,
        schedule.post_id,
        schedule.brand_id,
        schedule.platform,
        slot.publish_time,
        schedule.status,
        schedule.retry_count,
        intent.kind,
        intent.local_time,
        intent.zone,
        intent.disambiguation,
        intent.resolution,
        intent.tz_release,
        schedule.scheduler,
        schedule.version,
        schedule.created_at,
        schedule.updated_at,
        schedule.is_doubtful,
        schedule.external_id,
        schedule.error,
        schedule.retry_of,
    )


def _to_attempt(row: Record) -> AttemptRecord:
    return AttemptRecord(
        token=row["lease_token"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        verdict=VerdictKind(row["verdict"]),
        reason=row["reason"],
        external_id=row["external_id"],
    )


def _holds(parked: int) -> frozenset[Hold]:
    return frozenset(hold for hold, bit in HOLDS.items() if parked & bit)


def _to_schedule(
    schedule_id: UUID,
    post_id: UUID,
    brand_id: UUID,
    platform: str,
    publish_time: datetime,
    status: str,
    retry_count: int,
    _intent: str,
    local_time: datetime | None,
    timezone: str,
    disambiguation: str | None,
    resolution: str,
    tz_release: str,
    scheduler: str | None,
    version: int,
    created_at: datetime,
    updated_at: datetime,
    is_doubtful: bool,  # noqa: FBT001
    external_id: str | None,
    error: str | None,
    retry_of: UUID | None,
    parked: int,
) -> Schedule:
    intent = Intent(
        zone=timezone,
        local_time=local_time,
        disambiguation=Disambiguation(disambiguation) if disambiguation else None,
        resolution=Resolution(resolution),
        tz_release=tz_release,
    )
    return Schedule(
        schedule_id=schedule_id,
        post_id=post_id,
        brand_id=brand_id,
        platform=Platform(platform),
        slot=Slot(publish_time=publish_time, intent=intent),
        status=ScheduleStatus(status),
        retry_count=retry_count,
        scheduler=SchedulerKind(scheduler) if scheduler else None,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        is_doubtful=is_doubtful,
        holds=_holds(parked),
        external_id=external_id,
        error=error,
        retry_of=retry_of,
    )
