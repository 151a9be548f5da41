"""Pausing: schedules parked and released again, in pieces that keep no lock for long."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.repositories.brands import PostgresBrandRepository
from marketmind_scheduler.adapters.postgres.repositories.campaigns import FOLLOW_SCHEDULES, PostgresCampaignRepository
from marketmind_scheduler.adapters.postgres.repositories.events import telling
from marketmind_scheduler.adapters.postgres.repositories.schedules import HOLDS, IS_ACTIVE, UNCLAIMED
from marketmind_scheduler.adapters.postgres.storage import repeated, transaction
from marketmind_scheduler.domain.access import EVERYWHERE
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold

AT_ONCE = 2000
_OVERDUE_SECONDS = 300
_FROM_THE_START = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))

_PAUSE = "UPDATE {} SET paused_at = coalesce(paused_at, now()), updated_at = now() WHERE {} = $1"
_RESUME = "UPDATE {} SET paused_at = NULL, updated_at = now() WHERE {} = $1"
# Whoever came last has said so here, and goes over all of it after us.
_STILL_PAUSED = "SELECT 1 FROM {} WHERE {} = $1 AND paused_at IS NOT NULL FOR SHARE"
_STILL_RESUMED = "SELECT 1 FROM {} WHERE {} = $1 AND paused_at IS NULL FOR SHARE"
_THEIRS_IN_BRAND = "s.brand_id = $1"
_OF_BRAND = f"FROM schedules s WHERE {_THEIRS_IN_BRAND} AND {IS_ACTIVE}"
_OF_CAMPAIGN = f"FROM posts p JOIN schedules s ON s.post_id = p.post_id WHERE p.campaign_id = $1 AND {IS_ACTIVE}"
_LOCKED = "FOR NO KEY UPDATE OF s"
_LOCKED_IN_CAMPAIGN = f"FOR SHARE OF p {_LOCKED}"  # a post may be about to leave
# An array, because joined to the posts the planner would walk through all schedules in the order of their times.
_THEIRS_IN_CAMPAIGN = "s.post_id = ANY(ARRAY(SELECT post_id FROM posts WHERE campaign_id = $1))"
PIECE = f"""
SELECT s.publish_time, s.schedule_id FROM schedules s
 WHERE THEIRS AND {IS_ACTIVE} AND (s.parked & $2::smallint <> 0) = $3::bool
   AND (s.publish_time, s.schedule_id) > ($4::timestamptz, $5::uuid)
 ORDER BY s.publish_time, s.schedule_id LIMIT $6
