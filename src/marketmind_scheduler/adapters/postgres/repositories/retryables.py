"""What may be tried again: SQL in, frozen values out."""

from collections.abc import Sequence

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import JOINED, SHOWN, to_schedule
from marketmind_scheduler.adapters.postgres.repositories.schedules import OF_CAMPAIGN, containing
from marketmind_scheduler.adapters.postgres.repositories.selections import Condition, where, within
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.transitions import LaneCount

_FROM = f"FROM schedules s {JOINED}"
_IS_DRY_RUN = "{}.status = 'COMPLETED' AND {}.external_id = 'dry-run-' || {}.schedule_id"
# ids rise with time, so a greater one is a later schedule
_IS_LAST = f"""NOT EXISTS (
  SELECT FROM schedules n WHERE n.post_id = s.post_id AND n.schedule_id <> s.schedule_id
     AND (n.finished_at IS NULL OR n.schedule_id > s.schedule_id
          OR n.status = 'COMPLETED' AND ({_IS_DRY_RUN.replace("{}", "n")}) IS NOT TRUE))
  AND NOT EXISTS (
  SELECT FROM forgotten_schedules f WHERE f.post_id = s.post_id
     AND (f.schedule_id > s.schedule_id OR f.status = 'COMPLETED' AND NOT f.is_dry_run))"""


class PostgresRetryables:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def count(self, chosen: RetryFilter) -> Sequence[LaneCount]:
        conditions, parameters = where(self._conditions(chosen), after=0)
        rows = await self._connection.fetch(
            f"SELECT s.brand_id, s.platform, count(*) {_FROM}{conditions} GROUP BY 1, 2 ORDER BY 1, 2",
            *parameters,
        )
        return [LaneCount(brand_id=row[0], platform=Platform(row[1]), schedules=row[2]) for row in rows]

    async def lock(self, chosen: RetryFilter, *, limit: int) -> Sequence[Schedule]:
        conditions, parameters = where(self._conditions(chosen), after=1)
        rows = await self._connection.fetch(
            f"SELECT {SHOWN} {_FROM}{conditions} ORDER BY s.publish_time, s.schedule_id LIMIT $1"
            " FOR NO KEY UPDATE OF p",
            limit,
            *parameters,
        )
        return [to_schedule(row) for row in rows]

    def _conditions(self, chosen: RetryFilter) -> Sequence[Condition]:
        return [
            within(self._reach, "s.brand_id"),
            (OF_CAMPAIGN, chosen.campaign_id),
            ("s.brand_id = {}", chosen.brand_id),
            ("s.platform = {}", chosen.platform),
            ("s.finished_at >= {}", chosen.since),
            ("s.last_error ILIKE ANY({}::text[])", None if chosen.in_error is None else containing(chosen.in_error)),
            (_IS_DRY_RUN.replace("{}", "s"),) if chosen.is_dry_run else ("s.status = ANY({})", list(chosen.statuses)),
            (_IS_LAST,),
            ("p.deleted_at IS NULL",),
        ]
