"""Whatever happens in whatever order, dispatch in memory and on PostgreSQL stay the same and keep what they promise."""

import asyncio
import os
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.domain import lifecycle
from marketmind_scheduler.domain.attempt import Claim
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import SendInFlight
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import UnitOfWork
from tests.builders import CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given
from tests.contracts.worlds import (
    ANOTHER_OWNER,
    LEASE,
    LEAST_LEASE,
    MINUTE,
    OWNER,
    InMemoryWorld,
    PostgresWorld,
    World,
    at,
    cancel,
    confirm,
    hand_out,
    of_schedules,
    settle,
)
from tests.stored import cancel_pending

T = TypeVar("T")

SETTINGS = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
APART = timedelta(seconds=12)
WINDOW = 60 * MINUTE
WINDOWS = st.sampled_from([WINDOW, None])
DELAYS = st.sampled_from([timedelta(), 3 * MINUTE])
OVERDUE = timedelta(minutes=4, seconds=30)
PACES = {Platform.TWITTER: 3 * MINUTE}
BRANDS = [
    a_brand(brand_id=UUID(int=number), on_late=on_late, max_lateness=WINDOW)
    for number, on_late in enumerate((OnLate.SKIP, OnLate.HOLD, OnLate.PUBLISH), start=1)
]
CAMPAIGN = a_campaign(brand_id=BRANDS[0].brand_id)
POSTS = [a_post(brand_id=BRANDS[number].brand_id) for number in (0, 0, 1, 2)]
HELD = [(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID), *((Hold.BRAND_PAUSED, brand.brand_id) for brand in BRANDS)]
FACTS = {VerdictKind.DEFERRED, VerdictKind.REFUSED, VerdictKind.UNSENT}
"""Verdicts after which it is certain that nothing is out."""
NOTHING_IS_OUT = {ScheduleStatus.FAILED, ScheduleStatus.MISSED, ScheduleStatus.CANCELLED}


