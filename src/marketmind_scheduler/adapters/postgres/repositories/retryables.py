"""What may be tried again: SQL in, frozen values out."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.posts import LOCK_POSTS
from marketmind_scheduler.adapters.postgres.repositories.schedule_lists import OF_CAMPAIGN, containing, lanes_of
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import JOINED, SHOWN, to_schedules
from marketmind_scheduler.adapters.postgres.repositories.selections import Condition
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Statement, Walk, of_brands, wanted_brands
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.transitions import LaneCount

_IN_TIME = "ORDER BY s.publish_time, s.schedule_id"
_IS_DRY_RUN_OF = "{0}.status = 'COMPLETED' AND {0}.external_id = 'dry-run-' || {0}.schedule_id"
_IS_DRY_RUN = _IS_DRY_RUN_OF.format("s")
# Their attempts are written once, and have an index of their own; an index of the schedules would be one more to write.
_MAY_BE_DRY_RUN = """s.schedule_id = ANY(ARRAY(
  SELECT a.schedule_id FROM attempts a WHERE a.external_id LIKE 'dry-run-%' ORDER BY a.schedule_id))"""
# ids rise with time, so a greater one is a later schedule
_IS_LAST = f"""NOT EXISTS (
  SELECT FROM schedules n WHERE n.post_id = s.post_id AND n.schedule_id <> s.schedule_id
     AND (n.finished_at IS NULL OR n.schedule_id > s.schedule_id
          OR n.status = 'COMPLETED' AND ({_IS_DRY_RUN_OF.format("n")}) IS NOT TRUE))
  AND NOT EXISTS (
  SELECT FROM forgotten_schedules f WHERE f.post_id = s.post_id
     AND (f.schedule_id > s.schedule_id OR f.status = 'COMPLETED' AND NOT f.is_dry_run))"""


class PostgresRetryables:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def count(self, chosen: RetryFilter) -> Sequence[LaneCount]:
        found = self._found(chosen, beside="")
        rows = await self._connection.fetch(
            f"SELECT s.brand_id, s.platform, count(*) {found.text} GROUP BY 1, 2 ORDER BY 1, 2", *found.parameters
        )
        return [LaneCount(brand_id=row[0], platform=Platform(row[1]), schedules=row[2]) for row in rows]

    async def lock(self, chosen: RetryFilter, *, limit: int) -> Sequence[Schedule]:
        found = self._found(chosen, beside="")
        rows = await self._connection.fetch(
            f"SELECT s.schedule_id, s.post_id {found.text} {_IN_TIME} LIMIT {found.given(limit, 'bigint')}",
            *found.parameters,
        )
        await self._connection.execute(LOCK_POSTS, [row["post_id"] for row in rows])
        still = self._found(chosen, beside=JOINED)
        those = still.given([row["schedule_id"] for row in rows], "uuid[]")
        locked = await self._connection.fetch(
            f"SELECT {SHOWN} {still.text} AND s.schedule_id = ANY({those}) {_IN_TIME}", *still.parameters
        )
        return await to_schedules(locked)

    def _found(self, chosen: RetryFilter, *, beside: str) -> Statement:
        made = Statement()
        conditions = [made.condition(each) for each in self._conditions(chosen, made) if None not in each[1:]]
        made.text = f"FROM schedules s {beside} JOIN posts l ON l.post_id = s.post_id WHERE {' AND '.join(conditions)}"
        return made

    def _conditions(self, chosen: RetryFilter, made: Statement) -> Sequence[Condition]:
        brands = wanted_brands(chosen.brand_id, self._reach)
        is_what_is_meant: Condition = (
            (_IS_DRY_RUN,) if chosen.is_dry_run else ("s.status = ANY({})", list(chosen.statuses))
        )
        return [
            (OF_CAMPAIGN, chosen.campaign_id) if chosen.campaign_id else (_among(chosen, brands, made),),
            *of_brands(brands, "s.brand_id"),
            ("s.platform = {}", chosen.platform),
            ("s.finished_at >= {}", chosen.since),
            ("s.last_error ILIKE ANY({}::text[])", None if chosen.in_error is None else containing(chosen.in_error)),
            is_what_is_meant,
            (_IS_LAST,),
            ("l.deleted_at IS NULL",),
        ]


def _among(chosen: RetryFilter, brands: Sequence[UUID] | None, made: Statement) -> str:
    """The condition that an index leads through what may be meant: a few of all, as a rule."""
    if chosen.is_dry_run:
        return _MAY_BE_DRY_RUN
    platforms = [chosen.platform] if chosen.platform else list(Platform)
    walk = Walk(
        table="schedules",
        alias="s",
        key="schedule_id",
        lanes=lanes_of(brands, platforms, list(chosen.statuses)),
        order=("publish_time", "schedule_id"),
        only=[("s.wrong IN ('FAILED', 'MISSED')",)],  # as an index says it
    )
    if chosen.since and brands is None:
        since = Bound(place=(chosen.since,), is_in=True)
        lanes = {"platform": platforms, "wrong": list(chosen.statuses)}
        walk = replace(walk, lanes=lanes, order=("wrong_at",), begin=since)
    keys = walk.keys(limit=None, made=made)
    return f"s.schedule_id = ANY(ARRAY(SELECT k.key FROM ({keys.text}) k))"
