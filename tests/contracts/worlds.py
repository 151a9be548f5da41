"""Dispatch over one storage, whose clock a test moves on, and the steps that its suites take again and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy import DateTime

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.refits import PostgresRefits
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.tables import (
    attempts,
    previews,
    refits,
    reservations,
    schedules,
)
from marketmind_scheduler.adapters.postgres.tables import events as events_table
from marketmind_scheduler.adapters.postgres.tables import queue as queue_table
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.domain import corrections, lifecycle
from marketmind_scheduler.domain.attempt import Attempt, AttemptRecord, Claim, settlement
from marketmind_scheduler.domain.event import AnyEvent, Event, EventKind
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.schedule import Confirmation, Schedule, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Intent, Resolution, Slot
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Settled, Wanted
from marketmind_scheduler.ports.holds import Holds
from marketmind_scheduler.ports.refits import Refits
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.transitions import Change
from marketmind_scheduler.ports.upkeep import Upkeep
from tests.builders import TZ_RELEASE, a_brand, a_post, a_schedule, given
from tests.fakes.clock import FrozenClock
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.holds import InMemoryHolds
from tests.fakes.refits import InMemoryRefits
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.stored import TestedStorage, cancel_pending

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=2)
LEAST_LEASE = timedelta(seconds=30)
OWNER, ANOTHER_OWNER = UUID(int=0xA), UUID(int=0xB)
ROOM: Mapping[Platform, int] = dict.fromkeys(Platform, 100)


def without_chance() -> float:
    """Every wait is the shortest."""
    return 0


class World(Protocol):
    """One storage behind every port of dispatch. As time stands still or nearly so, whatever is to be judged by the
    clock should be whole minutes away."""

    @property
    def storage(self) -> Storage: ...
    @property
    def queue(self) -> DispatchQueue: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def refits(self) -> Refits: ...
    @property
    def lost_and_late(self) -> LostAndLate: ...

    def keeping(self, retention: Retention) -> Upkeep:
        """The upkeep that keeps what is over for so long."""
        ...

    async def now(self) -> datetime: ...

    async def pass_time(self, by: timedelta) -> None:
        """Let everything that is stored be as if the storage's clock had moved on."""
        ...


class InMemoryWorld:
    def __init__(self, now: datetime) -> None:
        self.clock = FrozenClock(now)
        self.storage = InMemoryStorage(self.clock)
        self.queue = InMemoryDispatchQueue(self.storage)
        self.upkeep = InMemoryUpkeep(self.storage)
        self.holds = InMemoryHolds(self.storage)
        self.refits = InMemoryRefits(self.storage)
        self.lost_and_late = LostAndLate(storage=self.storage, jitter=without_chance)

    def keeping(self, retention: Retention) -> Upkeep:
        return InMemoryUpkeep(self.storage, retention=retention)

    async def now(self) -> datetime:
        return self.clock.now()

    async def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)


class PostgresWorld:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.storage = TestedStorage(pool)
        self.queue = PostgresDispatchQueue(pool)
        self.upkeep = PostgresUpkeep(pool)
        self.holds = PostgresHolds(pool)
        self.refits = PostgresRefits(pool)
        self.lost_and_late = LostAndLate(storage=self.storage, jitter=without_chance)

    def keeping(self, retention: Retention) -> Upkeep:
        return PostgresUpkeep(self.pool, retention=retention)

    async def now(self) -> datetime:
        now = await self.pool.fetchval("SELECT now()")
        return now.astimezone(UTC)

    async def pass_time(self, by: timedelta) -> None:
        for table in (queue_table, schedules, attempts, refits, events_table, previews, reservations):
            moments = [each.name for each in table.c if isinstance(each.type, DateTime) and each.type.timezone]
            moments = [name for name in moments if not table.c[name].primary_key]
            put_back = ", ".join(f"{name} = {name} - $1::interval" for name in moments)
            await self.pool.execute(f"UPDATE {table.name} SET {put_back}", by)  # noqa: S608  # the names are ours


class ActingWorld:
    """A world in which somebody acts."""

    def __init__(self, world: World, actor: str) -> None:
        self.storage = world.storage.acting(actor)
        self.queue = world.queue.acting(actor)
        self.upkeep = world.upkeep.acting(actor)
        self.holds = world.holds.acting(actor)
        self.refits = world.refits
        self.lost_and_late = LostAndLate(storage=self.storage, jitter=without_chance)
        self.keeping = world.keeping
        self.now = world.now
        self.pass_time = world.pass_time


def at(instant: datetime) -> Slot:
    intent = Intent(
        zone="UTC", local_time=None, disambiguation=None, resolution=Resolution.EXACT, tz_release=TZ_RELEASE
    )
    return Slot(publish_time=instant, intent=intent)


async def given_due(world: World, post: Post | None = None, *, since: timedelta = MINUTE) -> Schedule:
    """The schedule of a post of the default brand, unless one is given, that has been due for so long; or is only due
    later, where that is negative."""
    post = post or a_post()
    schedule = a_schedule(post, slot=at(await world.now() - since))
    async with world.storage.reading() as stored:
        is_known = await stored.brands.find(post.brand_id) is not None
    brands = [] if is_known else [a_brand(brand_id=post.brand_id)]
    await given(world.storage, *brands, post, schedule)
    return schedule


