"""New appointments of single posts: made, made again, or only looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.booking import already_scheduled, book, book_as_seen
from marketmind_scheduler.application.forgotten import check_not_published
from marketmind_scheduler.application.lanes import broken_on, lock_lanes
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.schedule_records import ScheduleRecord, record_of
from marketmind_scheduler.domain.errors import NotRetryable
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.lifecycle import may_be_tried_again
from marketmind_scheduler.domain.pacing import OVERDUE
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.rules.violations import Violation
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.wall_clock import IntentKind, Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.post_bookings import Look
from marketmind_scheduler.ports.storage import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTime:
    """What a time means, the rules that it would break, and the post's ``active`` schedule, if it has one."""

    slot: Slot
    active: Schedule | None
    broken: Sequence[Violation]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostBooking:
    storage: Storage
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota

    @repeats_lost_races
    async def schedule(
        self, post_id: UUID, asked: AskedTime, *, allow_repost: bool, override: Overriding = NOTHING
    ) -> tuple[Schedule, bool]:
        """Give a post its appointment; it may break the rules in ``override``. Returns the schedule, and whether this
        call made it: the same request again finds the first one's.

        Raises PostNotFound, AlreadyScheduled for another time while one is active, AlreadyPublished unless
        ``allow_repost``, TimeInPast, BeyondHorizon, QuotaExceeded, PolicyViolated, ZoneRulesOutdated, and what
        ``read_slot`` raises.
        """
        async with self.storage.at_once() as work:
            made = await self._at_once(work, post_id, asked, allow_repost=allow_repost, override=override)
            if made is not None:
                return made
            async with work.in_turn() as turn:
                return await self._in_turn(turn, post_id, asked, allow_repost=allow_repost, override=override)

    async def _at_once(
        self, work: UnitOfWork, post_id: UUID, asked: AskedTime, *, allow_repost: bool, override: Overriding
    ) -> tuple[Schedule, bool] | None:
        """Nothing is locked; None where something is in the way."""
        look = await work.post_bookings.look(post_id)
        slot = self._slot_in(look, asked)
        if look.is_scheduled:
            active = await _active(work, look)
            return active and (_same_or_refused(active, slot, self.zones), False)
        if look.is_published and not allow_repost:
            return None
        wanted, now = self._wanted(look, asked, slot, override=override)
        made = await book_as_seen(work, wanted, look, allow_repost=allow_repost, quota=self.quota, now=now)
        return made and (made, True)

    async def _in_turn(
        self, work: UnitOfWork, post_id: UUID, asked: AskedTime, *, allow_repost: bool, override: Overriding
    ) -> tuple[Schedule, bool]:
        """The post and its lane are locked."""
        post = await work.posts.lock(post_id)
        await lock_lanes(work, [(post.brand_id, post.platform)])
        look = await work.post_bookings.look(post_id)
        slot = self._slot_in(look, asked)
        standing = await _standing(work, look)
        if active := _active_of(standing):
            return _same_or_refused(active, slot, self.zones), False
        if not allow_repost and (standing or look.is_published):
            await check_not_published(work, post_id, standing)
        wanted, now = self._wanted(look, asked, slot, override=override)
        return await book(work, wanted, {post.brand_id: look.rules}, quota=self.quota, now=now), True

    @repeats_lost_races
    async def try_again(
        self,
        schedule_id: UUID,
        asked: AskedTime | None,
        *,
        override: Overriding = NOTHING,
        expected: Expectation[ScheduleRecord] = ANYTHING,
    ) -> tuple[Schedule, bool]:
        """Give the post of a FAILED or MISSED schedule a new appointment, now or at the time asked for. Returns the new
        schedule, and whether this call made it: the same request again finds the first one's.

        Raises UnknownSchedule, Gone, PreconditionFailed, NotRetryable, AlreadyScheduled, AlreadyPublished,
        PolicyViolated, and for a time what ``schedule`` raises.
        """
        async with self.storage.unit_of_work() as work:
            post = await work.posts.lock((await work.schedules.get(schedule_id)).post_id)
            await lock_lanes(work, [(post.brand_id, post.platform)])
            failed = await work.bookings.lock(schedule_id)
            expected.check(await record_of(work, failed))
            if not may_be_tried_again(Standing.of(failed)):
                raise NotRetryable(schedule_id, status=failed.status)
            look, now = await work.post_bookings.look(post.post_id), self.clock.now()
            slot = self._slot_in(look, asked) if asked else self._at(now, look.rules.zone)
            standing = await _standing(work, look)
            if active := _active_of(standing):
                is_same = active.retry_of == schedule_id and asked is None
                return active if is_same else _same_or_refused(active, slot, self.zones), False
            await check_not_published(work, post.post_id, standing)
            if asked:
                asked.check_bounds(slot, now=now, horizon=self.horizon)
            wanted = Schedule.pending(
                self.new_id(), post=post, slot=slot, scheduler=None, now=now, retry_of=schedule_id, overridden=override
            )
            age = OVERDUE if asked else timedelta()
            rules = {post.brand_id: look.rules}
            return await book(work, wanted, rules, quota=self.quota, now=now, age=age), True

    @repeats_lost_races
    async def check(self, post_id: UUID, asked: AskedTime) -> CheckedTime:
        """Whether a post could go out then, instead of when it is to so far, as things are; nothing is stored. Raises
        PostNotFound, TimeInPast, BeyondHorizon, ZoneRulesOutdated, and what ``read_slot`` raises."""
        async with self.storage.at_once() as work:
            look = await work.post_bookings.look(post_id)
            wanted, now = self._wanted(look, asked, self._slot_in(look, asked))
            if active := await _active(work, look):
                wanted = replace(wanted, schedule_id=active.schedule_id)
            broken = await broken_on(work, {look.post.brand_id: look.rules}, [wanted], now=now)
            return CheckedTime(slot=wanted.slot, active=active, broken=broken)

    def _wanted(
        self, look: Look, asked: AskedTime, slot: Slot, *, override: Overriding = NOTHING
    ) -> tuple[Schedule, datetime]:
        """The schedule that is asked for, and when that is. Raises TimeInPast, BeyondHorizon."""
        now, post = self.clock.now(), look.post
        asked.check_bounds(slot, now=now, horizon=self.horizon)
        return Schedule.pending(self.new_id(), post=post, slot=slot, scheduler=None, now=now, overridden=override), now

    def _slot_in(self, look: Look, asked: AskedTime) -> Slot:
        slot = asked.slot(look.rules.zone, self.zones)
        if slot.intent.kind is IntentKind.WALL:
            self.zones.check_release(look.newest_release)
        return slot

    def _at(self, instant: datetime, zone: str) -> Slot:
        self.zones.check(zone)
        return Slot.at(instant, zone=zone, tz_release=self.zones.release).in_zone_by_default()


async def _standing(work: UnitOfWork, look: Look) -> Sequence[Schedule]:
    """The post's active schedule and its latest COMPLETED one, where there is any."""
    stands = look.is_scheduled or look.is_published
    return await work.schedules.standing_of_post(look.post.post_id) if stands else ()


async def _active(work: UnitOfWork, look: Look) -> Schedule | None:
    return _active_of(await _standing(work, look))


def _active_of(standing: Sequence[Schedule]) -> Schedule | None:
    return next((each for each in standing if each.is_active), None)


def _same_or_refused(active: Schedule, slot: Slot, zones: ZoneCatalog) -> Schedule:
    if slot.asks_the_same_as(active.slot, zones):
        return active
    raise already_scheduled(active)
