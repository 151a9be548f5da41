"""The dispatcher over fakes: it sends what is due, loses nothing, and nobody who is slow or broken holds it up."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.application.reachability import no_receiver
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import Attempt, Settlement
from marketmind_scheduler.domain.breaker import BreakerState
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Unknown, Unsent, Verdict, VerdictKind
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Wanted
from marketmind_scheduler.ports.publisher import Target
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, a_brand, a_post, a_schedule, a_slot, given
from tests.fakes.clock import FrozenClock, Ticking
from tests.fakes.clocks import clocks_that_agree
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.refits import nothing_to_learn
from tests.fakes.slow_storage import SlowStorage
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.jumping_time import in_jumping_time, seconds_passed

QUICK = DispatchLimits(send_timeout=timedelta(seconds=0.2), grace=timedelta(seconds=0.5))
PATIENT = DispatchLimits(grace=timedelta(seconds=0.5))
SLOW = Target(name="slow", sends_at_once=2, resend_window=None)
OTHER_BRAND = UUID("b0000000-0000-4000-8000-000000000001")
PENDING, PUBLISHING, COMPLETED, UNCONFIRMED = (
    ScheduleStatus.PENDING,
    ScheduleStatus.PUBLISHING,
    ScheduleStatus.COMPLETED,
    ScheduleStatus.UNCONFIRMED,
)


class SteeredQueue:
    """The queue in memory, of which a test counts the calls. A call in ``failing`` is refused, one in ``losing`` loses
    its answer after it is done, and one with a gate answers when that is open."""

    def __init__(self, queue: InMemoryDispatchQueue) -> None:
        self.calls: Counter[str] = Counter()
        self.failing: set[str] = set()
        self.losing: set[str] = set()
        self.gates: dict[str, asyncio.Event] = {}
        self.most_wanted: Counter[Platform] = Counter()
        self.is_locked_by_others = False
        self.handed_out = 0
        self._queue = queue

    def within(self, reach: Reach) -> DispatchQueue:
        return self._queue.within(reach)

    def acting(self, actor: str) -> DispatchQueue:
        self._queue = self._queue.acting(actor)
        return self

    async def claim(
        self, wanted: Sequence[Wanted], *, most: int | None = None, claim_id: UUID, owner: UUID, lease: timedelta
    ) -> Sequence[Attempt]:
        self.most_wanted |= Counter({each.platform: each.room for each in wanted})
        async with self._steered("claim"):
            if self.is_locked_by_others:
                return []
            found = await self._queue.claim(wanted, most=most, claim_id=claim_id, owner=owner, lease=lease)
            self.handed_out += len(found)
            return found

    async def give_back(self, claim_ids: Collection[UUID]) -> int:
        async with self._steered("give_back"):
            return await self._queue.give_back(claim_ids)

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        async with self._steered("settle"):
            return await self._queue.settle(settlements, owner=owner)

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        async with self._steered("extend"):
            return await self._queue.extend(claims, owner=owner, lease=lease)

    async def now(self) -> datetime:
        return await self._queue.now()

    async def next_due_in(self, wanted: Sequence[Wanted]) -> timedelta | None:
        async with self._steered("next_due_in"):
            return await self._queue.next_due_in(wanted)

    @asynccontextmanager
    async def _steered(self, call: str) -> AsyncGenerator[None]:
        self.calls[call] += 1
        if call in self.failing:
            raise StorageUnavailable
        yield
        if call in self.gates:
            await self.gates[call].wait()
        if call in self.losing:
            raise StorageUnavailable


class Door:
    """A receiver that answers nobody until it is opened; ``waiting`` is how many stand before it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most_waiting = 0
        self._is_open = asyncio.Event()

    async def __call__(self, _attempt: Attempt) -> Verdict:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            await self._is_open.wait()
        finally:
            self.waiting -= 1
        return Accepted()

    def open(self) -> None:
        self._is_open.set()


@pytest.fixture
def queue(storage: InMemoryStorage) -> SteeredQueue:
    return SteeredQueue(InMemoryDispatchQueue(storage))


@pytest.fixture
def observer() -> RecordingObserver:
    return RecordingObserver()


MakeDispatcher = Callable[..., Dispatcher]


