"""Scheduling single posts: schedule, read, move, cancel."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.forgotten import check_not_forgotten
from marketmind_scheduler.application.lanes import check_lanes, lock_lanes
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.post_booking import PostBooking
from marketmind_scheduler.application.rule_breaking import find_breaking
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.application.zone_rules import check_zone_rules, remember_zone_rules
from marketmind_scheduler.domain.errors import ScheduleNotFound, SendInFlight
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.lifecycle import cancelled, may_be_cancelled, move
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.schedule import Hold, Schedule
from marketmind_scheduler.domain.sources import Difference
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.wall_clock import IntentKind, Slot
from marketmind_scheduler.ports.schedule_search import Found
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import UnitOfWork
from marketmind_scheduler.ports.transitions import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class PostScheduling(PostBooking):
    async def get(self, post_id: UUID) -> Schedule:
        """The post's active schedule, else its most recent one; raises PostNotFound, ScheduleNotFound, and Gone where
        that was forgotten."""
        async with self.storage.reading() as repositories:
            schedule = await repositories.schedules.find_current(post_id)
            if schedule is None:
                await repositories.posts.get(post_id)
            if schedule is None or not schedule.is_active:
                await check_not_forgotten(repositories, post_id, schedule)
            if schedule is None:
                raise ScheduleNotFound(post_id)
            return schedule

    async def list(
        self,
        chosen: ScheduleFilter,
        *,
        breaks_policy: bool = False,
        limit: int,
        after: tuple[datetime, UUID] | None,
    ) -> Found:
        """Up to ``limit`` schedules in time order, those behind ``after``, as ``ScheduleSearch`` finds them; with
        ``breaks_policy`` as ``find_breaking`` does. The days of a campaign are looked up where what differs from them
        is asked for; raises CampaignNotFound."""
        async with self.storage.reading() as repositories:
            if Difference.DATES in chosen.differs and chosen.campaign_id:
                campaign = await repositories.campaigns.get(chosen.campaign_id)
                chosen = replace(chosen, days=campaign.days)
            if not breaks_policy:
                return await repositories.searches.search(chosen, limit=limit, after=after)
        async with self.storage.unit_of_work() as work:
            return await find_breaking(work, chosen, limit=limit, after=after, now=self.clock.now())

    @repeats_lost_races
    async def move(
        self,
        post_id: UUID,
        asked: AskedTime,
        *,
        version: int | None,
        override: Overriding = NOTHING,
        expected: Expectation[Schedule] = ANYTHING,
    ) -> Schedule:
        """Move the post's PENDING schedule to another time, in the zone and with the disambiguation that it has, unless
        the caller says otherwise. It may break the rules in ``override``; at the instant that it has, it stays allowed
        to break what it was allowed to.

        Raises PostNotFound, ScheduleNotFound when none is active, PreconditionFailed, StaleVersion, SendInFlight when
        its post may be out, TimeInPast, BeyondHorizon, PolicyViolated, and what ``read_slot`` raises.
        """
        async with self.storage.unit_of_work() as work:
            post = await work.posts.lock(post_id)
            rules = await lock_lanes(work, [(post.brand_id, post.platform)])
            current = await _active(work, post_id, await work.bookings.lock_to_move(post_id))
            expected.check(current)
            current.check_version(version)
            slot = await self._slot(asked.over(current.slot), rules[post.brand_id].zone, work)
            is_same = slot.asks_the_same_as(current.slot, self.zones) and slot.takes_its_zone_as(current.slot)
            if is_same and Hold.LATE not in current.holds:
                return current
            now = self.clock.now()
            moved = move(current, slot, now=now)
            asked.check_bounds(slot, now=now, horizon=self.horizon)
            if slot.publish_time != current.publish_time:
                moved = replace(moved, overridden=override)
                await check_lanes(work, rules, [moved], now=now)
            stored = await work.bookings.move(moved)
            await remember_zone_rules(work, [stored], now=now)
            await take_turns(work, [stored], now=now)
            shown = await work.schedules.get(stored.schedule_id)
            await work.commit()
            return shown

    @repeats_lost_races
    async def cancel(self, post_id: UUID, *, expected: Expectation[Schedule] = ANYTHING) -> Schedule:
        """Cancel the post's PENDING schedule: no send of it starts any more. Where an earlier send may be out, it is
        UNCONFIRMED afterwards.

        Raises PostNotFound, ScheduleNotFound when none is active, PreconditionFailed, SendInFlight when its post may be
        out.
        """
        async with self.storage.unit_of_work() as work:
            await work.posts.lock(post_id)
            current = await _active(work, post_id, await work.bookings.lock_current(post_id))
            expected.check(current)
            before = Standing.of(current)
            if not may_be_cancelled(before):
                raise SendInFlight(current.schedule_id, status=current.status, change="cancelled")
            change = Change(schedule_id=current.schedule_id, step=cancelled(before))
            [stored] = await work.transitions.record([change], at=self.clock.now())
            await work.commit()
            return stored

    async def _slot(self, asked: AskedTime, default_zone: str, work: UnitOfWork) -> Slot:
        slot = asked.slot(default_zone, self.zones)
        if slot.intent.kind is IntentKind.WALL:
            await check_zone_rules(work, self.zones)
        return slot


async def _active(work: UnitOfWork, post_id: UUID, current: Schedule | None) -> Schedule:
    if current is None or not current.is_active:
        await check_not_forgotten(work, post_id, current)
        raise ScheduleNotFound(post_id)
    return current