"""
# Whoever takes many schedules takes them in the order of their ids, so that two wait instead of blocking each other.
_TAKEN = "s.schedule_id = ANY($3::uuid[]) ORDER BY s.schedule_id LOCKED"
PLACE = telling(
    f"""
  UPDATE schedules s SET parked = s.parked | $2::smallint, due_at = NULL, {UNCLAIMED}
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT s.schedule_id OF_WHOM AND s.parked & $2::smallint = 0 AND {_TAKEN}))""",
    kind="'schedule.parked'",
)
LIFT_OVERDUE = telling(
    """
  UPDATE schedules s
     SET parked = s.parked & ~$2::smallint,
         due_at = CASE WHEN s.status = 'PENDING' AND s.parked & ~$2::smallint = 0
                       THEN now() + make_interval(secs => r.after) END,
         version = s.version + 1, updated_at = now()
    FROM (SELECT h.schedule_id,
                 w.pace * (row_number() OVER (PARTITION BY h.platform ORDER BY h.publish_time, h.schedule_id) - 1)
                   AS after
            FROM (SELECT s.schedule_id, s.platform, s.publish_time
                    OF_WHOM AND s.parked & $2::smallint <> 0 AND s.publish_time <= now()
                   ORDER BY s.schedule_id LOCKED) h
            JOIN unnest($3::text[], $4::float8[]) AS w(platform, pace) ON w.platform = h.platform) r
   WHERE s.schedule_id = r.schedule_id""",
    kind="'schedule.resumed'",
)
LIFT_AHEAD = telling(
    f"""
  UPDATE schedules s
     SET parked = s.parked & ~$2::smallint,
         due_at = CASE WHEN s.status = 'PENDING' AND s.parked & ~$2::smallint = 0
                       THEN greatest(s.publish_time, now()) END,
         version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT s.schedule_id OF_WHOM AND s.parked & $2::smallint <> 0 AND {_TAKEN}))""",
    kind="'schedule.resumed'",
)


class PostgresHolds:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def place(self, hold: Hold, of: UUID, *, expected: Expectation[Brand | Campaign] = ANYTHING) -> None:
        await self._flag(_PAUSE, hold, of, expected)
        await self._piece_by_piece(PLACE, hold, of, is_held=False)

    async def lift(
        self,
        hold: Hold,
        of: UUID,
        *,
        paces: Mapping[Platform, timedelta],
        expected: Expectation[Brand | Campaign] = ANYTHING,
    ) -> None:
        await self._flag(_RESUME, hold, of, expected)
        await repeated(partial(self._lift_overdue, hold, of, paces))
        await self._piece_by_piece(LIFT_AHEAD, hold, of, is_held=True)

    async def _flag(self, statement: str, hold: Hold, of: UUID, expected: Expectation[Brand | Campaign]) -> None:
        """Committed first: whoever adds a schedule afterwards knows it, and whoever was before is found."""
        async with transaction(self._pool) as connection:
            flagged = _where_flagged(hold, connection)
            await flagged.lock(of)
            expected.check(await flagged.get(of))
            await connection.execute(_on_flag(hold, statement), of)
            if hold is Hold.CAMPAIGN_PAUSED:
                await connection.execute(FOLLOW_SCHEDULES, [of])

    async def _lift_overdue(self, hold: Hold, of: UUID, paces: Mapping[Platform, timedelta]) -> None:
        async with transaction(self._pool, seconds=_OVERDUE_SECONDS) as connection:
            if not await connection.fetchval(_on_flag(hold, _STILL_RESUMED), of):
                return
            seconds = [pace.total_seconds() for pace in paces.values()]
            overdue = about(hold, LIFT_OVERDUE) + "SELECT count(*) FROM done"
            await connection.fetchval(overdue, of, HOLDS[hold], list(paces.keys()), seconds, timeout=_OVERDUE_SECONDS)

    async def _piece_by_piece(self, change: str, hold: Hold, of: UUID, *, is_held: bool) -> None:
        last = _FROM_THE_START
        while last is not None:
            last = await repeated(partial(self._piece, change, hold, of, last, is_held=is_held))

    async def _piece(
        self, change: str, hold: Hold, of: UUID, last: tuple[datetime, UUID], *, is_held: bool
    ) -> tuple[datetime, UUID] | None:
        """Change the next of those that are held or not; return the last of them, None behind the end."""
        async with transaction(self._pool) as connection:
            if not await connection.fetchval(_on_flag(hold, _STILL_RESUMED if is_held else _STILL_PAUSED), of):
                return None
            piece = await connection.fetch(about(hold, PIECE), of, HOLDS[hold], is_held, *last, AT_ONCE)
            ids = [row["schedule_id"] for row in piece]
            await connection.execute(about(hold, change) + "SELECT FROM done", of, HOLDS[hold], ids)
            return (piece[-1]["publish_time"], ids[-1]) if piece else None


def _where_flagged(hold: Hold, connection: Connection) -> PostgresBrandRepository | PostgresCampaignRepository:
    kind = PostgresBrandRepository if hold is Hold.BRAND_PAUSED else PostgresCampaignRepository
    return kind(connection, EVERYWHERE)


def _on_flag(hold: Hold, statement: str) -> str:
    table = "brands" if hold is Hold.BRAND_PAUSED else "campaigns"
    return statement.format(table, f"{table.removesuffix('s')}_id")


def about(hold: Hold, statement: str) -> str:
    """The statement for a brand or a campaign."""
    of_whom, theirs, locked = (
        (_OF_BRAND, _THEIRS_IN_BRAND, _LOCKED)
        if hold is Hold.BRAND_PAUSED
        else (_OF_CAMPAIGN, _THEIRS_IN_CAMPAIGN, _LOCKED_IN_CAMPAIGN)
    )
    return statement.replace("OF_WHOM", of_whom).replace("THEIRS", theirs).replace("LOCKED", locked)