@dataclass(slots=True, kw_only=True)
class Sent:
    """A send that has begun: whether its post is out, and whether anybody knows that it is not."""

    is_out: bool
    begun_at: datetime
    window: timedelta | None
    is_known_not_to_be_out: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has claimed."""

    claim: Claim
    owner: UUID


class Walk(RuleBasedStateMachine):
    """Each step is taken in both worlds, has to have the same outcome, and leaves both in the same state.

    What was really sent is written down beside them, and the promises are checked by that alone.
    """

    held = Bundle("held")

    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.wait_for(emptied(pool))
        self.real = PostgresWorld(pool)
        self.model = InMemoryWorld(self.wait_for(self.real.now()))
        self.claims: dict[tuple[UUID, int], Held] = {}
        self.sent: defaultdict[UUID, dict[int, Sent]] = defaultdict(dict)
        self.cancelled: set[UUID] = set()
        self.known: dict[UUID, Schedule] = {}
        self.both(lambda world: given(world.storage, *BRANDS, CAMPAIGN, *POSTS))
        for post in POSTS:
            self.schedule(post, minutes=-1)

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """The machine runs in a thread beside the loop to which the pool belongs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def both(self, step: Callable[[World], Coroutine[Any, Any, T]]) -> T:
        """Take the step in both worlds, with the same outcome."""
        expected, found = (self.wait_for(step(world)) for world in (self.model, self.real))
        assert found == expected
        return expected

    def time_of(self, post: Post, minutes: int, now: datetime) -> datetime:
        """So many minutes from now; no two posts at the same time, so that there is one order of times."""
        return now + minutes * MINUTE + POSTS.index(post) * APART

    def schedule(self, post: Post, *, minutes: int) -> None:
        schedule = a_schedule(post)
        self.known[schedule.schedule_id] = schedule

        async def add(world: World) -> None:
            slot = at(self.time_of(post, minutes, await world.now()))
            await given(world.storage, a_schedule(post, schedule_id=schedule.schedule_id, slot=slot))

        self.both(add)

    @property
    def now(self) -> datetime:
        return self.model.clock.now()

    def current(self) -> dict[UUID, Schedule]:
        return {each.schedule_id: each for each in self.wait_for(every(self.model))}

    @rule(minutes=st.sampled_from([1, 2, 10, 61]))
    def time_passes(self, minutes: int) -> None:
        self.both(lambda world: world.pass_time(minutes * MINUTE))

    @rule(target=held, owner=st.sampled_from([OWNER, ANOTHER_OWNER]), window=WINDOWS, is_out=st.booleans())
    def claim(self, owner: UUID, window: timedelta | None, is_out: bool) -> MultipleResults[Held]:  # noqa: FBT001
        before = self.current()
        claims = self.take(owner, window, uuid4())
        for each in claims:
            schedule_id = each.claim.schedule_id
            self.check_may_begin(before[schedule_id])
            self.sent[schedule_id][each.claim.token] = Sent(is_out=is_out, begun_at=self.now, window=window)
        return multiple(*claims)

    @rule(owner=st.sampled_from([OWNER, ANOTHER_OWNER]), window=WINDOWS)
    def lose_a_claim(self, owner: UUID, window: timedelta | None) -> None:
        """Its answer is lost, so nothing of it is sent; others, of the same owner too, go on."""
        claim_id = uuid4()
        lost = self.take(owner, window, claim_id)

        assert self.both(lambda world: world.queue.give_back([claim_id])) == len(lost)
        assert self.both(lambda world: world.queue.give_back([claim_id])) == 0
        for each in lost:
            del self.claims[each.claim.schedule_id, each.claim.token]

    def take(self, owner: UUID, window: timedelta | None, claim_id: UUID) -> Sequence[Held]:
        async def take_all(world: World) -> Sequence[tuple[Claim, timedelta]]:
            found = await hand_out(world, owner=owner, window=window, claim_id=claim_id)
            found = sorted(found, key=lambda each: each.claim.schedule_id)
            of_no_clock = [replace(each.claim, publish_time=NOW, latest_at=None) for each in found]
            return list(zip(of_no_clock, (about(each.late_by) for each in found), strict=True))

        claims = self.both(take_all)
        taken = {(each.schedule_id, each.token): Held(each, owner) for each, _ in claims}
        assert taken.keys().isdisjoint(self.claims), "handed out twice"
        self.claims |= taken
        return list(taken.values())

    def check_may_begin(self, schedule: Schedule) -> None:
        assert schedule.schedule_id not in self.cancelled, "sent after it was cancelled"
        assert schedule.publish_time <= self.now, "sent before its time"
        assert not schedule.holds, "sent while it was held"
        for sent in self.sent[schedule.schedule_id].values():
            is_dropped = sent.window is not None and self.now + LEAST_LEASE <= sent.begun_at + sent.window
            assert sent.is_known_not_to_be_out or is_dropped, "sent again though it may be out"

    @precondition(lambda self: self.in_flight())
    @rule(told=st.data(), delay=DELAYS)
    def settle_in_time(self, told: st.DataObject, delay: timedelta) -> None:
        for claimed in self.in_flight():
            self.settle(claimed, told, delay, owner=claimed.owner)

    @rule(claimed=held, told=st.data(), delay=DELAYS, is_owner=st.sampled_from([True, True, False]))
    def settle_any(self, claimed: Held, told: st.DataObject, delay: timedelta, is_owner: bool) -> None:  # noqa: FBT001
        self.settle(claimed, told, delay, owner=claimed.owner if is_owner else UUID(int=0xC))

    def in_flight(self) -> Sequence[Held]:
        """What is being sent, by those who send it."""
        with self.model.storage.changing() as rows:
            sending = [row for row in rows.schedules.values() if row.status is ScheduleStatus.PUBLISHING]
        return [self.claims[row.schedule_id, row.token] for row in sending]

    def settle(self, claimed: Held, told: st.DataObject, delay: timedelta, *, owner: UUID) -> None:
        sent = self.sent[claimed.claim.schedule_id].get(claimed.claim.token)
        verdict = told.draw(st.sampled_from(honest_verdicts(sent)))

        self.both(
            lambda world: settle(world, claimed.claim, verdict, delay=delay, reason=f"It is {verdict}", owner=owner)
        )

        if sent is not None and verdict in FACTS:
            sent.is_known_not_to_be_out = True

    @rule(claimed=held)
    def extend(self, claimed: Held) -> None:
        claims = {claimed.claim.schedule_id: claimed.claim.token}

        async def extended(world: World) -> set[UUID]:
            return set(await world.queue.extend(claims, owner=claimed.owner, lease=LEASE))

        self.both(extended)

    @rule()
    def leases_run_out(self) -> None:
        self.both(lambda world: world.pass_time(LEASE))
        self.expire_leases()

    @rule()
    def expire_leases(self) -> None:
        async def expire(world: World) -> Sequence[ScheduleStatus]:
            return sorted(await world.lost_and_late.take_back(limit=100))

        self.both(expire)

    @rule()
    def miss_late(self) -> None:
        async def miss(world: World) -> Sequence[ScheduleStatus]:
            return sorted(await world.lost_and_late.give_up_late(limit=100))

        self.both(miss)

    @rule()
    def catch_up(self) -> None:
        self.both(lambda world: world.upkeep.catch_up(age=OVERDUE, paces=PACES))

    @rule(post=st.sampled_from(POSTS), as_many=st.booleans())
    def cancel(self, post: Post, as_many: bool) -> None:  # noqa: FBT001
        """As one of both use cases does it: the one of a post, or that of a campaign."""

        async def cancel_it(world: World) -> bool:
            return await changed(world, post, cancel_one)

        if schedule := self.active_of(post):
            if as_many:
                self.both(partial(cancel, schedule=schedule))
            else:
                self.both(cancel_it)
            self.note_cancelled(schedule)

    def note_cancelled(self, schedule: Schedule) -> None:
        if self.current()[schedule.schedule_id].status in (ScheduleStatus.CANCELLED, ScheduleStatus.UNCONFIRMED):
            self.cancelled.add(schedule.schedule_id)

    @rule(post=st.sampled_from(POSTS), minutes=st.sampled_from([1, 5]))
    def move(self, post: Post, minutes: int) -> None:
        async def move_it(world: World) -> bool:
            async def to_then(work: UnitOfWork, current: Schedule, now: datetime) -> None:
                await work.bookings.move(lifecycle.move(current, at(self.time_of(post, minutes, now)), now=now))

            return await changed(world, post, to_then)

        if self.active_of(post):
            self.both(move_it)

    @rule(held=st.sampled_from(HELD))
    def pause(self, held: tuple[Hold, UUID]) -> None:
        self.both(lambda world: world.holds.place(*held))

    @rule(held=st.sampled_from(HELD))
    def resume(self, held: tuple[Hold, UUID]) -> None:
        self.both(lambda world: world.holds.lift(*held, paces=PACES))

    @rule(post=st.sampled_from(POSTS[:2]), campaign_id=st.sampled_from([None, CAMPAIGN_ID]))
    def change_campaign(self, post: Post, campaign_id: UUID | None) -> None:
        async def put_there(world: World) -> None:
            there = a_post(post_id=post.post_id, brand_id=post.brand_id, campaign_id=campaign_id)
            async with world.storage.unit_of_work() as work:
                await work.posts.save([there])
                await work.bookings.follow_campaigns([post.post_id])
                await work.commit()

        self.both(put_there)

    @rule(nth=st.integers(0, 20), confirmation=st.sampled_from(Confirmation))
    def confirm(self, nth: int, confirmation: Confirmation) -> None:
        schedule = self.nth_schedule(nth)

        async def is_confirmed(world: World) -> bool:
            return await confirm(world, schedule, confirmation, note="I looked") is not None

        if self.both(is_confirmed):  # a person answers for it
            self.sent.pop(schedule.schedule_id, None)
            self.cancelled.discard(schedule.schedule_id)

    @rule(post=st.sampled_from(POSTS), minutes=st.sampled_from([-1, 1, 5]))
    def schedule_again(self, post: Post, minutes: int) -> None:
        if self.active_of(post) is None:
            self.schedule(post, minutes=minutes)

    @rule()
    def put_events_in_order(self) -> None:
        self.both(lambda world: world.upkeep.sequence_events(limit=1000))

    def nth_schedule(self, nth: int) -> Schedule:
        return list(self.known.values())[nth % len(self.known)]

    def active_of(self, post: Post) -> Schedule | None:
        return next((each for each in self.current().values() if each.post_id == post.post_id and each.is_active), None)

    @invariant()
    def both_worlds_are_the_same(self) -> None:
        self.both(state)

    @invariant()
    def nothing_is_out_where_that_is_said(self) -> None:
        for schedule in self.current().values():
            if schedule.status in NOTHING_IS_OUT:
                assert all(sent.is_known_not_to_be_out for sent in self.sent[schedule.schedule_id].values())

    def teardown(self) -> None:
        self.both(lambda world: world.upkeep.sequence_events(limit=1000))
        self.both(told)
        self.both(campaign_status)


