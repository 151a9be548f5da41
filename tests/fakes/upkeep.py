"""Upkeep in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from marketmind_scheduler.domain.event import UPKEEP, EventKind
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import DEFAULT_RETENTION, Retention
from marketmind_scheduler.domain.schedule import Hold
from tests.fakes.forgetting import forget
from tests.fakes.lanes import busy_lanes, lane_of, take_turns
from tests.fakes.rows import Row, Rows, place_in_time
from tests.fakes.storage import InMemoryStorage


class InMemoryUpkeep:
    def __init__(
        self, storage: InMemoryStorage, *, retention: Retention = DEFAULT_RETENTION, actor: str = UPKEEP
    ) -> None:
        self._storage = storage
        self._retention = retention
        self._actor = actor

    def acting(self, actor: str) -> "InMemoryUpkeep":
        return InMemoryUpkeep(self._storage, retention=self._retention, actor=actor)

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            return take_turns(rows, busy_lanes(rows, now=now), age=age, paces=paces, now=now)

    async def lanes_due(self, platforms: Collection[Platform], *, since: timedelta, limit: int) -> Collection[Lane]:
        del limit
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            return {lane for row in _waiting(rows, since=since, now=now) if (lane := lane_of(row))[1] in platforms}

    async def lanes_held(self, platforms: Collection[Platform]) -> Collection[Lane]:
        with self._storage.changing() as rows:
            return {lane for row in _without_receiver(rows) if (lane := lane_of(row))[1] in platforms}

    async def hold(self, lanes: Mapping[Lane, str], *, since: timedelta, limit: int) -> int:
        now = self._storage.clock.now()
        with self._storage.changing(self._actor) as rows:
            found = _first_of_each(_waiting(rows, since=since, now=now), lanes, limit=limit)
            for row in found:
                held = row.held(Hold.NO_RECEIVER, now=now)
                shown = replace(held.schedule, error=lanes[lane_of(row)])
                rows.put(replace(held, schedule=shown), EventKind.PARKED, now=now)
        return len(found)

    async def release(
        self, lanes: Collection[Lane], *, age: timedelta, paces: Mapping[Platform, timedelta], limit: int
    ) -> int:
        now = self._storage.clock.now()
        with self._storage.changing(self._actor) as rows:
            found = _first_of_each(_without_receiver(rows), lanes, limit=limit)
            for row in found:
                rows.put(row.released(Hold.NO_RECEIVER, ready_at=now, now=now), EventKind.RESUMED, now=now)
            take_turns(rows, lanes, age=age, paces=paces, now=now)
        return len(found)

    async def forget_expired(self, *, limit: int) -> int:
        """Answers, allowances and keys are not in this storage."""
        with self._storage.changing() as rows:
            return forget(rows, self._retention, now=self._storage.clock.now(), limit=limit)

    async def sequence_events(self, *, limit: int) -> int:
        with self._storage.changing() as rows:
            last = max((event.position for event in rows.events), default=rows.forgotten_up_to)
            told = [replace(event, position=last + nth) for nth, event in enumerate(rows.outbox[:limit], start=1)]
            rows.outbox, rows.events = rows.outbox[limit:], (*rows.events, *told)
            for campaign_id in {event.campaign_id for event in told if event.campaign_id}:
                rows.follow_schedules(campaign_id, now=self._storage.clock.now())
        return len(told)


def _waiting(rows: Rows, *, since: timedelta, now: datetime) -> Iterable[Row]:
    every = rows.schedules.values()
    return [row for row in every if row.due_at is not None and row.schedule.publish_time <= now - since]


def _without_receiver(rows: Rows) -> Iterable[Row]:
    return [row for row in rows.schedules.values() if Hold.NO_RECEIVER in row.schedule.holds]


def _first_of_each(found: Iterable[Row], lanes: Iterable[Lane], *, limit: int) -> Sequence[Row]:
    """Up to ``limit`` of each of these lanes, the earliest first."""
    in_order = sorted(found, key=lambda row: place_in_time(row.schedule))
    return [row for lane in lanes for row in [each for each in in_order if lane_of(each) == lane][:limit]]
