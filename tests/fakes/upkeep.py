"""Upkeep in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from marketmind_scheduler.domain.post import Platform
from tests.fakes.lanes import busy_lanes, take_turns
from tests.fakes.storage import InMemoryStorage


class InMemoryUpkeep:
    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            return take_turns(rows, busy_lanes(rows, now=now), age=age, paces=paces, now=now)

    async def forget_expired(self, *, limit: int) -> int:
        del limit  # answers, allowances and keys are not in this storage
        return 0

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