@pytest.fixture
def make(
    queue: SteeredQueue, storage: InMemoryStorage, publisher: ScriptedPublisher, observer: RecordingObserver
) -> MakeDispatcher:
    """Makes dispatchers of these limits, over this clock, publisher and storage."""
    in_memory = storage

    def made(
        limits: DispatchLimits = PATIENT,
        *,
        monotonic: Callable[[], float] = seconds_passed,
        publisher: ScriptedPublisher = publisher,
        storage: Storage = storage,
    ) -> Dispatcher:
        return Dispatcher(
            queue=queue,
            upkeeping=upkeeping_over(storage, observer, InMemoryUpkeep(in_memory), queue),
            storage=storage,
            publisher=publisher,
            observer=observer,
            owner=uuid4(),
            platforms=Platform,
            monotonic=monotonic,
            limits=limits,
            retries=RetryPolicy(),
            tracing=TraceIds(uuid4),
            clocks=clocks_that_agree(),
        )

    return made


def upkeeping_over(
    storage: Storage, observer: RecordingObserver, upkeep: InMemoryUpkeep, queue: DispatchQueue
) -> Upkeeping:
    return Upkeeping(
        lost_claims=LostClaims(queue, new_id=uuid4, monotonic=seconds_passed),
        lost_and_late=LostAndLate(storage=storage, jitter=lambda: 0.5),
        upkeep=upkeep,
        refitting=nothing_to_learn(observer),
        statistics=NothingToCount(),
        observer=observer,
    )


@asynccontextmanager
async def running(*dispatchers: Dispatcher) -> AsyncGenerator[asyncio.Event]:
    """They run until the block ends, or until what it is given is set; and they have stopped afterwards."""
    stopping = asyncio.Event()
    async with asyncio.timeout(120), AsyncExitStack() as opened, asyncio.TaskGroup() as tasks:
        for dispatcher in dispatchers:
            await opened.enter_async_context(dispatcher.upkeeping.running())
            tasks.create_task(dispatcher.run(stopping))
        yield stopping
        stopping.set()


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    deadline = seconds_passed() + 10
    while not await _is_so(condition()):
        assert seconds_passed() < deadline
        await asyncio.sleep(0.001)


async def _is_so(answer: bool | Awaitable[bool]) -> bool:  # noqa: FBT001
    return answer if isinstance(answer, bool) else await answer


async def some_due(
    storage: InMemoryStorage, count: int, *, platform: Platform = Platform.TWITTER, brand_id: UUID = BRAND_ID
) -> Sequence[Schedule]:
    """Schedules for the moment at which the clock stands."""
    posts = [a_post(platform=platform, brand_id=brand_id) for _ in range(count)]
    schedules = [a_schedule(post, slot=a_slot("2027-03-01T12:00", zone="UTC")) for post in posts]
    await given(storage, a_brand(brand_id=brand_id), *posts, *schedules)
    return schedules


async def one_due(storage: InMemoryStorage, **of_post: Platform | UUID) -> Schedule:
    [schedule] = await some_due(storage, 1, **of_post)  # pyright: ignore[reportArgumentType]
    return schedule


