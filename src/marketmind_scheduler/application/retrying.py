"""Trying many posts again at once, such as after a receiver was configured wrongly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.lanes import broken_on, check_lanes, lock_lanes
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.application.zone_rules import remember_zone_rules
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.rules.limits import least_distance
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.rules.violations import BrandRules, Violation
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.wall_clock import Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import LaneCount
from marketmind_scheduler.unhurried import unhurried

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """So many on each lane, and so many ``left`` for another call. Nothing was made where rules are ``broken``."""

    lanes: Sequence[LaneCount]
    left: int
    broken: Sequence[Violation] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    storage: Storage
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    quota: Quota

    @repeats_lost_races
    async def preview(self, chosen: RetryFilter, *, override: Overriding = NOTHING) -> Retried:
        """How many would be tried again, in as many calls as it takes, and for which rules the first of these would be
        refused now. Raises BrandNotFound, CampaignNotFound."""
        async with self.storage.unit_of_work() as work:
            lanes = await _counted(work, chosen)
            _, rules, wanted = await self._planned(work, chosen, override, now := self.clock.now())
            return Retried(lanes=lanes, left=0, broken=await broken_on(work, rules, wanted, now=now))

    @repeats_lost_races
    async def retry(self, chosen: RetryFilter, *, override: Overriding = NOTHING) -> Retried:
        """Give up to MOST_AT_ONCE of them a new schedule each, all or nothing: on each lane one now and one more at
        each pace, or as far apart as the policy wants them, in the order of their publish times, behind what waits
        there. They may break the rules in ``override``. Done again it finds only what is left.

        Raises BrandNotFound, CampaignNotFound, QuotaExceeded, PolicyViolated.
        """
        async with self.storage.unit_of_work() as work:
            lanes = await _counted(work, chosen)
            now = self.clock.now()
            found, rules, wanted = await self._planned(work, chosen, override, now)
            for brand_id, adding in Counter(each.brand_id for each in found).items():
                await self.quota.check(work.schedules, brand_id, adding=adding, now=now)
            if found:
                await check_lanes(work, rules, wanted, now=now)
                stored = await work.bookings.add(wanted)
                await remember_zone_rules(work, stored, now=now)
                await take_turns(work, stored, now=now, age=timedelta())
                await work.commit()
        return Retried(lanes=_lanes(found), left=max(0, sum(each.schedules for each in lanes) - len(found)))

    async def _planned(
        self, work: UnitOfWork, chosen: RetryFilter, override: Overriding, now: datetime
    ) -> tuple[Sequence[Schedule], Mapping[UUID, BrandRules], Sequence[Schedule]]:
        """What one call tries again, the rules of its brands, and the schedules that it would get; posts and lanes are
        locked."""
        found = await work.retryables.lock(chosen, limit=MOST_AT_ONCE)
        if not found:
            return (), {}, ()
        posts = {post.post_id: post for post in await work.posts.find_all([each.post_id for each in found])}
        rules = await lock_lanes(work, [(each.brand_id, each.platform) for each in found])
        return found, rules, await self._appointments(found, posts, rules, now, override)

    async def _appointments(
        self,
        found: Sequence[Schedule],
        posts: Mapping[UUID, Post],
        rules: Mapping[UUID, BrandRules],
        now: datetime,
        override: Overriding,
    ) -> Sequence[Schedule]:
        before: Counter[tuple[UUID, Platform]] = Counter()  # how many of a lane go out sooner
        made: list[Schedule] = []
        async for each in unhurried(found):
            lane = each.brand_id, each.platform
            apart = max(PACES[each.platform], least_distance(rules[each.brand_id], each.platform))
            at = now + before[lane] * apart
            before[lane] += 1
            made.append(self._appointment(each, posts[each.post_id], at, now, override))
        return made

    def _appointment(self, failed: Schedule, post: Post, at: datetime, now: datetime, override: Overriding) -> Schedule:
        return Schedule.pending(
            self.new_id(),
            post=post,
            slot=Slot.at(at, zone=failed.slot.intent.zone, tz_release=self.zones.release),
            scheduler=None,
            now=now,
            retry_of=failed.schedule_id,
            overridden=override,
        )


async def _counted(work: UnitOfWork, chosen: RetryFilter) -> Sequence[LaneCount]:
    """How many there are by lane. Raises BrandNotFound, CampaignNotFound."""
    if chosen.brand_id is not None:
        await work.brands.get(chosen.brand_id)
    if chosen.campaign_id is not None:
        await work.campaigns.get(chosen.campaign_id)
    return await work.retryables.count(chosen)


def _lanes(schedules: Sequence[Schedule]) -> Sequence[LaneCount]:
    lanes = Counter((each.brand_id, each.platform) for each in schedules)
    return [
        LaneCount(brand_id=brand_id, platform=platform, schedules=count)
        for (brand_id, platform), count in sorted(lanes.items())
    ]
