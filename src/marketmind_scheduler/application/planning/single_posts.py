"""One post by itself, at the time that a scheduler finds for it: a plan of one, made and stored."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from marketmind_scheduler.application.asked_times import AskedPlace
from marketmind_scheduler.application.booking import already_scheduled, book
from marketmind_scheduler.application.forgotten import check_not_published
from marketmind_scheduler.application.lanes import lock_lanes
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.planning.cases import profiles_of, surroundings
from marketmind_scheduler.application.planning.proposing import check_whole, proposed
from marketmind_scheduler.application.planning.share import SolverShare
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.zone_rules import check_zone_rules
from marketmind_scheduler.domain.errors import PolicyViolated
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.planning.digests import parts_of
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.planning.windows import Window
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import local_day
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.storage import LostRace, Storage, UnitOfWork


class LaneQueues:
    """Lets those who plan one lane in this process do so one after another, so that none plans in vain."""

    def __init__(self) -> None:
        self._locks = WeakValueDictionary[Lane, asyncio.Lock]()

    def of(self, lane: Lane) -> asyncio.Lock:
        lock = self._locks.get(lane) or asyncio.Lock()
        self._locks[lane] = lock
        return lock


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPlanning:
    storage: Storage
    schedulers: Mapping[SchedulerKind, Scheduler]
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota
    share: SolverShare = field(default_factory=SolverShare)
    queues: LaneQueues = field(default_factory=LaneQueues)

    async def schedule(
        self, post_id: UUID, asked: AskedPlace, *, allow_repost: bool, override: Overriding = NOTHING
    ) -> tuple[Schedule, bool]:
        """Give a post the time that a scheduler finds for it, round all that stands on its lane; it may break the rules
        in ``override``. Returns the schedule, and whether this call made it: where this scheduler has placed the post
        within the window that is asked for, that is what is asked for.

        Raises PostNotFound, AlreadyScheduled where another schedule is active, AlreadyPublished unless
        ``allow_repost``, PolicyViolated where nothing is open, TimeInPast, BeyondHorizon, QuotaExceeded,
        ZoneRulesOutdated, SchedulerUnavailable, and what ``AskedPlace.window`` raises.
        """
        async with self.storage.reading() as repositories:
            post = await repositories.posts.get(post_id)
        async with self.queues.of((post.brand_id, post.platform)):
            return await self._scheduled(post, asked, override=override, allow_repost=allow_repost)

    @repeats_lost_races
    async def _scheduled(
        self, post: Post, asked: AskedPlace, *, allow_repost: bool, override: Overriding
    ) -> tuple[Schedule, bool]:
        now = self.clock.now()
        async with self.storage.unit_of_work() as work:
            read = await self._read(work, post.post_id, asked, allow_repost=allow_repost, override=override, now=now)
        if isinstance(read, Schedule):
            return read, False
        asked.check_bounds(read.window, now=now, horizon=self.horizon)
        with self.share.taken(asked.scheduler):
            plan = await proposed(self.schedulers[asked.scheduler], read.brief, horizon=self.horizon)
        check_whole(plan)
        [placement] = plan.placements
        async with self.storage.unit_of_work() as work:
            await work.posts.lock(post.post_id)
            rules = await lock_lanes(work, [(post.brand_id, post.platform)])
            again = await self._read(work, post.post_id, asked, allow_repost=allow_repost, override=override, now=now)
            if isinstance(again, Schedule):
                return again, False
            if violations(plan, again.brief):
                raise LostRace
            wanted = Schedule.pending(
                self.new_id(),
                post=again.post,
                slot=placement.slot.in_zone_by_default(),  # what is open is said in the brand's
                scheduler=plan.scheduler,
                now=now,
                overridden=override,
            )
            try:
                return await book(work, wanted, rules, quota=self.quota, now=now), True
            except PolicyViolated:
                if parts_of(again.brief) == parts_of(read.brief):
                    raise
                raise LostRace from None

    async def _read(
        self,
        work: UnitOfWork,
        post_id: UUID,
        asked: AskedPlace,
        *,
        allow_repost: bool,
        override: Overriding,
        now: datetime,
    ) -> "_Single | Schedule":
        """The post with all that its plan depends on, or the schedule that stands as is asked for."""
        await check_zone_rules(work, self.zones)
        post = await work.posts.get(post_id)
        brand = await work.brands.get(post.brand_id)
        window = asked.window(brand.content.default_zone, self.zones, now=now)
        standing = await work.schedules.standing_of_post(post_id)
        if active := next((each for each in standing if each.is_active), None):
            if window.is_met_by(active, asked.scheduler):
                return active
            raise already_scheduled(active)
        if not allow_repost:
            await check_not_published(work, post_id, standing)
        rules = (await work.lanes.lock({post.brand_id: ()}))[post.brand_id].without(override)
        begin, zone, lane = window.begin(now), brand.content.default_zone, {post.platform}
        to_place = PostToPlace(post_id=post_id, platform=post.platform, not_before=window.first, not_after=window.last)
        brief = Brief(
            campaign_id=post_id,
            brand=brand.content,
            tz_release=self.zones.release,
            first_day=local_day(begin, zone),
            last_day=local_day(max(begin, window.last), zone),
            now=now,
            posts=(to_place,),
            occupied=tuple(await surroundings(work, rules, lane, (begin, window.last))),
            rules=rules,
            profiles=await profiles_of(work, post.brand_id, lane),
            explores=False,
            is_of_one=True,
        )
        return _Single(post, window, brief)


@dataclass(frozen=True, slots=True)
class _Single:
    post: Post
    window: Window
    brief: Brief