def honest_verdicts(sent: Sent | None) -> Sequence[VerdictKind]:
    """What a publisher may say of a send, or of one that never began."""
    if sent is None:
        return [VerdictKind.UNSENT, VerdictKind.DEFERRED, VerdictKind.REFUSED]
    return [VerdictKind.UNKNOWN, *([VerdictKind.ACCEPTED] if sent.is_out else sorted(FACTS))]


async def changed(
    world: World, post: Post, change: Callable[[UnitOfWork, Schedule, datetime], Awaitable[object]]
) -> bool:
    """Change the post's current schedule, if that is allowed."""
    async with world.storage.unit_of_work() as work:
        current = await work.bookings.lock_current(post.post_id)
        assert current is not None
        try:
            await change(work, current, await world.now())
        except SendInFlight:
            return False
        await work.commit()
    return True


async def cancel_one(work: UnitOfWork, current: Schedule, now: datetime) -> None:
    if not await cancel_pending(work, [current.schedule_id], now=now):
        raise SendInFlight(current.schedule_id, status=current.status, change="cancelled")


async def every(world: World) -> Sequence[Schedule]:
    async with world.storage.reading() as stored:
        return await stored.schedules.list(ScheduleFilter(), limit=1000, after=None)


async def state(world: World) -> dict[UUID, tuple[object, ...]]:
    """Everything that can be seen, with times in whole minutes from now."""
    now = await world.now()
    found: dict[UUID, tuple[object, ...]] = {}
    async with world.storage.reading() as stored:
        for each in await stored.schedules.list(ScheduleFilter(), limit=1000, after=None):
            sends = (await stored.schedules.sends_of([each.schedule_id]))[each.schedule_id]
            found[each.schedule_id] = (
                each.status,
                each.retry_count,
                each.is_doubtful,
                each.holds,
                each.version,
                timeless(each.error),
                sends.next_attempt_at and about(sends.next_attempt_at - now),
                about(each.publish_time - now),
                [(attempt.token, attempt.verdict, attempt.reason) for attempt in sends.attempts],
            )
    return found


