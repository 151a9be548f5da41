"""Schedules: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.selections import select_page
from marketmind_scheduler.adapters.postgres.tables import schedules
from marketmind_scheduler.domain.planning import SchedulerKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, Resolution, Slot
from marketmind_scheduler.ports.repositories import ScheduleFilter

_NAMES = [column.name for column in schedules.columns]
_COLUMNS = ", ".join(f"s.{name}" for name in _NAMES)
_IS_ACTIVE = "s.status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED')"
_STANDS = f"({_IS_ACTIVE} OR s.status = 'COMPLETED')"

CURRENT = f"""
SELECT {_COLUMNS} FROM schedules s
 WHERE s.post_id = $1
 ORDER BY {_IS_ACTIVE} DESC, s.schedule_id DESC
 LIMIT 1
"""
_LOCK_CURRENT = f"{CURRENT} FOR NO KEY UPDATE"
STANDING_OF_POST = f"""
SELECT DISTINCT ON (s.status = 'COMPLETED') {_COLUMNS} FROM schedules s
 WHERE s.post_id = $1 AND {_STANDS}
 ORDER BY s.status = 'COMPLETED', s.schedule_id DESC
"""
_STANDING_OF_CAMPAIGN = f"""
WITH s AS (
  SELECT DISTINCT ON (s.post_id, s.status = 'COMPLETED') {_COLUMNS}
    FROM posts p JOIN schedules s ON s.post_id = p.post_id
   WHERE p.campaign_id = $1 AND p.platform = ANY($2::text[]) AND {_STANDS}
   ORDER BY s.post_id, s.status = 'COMPLETED', s.schedule_id DESC)
SELECT {_COLUMNS} FROM s ORDER BY s.publish_time, s.schedule_id
"""
ADD = f"""
INSERT INTO schedules ({", ".join(_NAMES)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::int[],
                     $8::text[], $9::timestamp[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                     $15::int[], $16::timestamptz[], $17::timestamptz[])
"""
_SAVE = """
UPDATE schedules
   SET publish_time = $2, status = $3, intent = $4, local_time = $5, timezone = $6, disambiguation = $7,
       resolution = $8, tz_release = $9, version = $10, updated_at = $11
 WHERE schedule_id = $1
"""
# Rows are locked in the order of their ids, so that two who cancel the same ones wait instead of blocking each other.
_CANCEL = f"""
WITH s AS (
  UPDATE schedules s
     SET status = 'CANCELLED', version = s.version + 1, updated_at = $2
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT schedule_id FROM schedules WHERE PICKED AND status = 'PENDING'
            ORDER BY schedule_id FOR NO KEY UPDATE))
  RETURNING {_COLUMNS})
SELECT {_COLUMNS} FROM s ORDER BY s.publish_time, s.schedule_id
"""
_CANCEL_THESE = _CANCEL.replace("PICKED", "schedule_id = ANY($1::uuid[])")
_CANCEL_OF_CAMPAIGN = _CANCEL.replace("PICKED", "post_id IN (SELECT post_id FROM posts WHERE campaign_id = $1::uuid)")


class PostgresScheduleRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_current(self, post_id: UUID) -> Schedule | None:
        return next(iter(await self._fetch(CURRENT, post_id)), None)

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        return next(iter(await self._fetch(_LOCK_CURRENT, post_id)), None)

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        return await self._fetch(STANDING_OF_POST, post_id)

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        return await self._fetch(_STANDING_OF_CAMPAIGN, campaign_id, list(platforms))

    async def add(self, schedules: Sequence[Schedule]) -> None:
        columns = tuple(map(list, zip(*map(_to_row, schedules), strict=True)))
        await self._connection.execute(ADD, *columns)

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

    async def cancel_pending(self, schedule_ids: Collection[UUID], *, now: datetime) -> Sequence[Schedule]:
        return await self._fetch(_CANCEL_THESE, list(schedule_ids), now)

    async def cancel_pending_of_campaign(self, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
        return await self._fetch(_CANCEL_OF_CAMPAIGN, campaign_id, now)

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        conditions = [
            ("s.post_id IN (SELECT post_id FROM posts WHERE campaign_id = {})", chosen.campaign_id),
            ("s.brand_id = {}", chosen.brand_id),
            ("s.status = {}", chosen.status),
            ("s.platform = {}", chosen.platform),
            ("s.publish_time >= {}", chosen.from_time),
            ("s.publish_time < {}", chosen.to_time),
            ("(s.publish_time, s.schedule_id) > ({}, {})", *(after or (None, None))),
        ]
        order = "s.publish_time, s.schedule_id"
        statement, parameters = select_page(f"SELECT {_COLUMNS} FROM schedules s", conditions, order=order, limit=limit)
        return await self._fetch(statement, *parameters)

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
    )


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
    )