async def hand_out(
    world: World,
    *,
    room: Mapping[Platform, int] = ROOM,
    window: timedelta | None = None,
    owner: UUID = OWNER,
    claim_id: UUID | None = None,
    most: int | None = None,
) -> Sequence[Attempt]:
    """What is claimed then, with what is to be sent."""
    wanted = [
        Wanted(platform=platform, room=free, resend_window=window, least_lease=LEAST_LEASE)
        for platform, free in room.items()
    ]
    return await world.queue.claim(wanted, most=most, claim_id=claim_id or uuid4(), owner=owner, lease=LEASE)


async def claim(
    world: World,
    *,
    room: Mapping[Platform, int] = ROOM,
    window: timedelta | None = None,
    owner: UUID = OWNER,
    most: int | None = None,
) -> Sequence[Claim]:
    return [each.claim for each in await hand_out(world, room=room, window=window, owner=owner, most=most)]


async def claim_one(world: World, *, window: timedelta | None = None, owner: UUID = OWNER) -> Claim:
    """Claim what is due, which is one."""
    [only] = await claim(world, window=window, owner=owner)
    return only


async def settle(
    world: World,
    claimed: Claim,
    verdict: VerdictKind,
    *,
    delay: timedelta = timedelta(),
    reason: str | None = None,
    external_id: str | None = None,
    owner: UUID = OWNER,
) -> Settled:
    told = settlement(claimed, verdict, delay=delay, reason=reason, external_id=external_id)
    settled = await verdicts(world, owner).record([told])
    return settled[claimed.schedule_id]


def verdicts(world: World, owner: UUID = OWNER) -> Verdicts:
    return Verdicts(queue=world.queue, storage=world.storage, owner=owner)


async def expire(world: World) -> Sequence[ScheduleStatus]:
    """Let leases run out that were given now."""
    await world.pass_time(LEASE)
    return await world.lost_and_late.take_back(limit=100)


async def until_due(world: World) -> None:
    """As long as any back-off of these suites takes."""
    await world.pass_time(10 * MINUTE)


async def move(world: World, schedule: Schedule, *, to: datetime) -> None:
    async with world.storage.unit_of_work() as work:
        current = await work.bookings.lock_current(schedule.post_id)
        assert current is not None
        await work.bookings.move(lifecycle.move(current, at(to), now=await world.now()))
        await work.commit()


async def cancel(world: World, schedule: Schedule) -> None:
    async with world.storage.unit_of_work() as work:
        await cancel_pending(work, [schedule.schedule_id], now=await world.now())
        await work.commit()


async def confirm(
    world: World,
    schedule: Schedule,
    confirmation: Confirmation,
    *,
    external_id: str | None = None,
    note: str | None = None,
) -> Schedule | None:
    """What is stored then; None where there is nothing to confirm."""
    async with world.storage.unit_of_work() as work:
        before = Standing.of(await work.bookings.lock(schedule.schedule_id))
        step = None
        if corrections.may_be_corrected(before, confirmation):
            step = corrections.corrected(before, confirmation)
        elif lifecycle.may_be_confirmed(before):
            step = lifecycle.confirmed(before, confirmation)
        if step is None:
            return None
        change = Change(schedule_id=schedule.schedule_id, step=step, note=note, external_id=external_id)
        [stored] = await work.transitions.record([change])
        await work.commit()
    return stored


async def find(world: World, schedule: Schedule) -> Schedule:
    async with world.storage.reading() as stored:
        return await stored.schedules.get(schedule.schedule_id)


async def status_of(world: World, schedule: Schedule) -> ScheduleStatus:
    return (await find(world, schedule)).status


async def attempts_of(world: World, schedule: Schedule) -> Sequence[AttemptRecord]:
    async with world.storage.reading() as stored:
        return (await stored.schedules.sends_of([schedule.schedule_id]))[schedule.schedule_id].attempts


async def verdicts_on(world: World, schedule: Schedule) -> Sequence[VerdictKind]:
    return [attempt.verdict for attempt in await attempts_of(world, schedule)]


async def due_in(world: World, schedule: Schedule) -> timedelta | None:
    """How long until it may next be claimed, in whole minutes; None: it may not."""
    async with world.storage.reading() as stored:
        sends = await stored.schedules.sends_of([schedule.schedule_id])
    next_attempt_at = sends[schedule.schedule_id].next_attempt_at
    return None if next_attempt_at is None else in_minutes(next_attempt_at - await world.now())


def in_minutes(duration: timedelta) -> timedelta:
    return round(duration / MINUTE) * MINUTE


async def events(world: World) -> Sequence[Event]:
    """Every event of a schedule so far, in its final order."""
    return of_schedules(await every_event(world))


def of_schedules(told: Iterable[AnyEvent]) -> Sequence[Event]:
    return [each for each in told if isinstance(each, Event)]


async def every_event(world: World) -> Sequence[AnyEvent]:
    """Every event so far, in its final order."""
    while await world.upkeep.sequence_events(limit=100):
        pass
    async with world.storage.reading() as stored:
        return await stored.events.list(brand_id=None, after=0, limit=1000)


async def kinds(world: World, schedule: Schedule) -> Sequence[EventKind]:
    return [event.kind for event in await events(world) if event.schedule_id == schedule.schedule_id]


def untimed(schedule: Schedule) -> Schedule:
    """Without what the storage's clock says of it."""
    return replace(schedule, updated_at=schedule.created_at)
