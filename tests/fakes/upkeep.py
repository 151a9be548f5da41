"""Upkeep in memory, over the rows of the storage in memory and its clock."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from tests.fakes.rows import place_in_time
from tests.fakes.storage import InMemoryStorage


class InMemoryUpkeep:
    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        now = self._storage.clock.now()
        before: Counter[tuple[UUID, Platform]] = Counter()  # how many of a lane go out sooner
        waiting = 0
        with self._storage.changing() as rows:
            overdue = [row for row in rows.schedules.values() if row.due_at and row.due_at < now - age]
            for row in sorted(overdue, key=lambda row: place_in_time(row.schedule)):
                if (pace := paces.get(row.schedule.platform)) is None:
                    continue
                lane = row.schedule.brand_id, row.schedule.platform
                rows.schedules[row.schedule_id] = replace(row, due_at=now + before[lane] * pace)
                waiting += bool(before[lane])
                before[lane] += 1
        return waiting

    async def sequence_events(self, *, limit: int) -> int:
        with self._storage.changing() as rows:
            last = len(rows.events)
            told = [
                replace(event, position=last + nth, campaign_id=rows.posts[event.post_id].campaign_id)
                for nth, event in enumerate(rows.outbox[:limit], start=1)
            ]
            rows.outbox, rows.events = rows.outbox[limit:], (*rows.events, *told)
            for campaign_id in {event.campaign_id for event in told if event.campaign_id}:
                rows.follow_schedules(campaign_id, now=self._storage.clock.now())
        return len(told)
