"""Schedules that follow what they were derived from: a campaign's days, a brand's zone and lateness."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.lanes import check_lanes, lock_lanes
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.application.zone_rules import check_zone_rules, remember_zone_rules
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.derivation import differences, in_zone, shifted, with_lateness
from marketmind_scheduler.domain.errors import BeyondHorizon, CannotFollow, Rejected, SendInFlight, TimeInPast
from marketmind_scheduler.domain.lifecycle import move
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.sources import Difference
from marketmind_scheduler.domain.wall_clock import Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.unhurried import unhurried

_FIRST_YEAR, _LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """With ``preview`` nothing is changed, and everything else is as it would be."""

    storage: Storage
    zones: ZoneCatalog
    clock: Clock
    horizon: timedelta

    @repeats_lost_races
    async def shift(
        self, campaign_id: UUID, by: Callable[[Campaign], int], *, preview: bool
    ) -> tuple[Campaign, Sequence[Schedule]]:
        """Move a campaign's days and its PENDING schedules ``by`` so many whole local days, all or nothing: wall times
        stay, also those chosen by hand. Returns the campaign and the schedules as they are then, in time order.

        Raises CampaignNotFound, TimeInPast, BeyondHorizon, ZoneRulesOutdated, PolicyViolated, and CannotFollow with the
        schedules that cannot be moved. What may break a rule where it stands may break it there, too.
        """
        now = self.clock.now()
        async with self.storage.unit_of_work() as work:
            await check_zone_rules(work, self.zones)
            found = await work.campaigns.get(campaign_id)
            await work.posts.lock_of_campaign(campaign_id, platforms=frozenset(Platform))
            rules = await lock_lanes(work, [(found.brand_id, platform) for platform in Platform])
            await work.campaigns.lock(campaign_id)
            campaign = await work.campaigns.get(campaign_id)
            days = by(campaign)
            later = _on_other_days(campaign, days, now)
            standing = await work.schedules.standing_of_campaign(campaign_id, platforms=frozenset(Platform))
            locked = await work.transitions.lock([each.schedule_id for each in standing if each.is_active])

            def to(slot: Slot) -> Slot:
                return shifted(slot, days=days, zone=campaign.zone, tz_release=self.zones.release)

            moved = await self._all_moved([each.schedule for each in locked] if days else [], to, now)
            await check_lanes(work, rules, moved, now=now)
            if preview or not days:
                return later, _in_time_order(moved or [each.schedule for each in locked])
            stored = await work.campaigns.save(later)
            schedules = await self._stored(work, moved, now)
            await work.commit()
        return stored, schedules

    @repeats_lost_races
    async def follow(
        self, brand_id: UUID, *, zone: bool, lateness: bool, preview: bool
    ) -> tuple[Brand, Sequence[Schedule]]:
        """Let the brand's PENDING schedules follow it, all or nothing: those that took its default zone keep their wall
        clock in the new one, and all may be as late as it says now. Returns those that change, in time order.

        Raises BrandNotFound, ZoneRulesOutdated, PolicyViolated, and CannotFollow with the schedules that cannot.
        """
        chosen = {Difference.ZONE: zone, Difference.LATENESS: lateness}
        differs = frozenset(difference for difference, is_wanted in chosen.items() if is_wanted)
        now = self.clock.now()
        async with self.storage.unit_of_work() as work:
            await check_zone_rules(work, self.zones)
            await work.brands.get(brand_id)
            rules = await lock_lanes(work, [(brand_id, platform) for platform in Platform])
            await work.brands.lock(brand_id)
            brand = await work.brands.get(brand_id)
            self.zones.check(brand.content.default_zone)
            found = await work.derivations.lock(ScheduleFilter(brand_id=brand_id, differs=differs))
            follows = await self._all_followed(found, brand, now, moves=zone)
            if lateness:
                follows = [with_lateness(each, brand.content.lateness) async for each in unhurried(follows)]
            before = {each.schedule_id: each.publish_time for each in found}
            moved = [each for each in follows if each.publish_time != before[each.schedule_id]]
            await check_lanes(work, rules, moved, now=now)
            if preview or not follows:
                return brand, _in_time_order(follows)
            schedules = await self._stored(work, follows, now)
            await work.commit()
        return brand, schedules

    async def _all_followed(
        self, found: Sequence[Schedule], brand: Brand, now: datetime, *, moves: bool
    ) -> Sequence[Schedule]:
        def to(slot: Slot) -> Slot:
            return in_zone(slot, brand.content.default_zone, tz_release=self.zones.release)

        judged = [each async for each in unhurried(found) if moves and Difference.ZONE in differences(each)]
        moving = {each.schedule_id for each in judged}
        moved = await self._all_moved(judged, to, now)
        stay = [each for each in found if each.schedule_id not in moving]
        told = [replace(each, version=each.version + 1, updated_at=now) async for each in unhurried(stay)]
        return [*moved, *told]

    async def _all_moved(
        self, schedules: Sequence[Schedule], to: Callable[[Slot], Slot], now: datetime
    ) -> Sequence[Schedule]:
        moved: list[Schedule] = []
        refused: list[Mapping[str, object]] = []
        async for each in unhurried(schedules):
            try:
                moved.append(self._moved(each, to, now))
            except (SendInFlight, Rejected) as why:
                refused.append({"schedule_id": each.schedule_id, "post_id": each.post_id, "reason": str(why)})
        if refused:
            raise CannotFollow(refused)
        return moved

    def _moved(self, schedule: Schedule, to: Callable[[Slot], Slot], now: datetime) -> Schedule:
        slot = to(schedule.slot)
        if slot.publish_time < now:
            raise TimeInPast(slot.local_text(), earliest=now)
        if slot.publish_time > now + self.horizon:
            raise BeyondHorizon(slot.local_text(), latest=now + self.horizon)
        return move(schedule, slot, now=now, scheduler=schedule.scheduler)  # who chose it is who chose it

    async def _stored(self, work: UnitOfWork, schedules: Sequence[Schedule], now: datetime) -> Sequence[Schedule]:
        await work.derivations.move(schedules)
        await remember_zone_rules(work, schedules, now=now)
        await take_turns(work, schedules, now=now)
        return _in_time_order(await work.schedules.find_all([each.schedule_id for each in schedules]))


def days_to(start: date) -> Callable[[Campaign], int]:
    """By how many days a campaign has to be shifted to start then."""
    return lambda campaign: (start - campaign.start_date).days


def _on_other_days(campaign: Campaign, days: int, now: datetime) -> Campaign:
    by = timedelta(days=days)
    try:
        start, end = campaign.start_date + by, campaign.end_date + by
    except OverflowError:
        raise BeyondHorizon(f"{days} days", latest=now.replace(year=_LAST_YEAR)) from None
    if start.year < _FIRST_YEAR:
        raise TimeInPast(start.isoformat(), earliest=now.replace(year=_FIRST_YEAR, month=1, day=1))
    if end.year > _LAST_YEAR:
        raise BeyondHorizon(end.isoformat(), latest=now.replace(year=_LAST_YEAR, month=12, day=31))
    return replace(campaign, start_date=start, end_date=end, updated_at=now) if days else campaign


def _in_time_order(schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    return sorted(schedules, key=lambda each: (each.publish_time, each.schedule_id))
