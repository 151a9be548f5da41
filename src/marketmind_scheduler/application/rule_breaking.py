"""What stands already and breaks rules that came later."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from marketmind_scheduler.application.lanes import occupied_beside
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules, Wanted
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.lanes import Ahead
from marketmind_scheduler.ports.schedule_search import Found
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import UnitOfWork
from marketmind_scheduler.unhurried import aside

LOOKED_AT, MOST_BRANDS = 1000, 100
"""A page of all brands looks at so many schedules, and at so many brands that have rules."""

_CHOSEN_BEFORE = frozenset({RuleKind.LEAD_TIME})  # of what stands, it is not asked any more how long before


async def breaking_ids(work: UnitOfWork, brand_id: UUID, *, now: datetime) -> Collection[UUID]:
    """The PENDING schedules of the brand that break its rules as they are now, but for those that they may break."""
    if not await work.policies.ruled_brands(among=[brand_id]):
        return ()
    [rules] = (await work.lanes.lock({brand_id: ()})).values()
    return await _breaking(work, rules, await work.lanes.ahead(brand_id), now)


async def find_breaking(
    work: UnitOfWork, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None, now: datetime
) -> Found:
    """What ``ScheduleSearch`` finds, as far as it is PENDING and breaks the rules of its brand as they are now. Where
    no brand is named, a page looks at LOOKED_AT schedules of MOST_BRANDS brands with rules and no more: there may be
    fewer, or none, and yet a place to go on from."""
    if chosen.status not in (None, ScheduleStatus.PENDING):
        return Found((), goes_on=None)
    if chosen.brand_id:
        among = frozenset(await breaking_ids(work, chosen.brand_id, now=now))
        return await work.searches.search(replace(chosen, among=among), limit=limit, after=after)
    pending = replace(chosen, status=ScheduleStatus.PENDING)
    found = await work.searches.search(pending, limit=LOOKED_AT, after=after)
    ruled = await work.policies.ruled_brands(among={each.brand_id for each in found.schedules})
    looked_at = _of_few_brands(found, frozenset(ruled))
    broken = await _breaking_of_brands(work, looked_at.schedules, now)
    return _first([each for each in looked_at.schedules if each.schedule_id in broken], looked_at.goes_on, limit)


def _of_few_brands(found: Found, ruled: Collection[UUID]) -> Found:
    """Those of brands with rules, up to the first of one brand too many."""
    brands: set[UUID] = set()
    kept: list[Schedule] = []
    goes_on = None
    for each in found.schedules:
        if each.brand_id in ruled:
            brands.add(each.brand_id)
            if len(brands) > MOST_BRANDS:
                return Found(kept, goes_on=goes_on)
            kept.append(each)
        goes_on = (each.publish_time, each.schedule_id)
    return Found(kept, goes_on=found.goes_on)


def _first(schedules: Sequence[Schedule], goes_on: tuple[datetime, UUID] | None, limit: int) -> Found:
    if len(schedules) <= limit:
        return Found(schedules, goes_on=goes_on)
    last = schedules[limit - 1]
    return Found(schedules[:limit], goes_on=(last.publish_time, last.schedule_id))


async def _breaking_of_brands(work: UnitOfWork, schedules: Sequence[Schedule], now: datetime) -> Collection[UUID]:
    of_brands: defaultdict[UUID, list[Ahead]] = defaultdict(list)
    for each in schedules:
        of_brands[each.brand_id].append(_ahead(each))
    rules = await work.lanes.lock(dict.fromkeys(of_brands, ()))
    broken: set[UUID] = set()
    for brand_id, ahead in of_brands.items():
        broken.update(await _breaking(work, rules[brand_id], ahead, now))
    return broken


async def _breaking(work: UnitOfWork, rules: BrandRules, ahead: Sequence[Ahead], now: datetime) -> Collection[UUID]:
    """Of these, which are all of one brand; what stands beside them counts as well."""
    if not ahead:
        return ()
    places, binding = [each.place for each in ahead], rules.without(_CHOSEN_BEFORE)
    occupied = await occupied_beside(work, binding, places, besides=[each.schedule_id for each in ahead])
    broken = await aside(partial(breaking, places, occupied, binding, now=now), len(places))
    return [each.schedule_id for each in ahead if not each.overridden.issuperset(broken.get(each.place.post_id, ()))]


def _ahead(schedule: Schedule) -> Ahead:
    place = Wanted(post_id=schedule.post_id, platform=schedule.platform, publish_time=schedule.publish_time)
    return Ahead(schedule_id=schedule.schedule_id, place=place, overridden=schedule.overridden)
