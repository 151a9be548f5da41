"""Holds in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound
from marketmind_scheduler.domain.event import SERVICE, EventKind
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold
from tests.fakes.lanes import lane_of, take_turns
from tests.fakes.rows import Row, Rows, place_in_time
from tests.fakes.storage import InMemoryStorage


class InMemoryHolds:
    """Nothing here takes long, so each method is one change."""

    def __init__(self, storage: InMemoryStorage, actor: str = SERVICE) -> None:
        self._storage = storage
        self._actor = actor

    def acting(self, actor: str) -> "InMemoryHolds":
        return InMemoryHolds(self._storage, actor)

    async def place(self, hold: Hold, of: UUID, *, expected: Expectation[Brand | Campaign] = ANYTHING) -> None:
        now = self._storage.clock.now()
        with self._storage.changing(self._actor) as rows:
            expected.check(_found(rows, hold, of))
            _pause(rows, hold, of, since=now, now=now)
            for row in _active_of(rows, hold, of):
                if hold not in row.schedule.holds:
                    rows.put(row.held(hold, now=now), EventKind.PARKED, now=now)

    async def lift(
        self,
        hold: Hold,
        of: UUID,
        *,
        paces: Mapping[Platform, timedelta],
        expected: Expectation[Brand | Campaign] = ANYTHING,
    ) -> None:
        now = self._storage.clock.now()
        with self._storage.changing(self._actor) as rows:
            expected.check(_found(rows, hold, of))
            _pause(rows, hold, of, since=None, now=now)
            held = [row for row in _active_of(rows, hold, of) if hold in row.schedule.holds]
            for row in held:
                rows.put(row.released(hold, ready_at=now, now=now), EventKind.RESUMED, now=now)
            take_turns(rows, map(lane_of, held), age=timedelta(), paces=paces, now=now)


def _found(rows: Rows, hold: Hold, of: UUID) -> Brand | Campaign:
    if hold is Hold.BRAND_PAUSED:
        if brand := rows.brands.get(of):
            return brand
        raise BrandNotFound(of)
    if campaign := rows.campaigns.get(of):
        return rows.campaign_shown(campaign)
    raise CampaignNotFound(of)


def _pause(rows: Rows, hold: Hold, of: UUID, *, since: datetime | None, now: datetime) -> None:
    if hold is Hold.BRAND_PAUSED:
        brand = rows.brands[of]
        rows.brands[of] = replace(brand, paused_at=since and (brand.paused_at or since), updated_at=now)
        return
    rows.campaigns[of] = replace(rows.campaigns[of], updated_at=now)
    rows.paused_campaigns = rows.paused_campaigns | {of} if since else rows.paused_campaigns - {of}
    rows.follow_schedules(of, now=now)


def _active_of(rows: Rows, hold: Hold, of: UUID) -> list[Row]:
    """Its active schedules in time order."""
    if hold is Hold.BRAND_PAUSED:
        found = [row for row in rows.schedules.values() if row.schedule.brand_id == of]
    else:
        found = rows.rows_of({post.post_id for post in rows.posts_of(of)})
    active = (row for row in found if row.schedule.is_active)
    return sorted(active, key=lambda row: place_in_time(row.schedule))