async def standing(storage: InMemoryStorage, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    async with storage.reading() as stored:
        return [await stored.schedules.get(schedule.schedule_id) for schedule in schedules]


async def statuses(storage: InMemoryStorage, schedules: Sequence[Schedule]) -> Counter[ScheduleStatus]:
    return Counter(each.status for each in await standing(storage, schedules))


def all_are(status: ScheduleStatus, storage: InMemoryStorage, *schedules: Schedule) -> Callable[[], Awaitable[bool]]:
    async def are() -> bool:
        return set(await statuses(storage, schedules)) == {status}

    return are


def sent(publisher: ScriptedPublisher) -> list[str]:
    return [attempt.key for attempt in publisher.attempts]


def keys(*schedules: Schedule) -> list[str]:
    return [str(schedule.schedule_id) for schedule in schedules]


@in_jumping_time
async def test_what_was_claimed_and_had_not_begun_when_the_stop_came_is_released_unharmed(
    make: MakeDispatcher,
    storage: InMemoryStorage,
    queue: SteeredQueue,
    publisher: ScriptedPublisher,
    clock: FrozenClock,
) -> None:
    schedules = await some_due(storage, 20)
    queue.gates["claim"] = asyncio.Event()

    async with running(make()) as stopping:
        await until(lambda: queue.calls["claim"] == 1)
        stopping.set()
        queue.gates["claim"].set()

    assert publisher.attempts == []
    assert {(each.status, each.retry_count, each.error) for each in await standing(storage, schedules)} == {
        (PENDING, 0, "the send did not begin in time")
    }
    async with running(make()):
        clock.advance(timedelta(seconds=1))
        await until(all_are(COMPLETED, storage, *schedules))


@in_jumping_time
async def test_after_the_stop_nothing_more_is_claimed_and_sends_in_flight_end_within_the_grace(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, publisher: ScriptedPublisher
) -> None:
    door, in_flight = Door(), await one_due(storage)
    publisher.script(in_flight.schedule_id, door)

    async with running(make()) as stopping:
        await until(lambda: door.waiting == 1)
        stopping.set()
        later = await one_due(storage)
        claims = queue.calls["claim"]
        await asyncio.sleep(0.4)
        door.open()

    assert queue.calls["claim"] == claims
    assert await statuses(storage, [in_flight]) == {COMPLETED: 1}
    assert await statuses(storage, [later]) == {PENDING: 1}


@in_jumping_time
async def test_a_send_that_outlasts_the_grace_is_given_up_and_left_to_its_lease(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher
) -> None:
    door, stuck, quick = Door(), await one_due(storage), await one_due(storage)
    publisher.script(stuck.schedule_id, door)
    dispatcher = make()

    async with running(dispatcher) as stopping:
        await until(lambda: door.waiting == 1)
        began = seconds_passed()
        stopping.set()

    assert seconds_passed() - began == pytest.approx(0.5, abs=0.05)
    assert dispatcher.in_flight == 0
    assert await statuses(storage, [stuck]) == {PUBLISHING: 1}
    assert await statuses(storage, [quick]) == {COMPLETED: 1}


@in_jumping_time
async def test_a_verdict_that_waits_to_be_written_when_the_stop_comes_is_written(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    schedules = await some_due(storage, 3)
    queue.failing.add("settle")

    async with running(make()) as stopping:
        await until(lambda: queue.calls["settle"] >= 1)
        stopping.set()
        await asyncio.sleep(0.05)
        queue.failing.clear()

    assert await statuses(storage, schedules) == {COMPLETED: 3}


@in_jumping_time
async def test_a_verdict_that_cannot_be_written_does_not_keep_the_process_up_and_is_told(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, observer: RecordingObserver
) -> None:
    schedule = await one_due(storage)
    queue.failing.add("settle")

    async with running(make()) as stopping:
        await until(lambda: queue.calls["settle"] >= 1)
        began = seconds_passed()
        stopping.set()

    assert seconds_passed() - began == pytest.approx(0.5, abs=0.05)
    assert await statuses(storage, [schedule]) == {PUBLISHING: 1}
    [(claim, settlement)] = observer.never_written
    assert (claim.schedule_id, settlement.verdict) == (schedule.schedule_id, VerdictKind.ACCEPTED)


@in_jumping_time
async def test_a_storage_that_hangs_does_not_keep_the_process_up(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    schedule = await one_due(storage)
    queue.gates["claim"] = asyncio.Event()

    async with running(make(DispatchLimits())) as stopping:
        await until(lambda: queue.calls["claim"] == 1)
        began = seconds_passed()
        stopping.set()

    assert seconds_passed() - began == pytest.approx(2, abs=0.05)
    assert await statuses(storage, [schedule]) == {PENDING: 1}
    assert queue.calls["give_back"] >= 1


@in_jumping_time
async def test_what_a_claim_lost_just_before_the_stop_is_given_back(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, observer: RecordingObserver
) -> None:
    schedule = await one_due(storage)
    queue.losing.add("claim")
    queue.failing.add("give_back")

    async with running(make()) as stopping:
        await until(lambda: bool(observer.outages))
        stopping.set()
        queue.failing.clear()

    assert await statuses(storage, [schedule]) == {PENDING: 1}


@in_jumping_time
async def test_a_storage_that_hangs_for_good_does_not_keep_the_process_up_either(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    schedule = await one_due(storage)
    queue.gates |= {"claim": asyncio.Event(), "give_back": asyncio.Event()}

    async with running(make(DispatchLimits())) as stopping:
        await until(lambda: queue.calls["claim"] == 1)
        began = seconds_passed()
        stopping.set()

    assert seconds_passed() - began == pytest.approx(3, abs=0.05)
    assert schedule.is_active


@pytest.mark.parametrize("fault", ["failing", "losing"])
@in_jumping_time
async def test_claims_that_fail_or_are_lost_send_nothing_and_are_given_back_within_a_second_or_two(
    make: MakeDispatcher,
    storage: InMemoryStorage,
    queue: SteeredQueue,
    publisher: ScriptedPublisher,
    observer: RecordingObserver,
    fault: str,
) -> None:
    schedule = await one_due(storage)
    faulty: set[str] = getattr(queue, fault)
    faulty.add("claim")

    async with running(make()):
        await until(lambda: bool(observer.outages))
        assert publisher.attempts == []
        faulty.clear()
        failed = seconds_passed()
        await until(all_are(COMPLETED, storage, schedule))

    assert seconds_passed() - failed <= 2.5
    assert sent(publisher) == keys(schedule)
    assert [each.retry_count for each in await standing(storage, [schedule])] == [0]


@in_jumping_time
async def test_what_a_claim_lost_is_given_back_however_long_the_storage_is_away(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    schedule, dispatcher = await one_due(storage), make()
    queue.losing.add("claim")
    queue.failing.add("give_back")
    with pytest.raises(StorageUnavailable):
        await dispatcher.trigger(1)
    for _ in range(300):
        with pytest.raises(StorageUnavailable):
            await dispatcher.upkeeping.keep_up()
        await asyncio.sleep(1)
    queue.failing.clear()

    await dispatcher.upkeeping.keep_up()

    assert await statuses(storage, [schedule]) == {PENDING: 1}


@in_jumping_time
async def test_while_one_claim_is_given_back_what_a_trigger_was_handed_goes_out_once(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, publisher: ScriptedPublisher
) -> None:
    lost, dispatcher, door = await one_due(storage), make(), Door()
    queue.losing.add("claim")
    with pytest.raises(StorageUnavailable):
        await dispatcher.trigger(1)
    queue.losing.clear()
    handed_out = await one_due(storage)
    for schedule in (lost, handed_out):
        publisher.script(schedule.schedule_id, door)
    triggering = asyncio.create_task(dispatcher.trigger(2))
    await until(lambda: door.waiting == 2)

    await dispatcher.upkeeping.lost_claims.give_back()

    assert await statuses(storage, [lost, handed_out]) == {PUBLISHING: 2}
    door.open()
    await triggering
    assert sorted(sent(publisher)) == sorted(keys(lost, handed_out))


@pytest.mark.parametrize("fault", ["failing", "losing"])
@in_jumping_time
async def test_a_verdict_is_written_again_until_it_is_written_and_nothing_is_sent_twice(
    make: MakeDispatcher,
    storage: InMemoryStorage,
    queue: SteeredQueue,
    publisher: ScriptedPublisher,
    observer: RecordingObserver,
    fault: str,
) -> None:
    accepted, deferred = await some_due(storage, 2)
    publisher.script(deferred.schedule_id, Deferred("busy"))
    faulty: set[str] = getattr(queue, fault)
    faulty.add("settle")

    async with running(make()):
        await until(lambda: queue.calls["settle"] >= 2)
        faulty.clear()
        await until(lambda: len(observer.settlements) == 2)

    assert sorted(sent(publisher)) == sorted(keys(accepted, deferred))
    assert [(each.status, each.retry_count) for each in await standing(storage, [accepted, deferred])] == [
        (COMPLETED, 0),
        (PENDING, 1),
    ]


@in_jumping_time
async def test_while_no_verdict_can_be_written_no_more_is_begun_than_can_be_kept(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, publisher: ScriptedPublisher
) -> None:
    schedules = await some_due(storage, 2000)
    queue.failing.add("settle")

    async with running(make()):
        await until(lambda: len(publisher.attempts) >= 1000)
        await asyncio.sleep(60)

    assert len(publisher.attempts) <= 1100  # a thousand verdicts, and a platform's slots
    assert await statuses(storage, schedules) == {
        PUBLISHING: len(publisher.attempts),
        PENDING: 2000 - len(publisher.attempts),
    }


@in_jumping_time
async def test_a_publisher_that_raises_leaves_its_post_unconfirmed_and_strands_no_other(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, observer: RecordingObserver
) -> None:
    schedules = await some_due(storage, 3)
    surprise = KeyError("a bug")
    publisher.script(schedules[0].schedule_id, surprise)

    async with running(make()):
        await until(lambda: len(observer.settlements) == 3)

    assert [(each.status, each.error) for each in await standing(storage, schedules)] == [
        (UNCONFIRMED, "the publisher failed: KeyError"),
        (COMPLETED, None),
        (COMPLETED, None),
    ]
    assert observer.surprises == [surprise]


@in_jumping_time
async def test_a_send_that_breaks_by_a_fault_of_our_own_is_told_left_to_its_lease_and_strands_no_other(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, observer: RecordingObserver
) -> None:
    async def says_nothing(_attempt: Attempt) -> Any:
        return None

    schedules = await some_due(storage, 2)
    publisher.script(schedules[0].schedule_id, says_nothing)

    async with running(make()):
        await until(all_are(COMPLETED, storage, schedules[1]))
        await until(lambda: len(observer.surprises) == 1)

    assert await statuses(storage, schedules) == {PUBLISHING: 1, COMPLETED: 1}


@in_jumping_time
async def test_a_send_without_an_answer_in_time_is_given_up_unconfirmed_and_never_repeated(
    make: MakeDispatcher,
    storage: InMemoryStorage,
    publisher: ScriptedPublisher,
    observer: RecordingObserver,
    clock: FrozenClock,
) -> None:
    door, schedule = Door(), await one_due(storage)
    publisher.script(schedule.schedule_id, door)

    async with running(make(QUICK)):
        await until(lambda: len(observer.settlements) == 1)
        clock.advance(timedelta(hours=1))
        await asyncio.sleep(60)

    assert [(each.status, each.error) for each in await standing(storage, [schedule])] == [
        (UNCONFIRMED, "no answer within 0.2 s")
    ]
    assert sent(publisher) == keys(schedule)
    assert door.waiting == 0


@in_jumping_time
async def test_sends_given_up_because_this_process_stood_still_say_nothing_against_their_target(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, observer: RecordingObserver
) -> None:
    door, stalled, monotonic = Door(), await some_due(storage, 5), Ticking()
    for schedule in stalled:
        publisher.script(schedule.schedule_id, door)

    async with running(make(QUICK, monotonic=monotonic)):
        await until(lambda: door.waiting == 5)
        monotonic.seconds += 40
        await until(all_are(UNCONFIRMED, storage, *stalled))
        healthy = await one_due(storage)
        await until(all_are(COMPLETED, storage, healthy))

    assert observer.breaker_states == []


@in_jumping_time
async def test_where_a_repeat_is_dropped_by_its_receiver_a_send_without_an_answer_is_made_again_under_its_key(
    make: MakeDispatcher, storage: InMemoryStorage, observer: RecordingObserver, clock: FrozenClock
) -> None:
    schedule = await one_due(storage)
    idempotent = ScriptedPublisher(resend_window=timedelta(hours=1))
    idempotent.script(schedule.schedule_id, Unknown("no answer"))
    dispatcher = make(publisher=idempotent)

    await dispatcher.trigger(10)
    doubtful = await standing(storage, [schedule])
    clock.advance(timedelta(minutes=1))
    await dispatcher.trigger(10)

    assert [(each.status, each.is_doubtful) for each in doubtful] == [(PENDING, True)]
    assert sent(idempotent) == keys(schedule, schedule)
    assert await statuses(storage, [schedule]) == {COMPLETED: 1}
    assert len(observer.settlements) == 2


@in_jumping_time
async def test_a_slow_target_is_given_as_much_as_it_takes_at_once_and_delays_no_other(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    slow = await some_due(storage, 10, platform=Platform.REDDIT)
    quick = await some_due(storage, 10, platform=Platform.TIKTOK)
    publisher, door = ScriptedPublisher(sends_at_once=2), Door()
    for schedule in slow:
        publisher.script(schedule.schedule_id, door)

    async with running(make(publisher=publisher)):
        await until(all_are(COMPLETED, storage, *quick))
        assert await statuses(storage, slow) == {PUBLISHING: 2, PENDING: 8}
        door.open()
        await until(all_are(COMPLETED, storage, *slow))

    assert door.most_waiting == 2
    assert queue.most_wanted[Platform.REDDIT] == 2


@in_jumping_time
async def test_a_brands_own_slow_target_delays_no_other_brand_on_the_same_platform(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher
) -> None:
    door, slow = Door(), await some_due(storage, 10, brand_id=OTHER_BRAND)
    publisher.reroute(OTHER_BRAND, Platform.TWITTER, SLOW)
    for schedule in slow:
        publisher.script(schedule.schedule_id, door)

    async with running(make()):
        await until(lambda: door.waiting == SLOW.sends_at_once)
        quick = await some_due(storage, 10)
        await until(all_are(COMPLETED, storage, *quick))
        assert (await statuses(storage, slow))[PUBLISHING] == 2
        door.open()

    assert door.most_waiting == 2


@in_jumping_time
async def test_what_a_full_or_slow_target_cannot_take_is_not_claimed_and_the_queue_is_not_asked_for_it(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, queue: SteeredQueue
) -> None:
    door, slow = Door(), await some_due(storage, 100, brand_id=OTHER_BRAND)
    publisher.reroute(OTHER_BRAND, Platform.TWITTER, SLOW)
    for schedule in slow:
        publisher.script(schedule.schedule_id, door)

    async with running(make()):
        await until(lambda: door.waiting == SLOW.sends_at_once)
        await asyncio.sleep(8)
        assert queue.handed_out == SLOW.sends_at_once
        assert queue.calls["claim"] <= 12
        door.open()
        await until(all_are(COMPLETED, storage, *slow))

    assert queue.handed_out == 100


@in_jumping_time
async def test_three_sends_of_which_nobody_knows_stop_the_platform_and_leave_the_rest_as_it_is(
    make: MakeDispatcher, storage: InMemoryStorage
) -> None:
    swallowed = await some_due(storage, 10, platform=Platform.REDDIT)
    publisher = ScriptedPublisher(sends_at_once=1)
    for schedule in swallowed:
        publisher.script(schedule.schedule_id, Unknown("no answer"))

    async with running(make(publisher=publisher)):
        await until(lambda: len(publisher.attempts) == 3)
        others = await some_due(storage, 10, platform=Platform.TIKTOK)
        await until(all_are(COMPLETED, storage, *others))

    assert await statuses(storage, swallowed) == {UNCONFIRMED: 3, PENDING: 7}
    assert {each.retry_count for each in await standing(storage, swallowed)} == {0}


@in_jumping_time
async def test_what_is_refused_unasked_fails_and_says_nothing_about_its_receiver(
    make: MakeDispatcher, storage: InMemoryStorage, observer: RecordingObserver
) -> None:
    publisher = ScriptedPublisher(sends_at_once=1)
    publisher.refuses = "Doomed"
    posts = [a_post(brand_id=uuid4(), title="Doomed" if nth == 3 else "Fine") for nth in range(6)]
    schedules = [a_schedule(post, slot=a_slot("2027-03-01T12:00", zone="UTC")) for post in posts]
    for post, schedule in zip(posts, schedules, strict=True):
        await given(storage, a_brand(brand_id=post.brand_id), post, schedule)
        publisher.script(schedule.schedule_id, Unsent("connection refused"))

    async with running(make(publisher=publisher)):
        await until(lambda: len(observer.settlements) == 6)

    assert [state for *_, state in observer.breaker_states] == [BreakerState.OPEN]
    [doomed] = await standing(storage, [schedules[3]])
    assert (doomed.status, doomed.error) == (ScheduleStatus.FAILED, "Doomed")
    assert str(doomed.schedule_id) not in sent(publisher)


@in_jumping_time
async def test_an_outage_uses_up_no_retry_and_its_target_is_left_alone_until_its_rest_is_over(
    make: MakeDispatcher, storage: InMemoryStorage, observer: RecordingObserver, clock: FrozenClock
) -> None:
    publisher = ScriptedPublisher(sends_at_once=1)
    schedules = [await one_due(storage, brand_id=uuid4()) for _ in range(10)]
    for schedule in schedules:
        publisher.script(schedule.schedule_id, *[Unsent("connection refused")] * (schedule in schedules[:5]))

    async with running(make(publisher=publisher)):
        await until(lambda: len(observer.settlements) == 5)
        clock.advance(timedelta(minutes=1))
        await asyncio.sleep(29)
        assert len(publisher.attempts) == 5
        await until(all_are(COMPLETED, storage, *schedules))

    assert {each.retry_count for each in await standing(storage, schedules)} == {0}
    waits = [settlement.delay for _, settlement, _ in observer.settlements[:5]]
    assert all(wait < timedelta(seconds=3) for wait in waits[:4])
    assert waits[4] >= timedelta(seconds=30)


@in_jumping_time
async def test_a_process_that_was_stalled_after_its_claim_sends_nothing(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, publisher: ScriptedPublisher
) -> None:
    schedule, monotonic = await one_due(storage), Ticking()
    queue.gates["claim"] = asyncio.Event()

    async with running(make(monotonic=monotonic)):
        await until(lambda: queue.calls["claim"] == 1)
        monotonic.seconds += 15.1  # of the lease of 30 s, too little is left for a send of 10 s
        queue.gates["claim"].set()
        await until(lambda: queue.calls["settle"] == 1)
        assert publisher.attempts == []
        await until(all_are(COMPLETED, storage, schedule))

    assert sent(publisher) == keys(schedule)
    assert [each.retry_count for each in await standing(storage, [schedule])] == [0]


@in_jumping_time
async def test_a_brand_without_a_target_waits_and_holds_nobody_up(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    publisher = ScriptedPublisher(platforms=[Platform.TIKTOK])
    publisher.reroute(OTHER_BRAND, Platform.TWITTER, SLOW)
    lost = await one_due(storage)
    unserved = await one_due(storage, platform=Platform.YOUTUBE)
    served = await one_due(storage, brand_id=OTHER_BRAND)

    async with running(make(publisher=publisher)):
        await until(all_are(COMPLETED, storage, served))

    assert sent(publisher) == keys(served)
    assert await statuses(storage, [lost, unserved]) == {PENDING: 2}
    assert queue.handed_out == 1


@in_jumping_time
async def test_what_has_no_receiver_is_held_and_goes_out_from_a_dispatcher_that_has_one(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, clock: FrozenClock
) -> None:
    elsewhere = ScriptedPublisher(platforms=[Platform.TIKTOK])
    elsewhere.reroute(OTHER_BRAND, Platform.TWITTER, SLOW)
    schedules = [await one_due(storage), await one_due(storage, platform=Platform.YOUTUBE)]
    clock.advance(timedelta(minutes=1))

    async def are_held() -> bool:
        return all(Hold.NO_RECEIVER in each.holds for each in await standing(storage, schedules))

    async with running(make(publisher=elsewhere)):
        await until(are_held)

    assert [each.error for each in await standing(storage, schedules)] == [
        no_receiver(Platform.TWITTER),
        no_receiver(Platform.YOUTUBE),
    ]
    async with running(make(publisher=publisher)):
        await until(all_are(COMPLETED, storage, *schedules))


@in_jumping_time
async def test_at_the_start_what_is_overdue_is_spread_before_anything_is_claimed(
    make: MakeDispatcher,
    storage: InMemoryStorage,
    publisher: ScriptedPublisher,
    observer: RecordingObserver,
    clock: FrozenClock,
) -> None:
    schedules = await some_due(storage, 5)
    clock.advance(timedelta(hours=1))

    async with running(make(storage=SlowStorage(storage, seconds=1))):
        await until(lambda: bool(observer.settlements))
        await asyncio.sleep(60)

    assert sent(publisher) == keys(schedules[0])
    assert observer.spreads == [4]


@in_jumping_time
async def test_several_dispatchers_and_triggers_send_everything_once(
    make: MakeDispatcher, storage: InMemoryStorage
) -> None:
    schedules = await some_due(storage, 200)
    publisher = ScriptedPublisher(sends_at_once=10)
    dispatchers = [make(publisher=publisher) for _ in range(3)]

    async with running(*dispatchers):
        results = await asyncio.gather(*(dispatcher.trigger(20) for dispatcher in dispatchers))
        await until(all_are(COMPLETED, storage, *schedules))

    assert sorted(sent(publisher)) == sorted(keys(*schedules))
    assert all(len(found) <= 20 for found in results)
    assert {schedule.status for found in results for schedule in found} <= {COMPLETED}


@in_jumping_time
async def test_what_a_trigger_has_begun_ends_well_though_its_caller_is_gone(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher
) -> None:
    door, schedule, dispatcher = Door(), await one_due(storage), make()
    publisher.script(schedule.schedule_id, door)
    asking = asyncio.create_task(dispatcher.trigger(1))
    await until(lambda: door.waiting == 1)

    asking.cancel()
    await asyncio.wait([asking])
    ending = asyncio.create_task(dispatcher.triggered())
    door.open()
    await ending

    assert asking.cancelled()
    assert await statuses(storage, [schedule]) == {COMPLETED: 1}


@pytest.mark.parametrize("call", ["claim", "settle"])
@in_jumping_time
async def test_a_trigger_says_when_the_storage_cannot_be_used(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue, call: str
) -> None:
    await one_due(storage)
    queue.failing.add(call)
    dispatcher = make()

    with pytest.raises(StorageUnavailable):
        await dispatcher.trigger(1)

    assert dispatcher.in_flight == 0


@in_jumping_time
async def test_with_nothing_to_do_the_queue_is_asked_once_a_second(make: MakeDispatcher, queue: SteeredQueue) -> None:
    async with running(make()):
        await asyncio.sleep(19.9)

    assert all(18 <= count <= 20 for count in queue.calls.values()), queue.calls
    assert set(queue.calls) == {"claim", "next_due_in"}


@in_jumping_time
async def test_a_post_that_will_be_due_soon_is_not_waited_for_longer_than_that(
    make: MakeDispatcher, storage: InMemoryStorage, publisher: ScriptedPublisher, clock: FrozenClock
) -> None:
    clock.advance(-timedelta(seconds=0.2))
    schedule = await one_due(storage)
    began = seconds_passed()

    async with running(make()):
        await asyncio.sleep(0.1)
        clock.advance(timedelta(seconds=0.2))
        await until(lambda: bool(publisher.attempts))

    assert seconds_passed() - began <= 0.3
    assert sent(publisher) == keys(schedule)


@in_jumping_time
async def test_while_a_platform_is_full_the_queue_is_left_alone(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    schedules = await some_due(storage, 10)
    publisher, door = ScriptedPublisher(sends_at_once=2), Door()
    for schedule in schedules:
        publisher.script(schedule.schedule_id, door)

    async with running(make(publisher=publisher)):
        await until(lambda: door.waiting == 2)
        before = queue.calls["claim"]
        await asyncio.sleep(9)
        assert queue.calls["claim"] - before <= 9
        door.open()


@in_jumping_time
async def test_a_slot_that_is_freed_is_used_at_once(make: MakeDispatcher, storage: InMemoryStorage) -> None:
    async def takes_a_moment(_attempt: Attempt) -> Verdict:
        await asyncio.sleep(0.01)
        return Accepted()

    schedules, publisher = await some_due(storage, 30), ScriptedPublisher(sends_at_once=1)
    for schedule in schedules:
        publisher.script(schedule.schedule_id, takes_a_moment)
    began = seconds_passed()

    async with running(make(publisher=publisher)):
        await until(lambda: len(publisher.attempts) == 30)

    assert seconds_passed() - began < 30 * 0.02


@in_jumping_time
async def test_where_as_much_is_in_flight_as_may_be_what_ends_makes_room_at_once_though_no_target_is_full(
    make: MakeDispatcher, storage: InMemoryStorage
) -> None:
    async def takes_a_while(_attempt: Attempt) -> Verdict:
        await asyncio.sleep(0.1)
        return Accepted()

    schedules, publisher = await some_due(storage, 2000), ScriptedPublisher(sends_at_once=2000)
    for schedule in schedules:
        publisher.script(schedule.schedule_id, takes_a_while)
    began = seconds_passed()

    async with running(make(publisher=publisher)):
        await until(lambda: len(publisher.attempts) == 2000)

    assert seconds_passed() - began < 1


@in_jumping_time
async def test_what_is_due_and_locked_by_somebody_else_is_not_asked_for_in_a_hot_loop(
    make: MakeDispatcher, storage: InMemoryStorage, queue: SteeredQueue
) -> None:
    await one_due(storage)
    queue.is_locked_by_others = True

    async with running(make()):
        await asyncio.sleep(10)

    assert 250 <= queue.calls["claim"] <= 400  # a rest is 20 to 40 ms
