"""Looking for schedules page by page, also by what no index knows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.schedule_lists import (
    beside_walks,
    is_along_an_index,
    listing,
    walks_of,
)
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import SELECT, to_schedules
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Walks
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.schedule_search import Found
from marketmind_scheduler.ports.schedules import ScheduleFilter

LOOKED_AT, LOOKS = 1_000, 10
"""Schedules in one look, and looks: a small part of all, so that the planner goes along an index."""


class PostgresScheduleSearch:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def search(self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None) -> Found:
        if chosen.campaign_id or chosen.among is not None or is_along_an_index(chosen):
            return _found(await self._fetch(*listing(chosen, self._reach, limit=limit + 1, after=after)), limit)
        pending = replace(chosen, status=ScheduleStatus.PENDING)  # nothing else is said to differ
        walks = walks_of(pending if chosen.differs else chosen, self._reach, after=after)
        rows: list[Schedule] = []
        last = after
        for _ in range(LOOKS):
            last = await self._last_looked_at(walks)
            looked_at = walks.between(None, Bound(place=last, is_in=True)) if last else walks
            rows += await self._fetch(*_looking(looked_at, chosen, limit=limit + 1 - len(rows)))
            if last is None or len(rows) > limit:
                return _found(rows, limit)
            walks = walks.between(Bound(place=last, is_in=False), None)
        return Found(rows, goes_on=last)

    async def _last_looked_at(self, walks: Walks) -> tuple[datetime, UUID] | None:
        """None: to the end."""
        of_each = max(1, LOOKED_AT // max(1, walks.combinations))
        made = walks.keys(limit=1, skip=of_each - 1)
        row = await self._connection.fetchrow(made.text, *made.parameters)
        return None if row is None else (row["place_0"], row["place_1"])

    async def _fetch(self, statement: str, parameters: Sequence[object]) -> Sequence[Schedule]:
        return await to_schedules(await self._connection.fetch(statement, *parameters))


def _looking(walks: Walks, chosen: ScheduleFilter, *, limit: int) -> tuple[str, Sequence[object]]:
    conditions = [each for each in beside_walks(chosen) if None not in each[1:]]
    made = walks.page(SELECT, limit=LOOKED_AT + walks.combinations, conditions=conditions)
    return f"{made.text} LIMIT {made.given(limit, 'bigint')}", made.parameters


def _found(rows: Sequence[Schedule], limit: int) -> Found:
    """Of rows that were asked for one more than are to be shown."""
    if len(rows) <= limit:
        return Found(rows, goes_on=None)
    last = rows[limit - 1]
    return Found(rows[:limit], goes_on=(last.publish_time, last.schedule_id))
