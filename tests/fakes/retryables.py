"""What may be tried again, over the rows of the storage in memory."""

from collections import Counter
from collections.abc import Sequence

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.transitions import LaneCount
from tests.fakes.rows import View, in_time_order


class InMemoryRetryables:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def count(self, chosen: RetryFilter) -> Sequence[LaneCount]:
        lanes = Counter((each.brand_id, each.platform) for each in self._found(chosen))
        return [
            LaneCount(brand_id=brand_id, platform=platform, schedules=count)
            for (brand_id, platform), count in sorted(lanes.items())
        ]

    async def lock(self, chosen: RetryFilter, *, limit: int) -> Sequence[Schedule]:
        return self._found(chosen)[:limit]

    def _found(self, chosen: RetryFilter) -> Sequence[Schedule]:
        return in_time_order(
            each
            for row in self._view().schedules.values()
            if self._is_chosen(each := row.schedule, chosen) and self._is_last(each)
        )

    def _is_chosen(self, each: Schedule, chosen: RetryFilter) -> bool:
        is_dry_run = each.status is ScheduleStatus.COMPLETED and each.is_dry_run
        return (
            self._reach.covers(each.brand_id)
            and each.post_id not in self._view().deleted
            and chosen.brand_id in (None, each.brand_id)
            and chosen.campaign_id in (None, self._view().posts[each.post_id].campaign_id)
            and chosen.platform in (None, each.platform)
            and (chosen.since is None or each.updated_at >= chosen.since)
            and (chosen.in_error is None or chosen.in_error.lower() in (each.error or "").lower())
            and (is_dry_run if chosen.is_dry_run else each.status in chosen.statuses)
        )

    def _is_last(self, schedule: Schedule) -> bool:
        rows = self._view()
        forgotten = (each for each in rows.forgotten.values() if each.post_id == schedule.post_id)
        others = (*(row.schedule for row in rows.rows_of({schedule.post_id})), *forgotten)
        return not any(
            each.is_active
            or each.schedule_id > schedule.schedule_id
            or (each.status is ScheduleStatus.COMPLETED and not each.is_dry_run)
            for each in others
            if each.schedule_id != schedule.schedule_id
        )
