"""Pausing: schedules parked and released again, in pieces that keep no lock for long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.repositories.brands import PostgresBrandRepository
from marketmind_scheduler.adapters.postgres.repositories.campaigns import PostgresCampaignRepository, follow_schedules
from marketmind_scheduler.adapters.postgres.repositories.lanes import take_turns
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import HOLDS
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import repeated, transaction
from marketmind_scheduler.domain.access import EVERYWHERE
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold

AT_ONCE = 2000
_FROM_THE_START = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """How the hold of a brand or a campaign is placed and lifted.

    ``flag`` and ``unflag`` say so first. ``still_flagged`` and ``still_unflagged`` find nothing where somebody has said
    otherwise since, who goes over all of it after us. ``piece`` finds up to $6 schedules that have the hold $2, or have
    it not ($3), behind the publish time $4 and the id $5, in this order. ``before`` locks those posts of its that come
    before whatever is flagged; None where none do.
    """

    flag: str
    unflag: str
    still_flagged: str
    still_unflagged: str
    piece: str
    before: str | None
    place: str
    lift: str


STATEMENTS: Mapping[Hold, Statements] = {
    Hold.BRAND_PAUSED: Statements(
        flag="UPDATE brands SET paused_at = coalesce(paused_at, now()), updated_at = now() WHERE brand_id = $1",
        unflag="UPDATE brands SET paused_at = NULL, updated_at = now() WHERE brand_id = $1",
        still_flagged="SELECT 1 FROM brands WHERE brand_id = $1 AND paused_at IS NOT NULL FOR SHARE",
        still_unflagged="SELECT 1 FROM brands WHERE brand_id = $1 AND paused_at IS NULL FOR SHARE",
        # Along the index of brands and times, see Walk.
        piece="""
SELECT s.publish_time, s.schedule_id, s.post_id, s.brand_id, s.platform FROM schedules s
 CROSS JOIN LATERAL (
   SELECT o.parked FROM queue o WHERE o.post_id BETWEEN s.post_id AND s.post_id ORDER BY o.post_id LIMIT 1) q
 WHERE (s.brand_id, s.publish_time, s.schedule_id) > ($1, $4::timestamptz, $5::uuid) AND s.brand_id <= $1
   AND s.finished_at IS NULL AND (q.parked & $2::smallint <> 0) = $3::bool
 ORDER BY s.brand_id, s.publish_time, s.schedule_id LIMIT $6
""",
        before=None,
        place=statement("place_hold_on_brand"),
        lift=statement("lift_hold_from_brand"),
    ),
    Hold.CAMPAIGN_PAUSED: Statements(
        flag="UPDATE campaigns SET paused_at = coalesce(paused_at, now()), updated_at = now() WHERE campaign_id = $1",
        unflag="UPDATE campaigns SET paused_at = NULL, updated_at = now() WHERE campaign_id = $1",
        still_flagged="SELECT 1 FROM campaigns WHERE campaign_id = $1 AND paused_at IS NOT NULL FOR SHARE",
        still_unflagged="SELECT 1 FROM campaigns WHERE campaign_id = $1 AND paused_at IS NULL FOR SHARE",
        # OFFSET 0, because joined to the posts the planner would walk through all schedules in order of time.
        piece="""
SELECT s.publish_time, s.schedule_id, s.post_id, s.brand_id, s.platform FROM posts p CROSS JOIN LATERAL (
  SELECT s.publish_time, s.schedule_id, s.post_id, s.brand_id, s.platform FROM queue s
   WHERE s.post_id = p.post_id AND (s.parked & $2::smallint <> 0) = $3::bool
     AND (s.publish_time, s.schedule_id) > ($4::timestamptz, $5::uuid) OFFSET 0) s
 WHERE p.campaign_id = $1
 ORDER BY s.publish_time, s.schedule_id LIMIT $6
""",
        before='SELECT 1 FROM posts WHERE post_id = ANY($1::uuid[]) ORDER BY post_id::text COLLATE "C" FOR SHARE',
        place=statement("place_hold_on_campaign"),
        lift=statement("lift_hold_from_campaign"),
    ),
}


class PostgresHolds:
    def __init__(self, pool: Pool, actor: str = SERVICE) -> None:
        self._pool = pool
        self._actor = actor

    def acting(self, actor: str) -> "PostgresHolds":
        return PostgresHolds(self._pool, actor)

    async def place(self, hold: Hold, of: UUID, *, expected: Expectation[Brand | Campaign] = ANYTHING) -> None:
        await repeated(partial(self._flag, STATEMENTS[hold].flag, hold, of, expected), waits=True)
        await self._piece_by_piece(hold, of, paces=None)

    async def lift(
        self,
        hold: Hold,
        of: UUID,
        *,
        paces: Mapping[Platform, timedelta],
        expected: Expectation[Brand | Campaign] = ANYTHING,
    ) -> None:
        await repeated(partial(self._flag, STATEMENTS[hold].unflag, hold, of, expected), waits=True)
        await self._piece_by_piece(hold, of, paces=paces)

    async def _flag(self, flagging: str, hold: Hold, of: UUID, expected: Expectation[Brand | Campaign]) -> None:
        """Committed first: whoever adds a schedule afterwards knows it, and whoever was before is found."""
        async with transaction(self._pool, actor=self._actor) as connection:
            flagged = _where_flagged(hold, connection)
            await flagged.lock(of)
            expected.check(await flagged.get(of))
            await connection.execute(flagging, of)
            if hold is Hold.CAMPAIGN_PAUSED:
                await follow_schedules(connection, [of])

    async def _piece_by_piece(self, hold: Hold, of: UUID, *, paces: Mapping[Platform, timedelta] | None) -> None:
        """Place the hold; with ``paces``, lift it."""
        last = _FROM_THE_START
        while last is not None:
            last = await repeated(partial(self._piece, hold, of, last, paces), waits=True)

    async def _piece(
        self, hold: Hold, of: UUID, last: tuple[datetime, UUID], paces: Mapping[Platform, timedelta] | None
    ) -> tuple[datetime, UUID] | None:
        """Change the next of those that have it not, or have it; return the last of them, None behind the end."""
        theirs, is_lifted = STATEMENTS[hold], paces is not None
        async with transaction(self._pool, actor=self._actor) as connection:
            piece = await connection.fetch(theirs.piece, of, HOLDS[hold], is_lifted, *last, AT_ONCE)
            if theirs.before is not None:
                await connection.execute(theirs.before, [row["post_id"] for row in piece])
            if not await connection.fetchval(theirs.still_unflagged if is_lifted else theirs.still_flagged, of):
                return None
            ids = [row["schedule_id"] for row in piece]
            await connection.execute(theirs.lift if is_lifted else theirs.place, of, HOLDS[hold], ids)
            if paces is not None:
                lanes = [(row["brand_id"], row["platform"]) for row in piece]
                await take_turns(connection, lanes, age=timedelta(), paces=paces)
            return (piece[-1]["publish_time"], ids[-1]) if piece else None


def _where_flagged(hold: Hold, connection: Connection) -> PostgresBrandRepository | PostgresCampaignRepository:
    kind = PostgresBrandRepository if hold is Hold.BRAND_PAUSED else PostgresCampaignRepository
    return kind(connection, EVERYWHERE)