def about(duration: timedelta) -> timedelta:
    """In steps that tell the times of two posts apart, though PostgreSQL's clock goes on during a walk."""
    return round(duration / APART) * APART


def timeless(error: str | None) -> str | None:
    return error and re.sub(r"\d{4}-.+Z", "then", error)


async def told(world: World) -> dict[UUID, list[tuple[object, ...]]]:
    """The events of each schedule, in their order."""
    by_schedule: defaultdict[UUID, list[tuple[object, ...]]] = defaultdict(list)
    async with world.storage.reading() as stored:
        for event in of_schedules(await stored.events.list(brand_id=None, after=0, limit=10_000)):
            said = event.kind, event.status, event.retry_count, timeless(event.error)
            by_schedule[event.schedule_id].append(said)
    return by_schedule


async def campaign_status(world: World) -> str:
    async with world.storage.reading() as stored:
        return (await stored.campaigns.get(CAMPAIGN_ID)).status


async def emptied(pool: Pool) -> None:
    for table in reversed(metadata.sorted_tables):
        await pool.execute(f"DELETE FROM {table.name}")  # noqa: S608  # the names are ours


async def test_memory_and_postgresql_stay_the_same_and_safe_whatever_happens(postgres_world: PostgresWorld) -> None:
    loop = asyncio.get_running_loop()
    print(SETTINGS)  # noqa: T201  # shown where it fails

    def walk() -> None:
        run_state_machine_as_test(
            lambda: Walk(postgres_world.pool, loop),  # pyright: ignore[reportArgumentType]  # any factory will do
            settings=SETTINGS,
        )

    await asyncio.to_thread(walk)
