"""Dispatcher and webhook publisher together, as they are wired: what a receiver's head says decides."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from time import monotonic
from typing import Any
from uuid import uuid4

from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import a_brand, a_post, a_schedule, a_slot, given
from tests.fakes.clock import FrozenClock
from tests.fakes.clocks import clocks_that_agree
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.refits import nothing_to_learn
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.loops import telling_all_misses
from tests.publishers.given import publishing_over, the_one_target
from tests.receivers import BLACK_HOLE, Answer, Received, Receiver, always

LIMITS = DispatchLimits.of(lease=timedelta(seconds=30), send_timeout=timedelta(seconds=10))
DAWDLING: Mapping[str, Any] = {
    "a byte now and then": {"body": b"x" * 1_000_000, "pace": 0.5},
    "one byte, then silence": {"body": b"xx", "pace": 3600},
    "without end": {"body": b"x" * 1_000, "endless": True},
}
SAID = {
    200: (ScheduleStatus.COMPLETED, ""),
    429: (ScheduleStatus.PENDING, "the receiver answered 429"),
    422: (ScheduleStatus.FAILED, "the receiver answered 422"),
}


def answered(status: int, way: str) -> Answer:
    return Answer(status=status, headers={"retry-after": "3"} if status == 429 else {}, **DAWDLING[way])


@asynccontextmanager
async def dispatching(
    receiver: Receiver, storage: InMemoryStorage, limits: DispatchLimits = LIMITS
) -> AsyncGenerator[Dispatcher]:
    targets = the_one_target(receiver.url, allow=[f"127.0.0.0/8:{receiver.port}"])
    transport = WebhookTransport(targets, timeout=limits.send_timeout)
    observer = RecordingObserver()
    async with publishing_over(transport) as publisher:
        yield Dispatcher(
            queue=InMemoryDispatchQueue(storage),
            upkeeping=Upkeeping(
                lost_claims=LostClaims(InMemoryDispatchQueue(storage), new_id=uuid4, monotonic=monotonic),
                lost_and_late=LostAndLate(storage=storage, jitter=lambda: 0.5),
                upkeep=InMemoryUpkeep(storage),
                refitting=nothing_to_learn(observer),
                statistics=NothingToCount(),
                observer=observer,
            ),
            storage=storage,
            publisher=publisher,
            observer=observer,
            owner=uuid4(),
            platforms=Platform,
            monotonic=time.monotonic,
            limits=limits,
            retries=RetryPolicy(),
            tracing=TraceIds(uuid4),
            clocks=clocks_that_agree(),
        )


async def some_due(storage: InMemoryStorage, count: int) -> Sequence[Schedule]:
    posts = [a_post(platform=Platform.TWITTER) for _ in range(count)]
    schedules = [a_schedule(post, slot=a_slot("2027-03-01T12:00", zone="UTC")) for post in posts]
    await given(storage, a_brand(), *posts, *schedules)
    return schedules


async def standing(storage: InMemoryStorage, schedule: Schedule) -> Schedule:
    async with storage.reading() as stored:
        return await stored.schedules.get(schedule.schedule_id)


async def test_an_answer_is_judged_by_its_head_soon_after_it_however_its_body_behaves(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage, cases = InMemoryStorage(clock), list(product(SAID, DAWDLING))
    schedules = await some_due(storage, len(cases))
    by_key = {str(schedule.schedule_id): case for schedule, case in zip(schedules, cases, strict=True)}

    def decide(received: Received) -> Answer:
        return answered(*by_key[received.key])

    receiver.decide = decide
    began = time.monotonic()

    async with dispatching(receiver, storage) as dispatcher:
        await dispatcher.trigger(100)

    assert time.monotonic() - began < LIMITS.send_timeout.total_seconds() / 2
    with telling_all_misses() as trying:
        for schedule, (status, way) in zip(schedules, cases, strict=True):
            with trying(status=status, body=way):
                found = await standing(storage, schedule)
                assert (found.status, (found.error or "")[: len("the receiver answered 429")]) == SAID[status]


async def test_a_head_that_comes_at_the_last_moment_is_judged_and_not_given_up(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    [schedule] = await some_due(storage, 1)
    receiver.decide = always(Answer(status=422, delay=1.8, body=b"xx", pace=3600))

    async with dispatching(receiver, storage, replace(LIMITS, send_timeout=timedelta(seconds=2))) as dispatcher:
        await dispatcher.trigger(10)

    assert (await standing(storage, schedule)).status is ScheduleStatus.FAILED


async def test_dawdling_bodies_say_nothing_against_their_receiver(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    schedules = await some_due(storage, 5)
    receiver.decide = always(Answer(body=b"xx", pace=3600))

    async with dispatching(receiver, storage) as dispatcher:
        await dispatcher.trigger(10)

    assert {(await standing(storage, each)).status for each in schedules} == {ScheduleStatus.COMPLETED}


async def test_no_answer_is_given_up_by_the_publisher_which_knows_more_than_the_dispatcher(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    [schedule] = await some_due(storage, 1)
    receiver.decide = always(BLACK_HOLE)

    async with dispatching(receiver, storage, replace(LIMITS, send_timeout=timedelta(seconds=2))) as dispatcher:
        await dispatcher.trigger(10)

    found = await standing(storage, schedule)
    assert (found.status, found.error) == (ScheduleStatus.UNCONFIRMED, "no answer: the time was up")


async def test_a_receiver_that_is_wrong_for_a_minute_costs_no_post_its_evening(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    schedules = await some_due(storage, 40)
    with telling_all_misses() as trying:
        for status in (301, 401, 403, 404, 405, 410):
            receiver.decide = always(Answer(status=status, body=b"not like that"))
            async with dispatching(receiver, storage) as dispatcher:
                await dispatcher.trigger(100)
            clock.advance(timedelta(hours=1))
            with trying(status=status):
                found = [await standing(storage, each) for each in schedules]
                assert {(each.status, each.retry_count) for each in found} == {(ScheduleStatus.PENDING, 0)}
                assert any(f"answered {status}" in (each.error or "") for each in found)


async def test_a_post_that_alone_is_refused_among_accepted_ones_fails(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    refused, *others = await some_due(storage, 5)

    def decide(received: Received) -> Answer:
        return Answer(status=403, body=b"") if received.key == str(refused.schedule_id) else Answer()

    receiver.decide = decide
    async with dispatching(receiver, storage) as dispatcher:
        await dispatcher.trigger(10)
        await given(storage, *(more := [a_post(platform=Platform.TWITTER)]))
        await given(storage, a_schedule(more[0], slot=a_slot("2027-03-01T12:00", zone="UTC")))
        await dispatcher.trigger(10)
        clock.advance(timedelta(minutes=1))
        await dispatcher.trigger(10)

    assert (await standing(storage, refused)).status is ScheduleStatus.FAILED
    assert {(await standing(storage, each)).status for each in others} == {ScheduleStatus.COMPLETED}


async def test_what_is_signed_bears_the_time_of_the_storage_whatever_this_machine_believes(
    receiver: Receiver, clock: FrozenClock, zones: ZoneCatalog
) -> None:
    del zones
    storage = InMemoryStorage(clock)
    [schedule] = await some_due(storage, 1)

    async with dispatching(receiver, storage) as dispatcher:
        await dispatcher.trigger(1)

    [received] = receiver.received
    assert (await standing(storage, schedule)).status is ScheduleStatus.COMPLETED
    assert received.is_signed
    assert int(received.headers["webhook-timestamp"]) == int(clock.now().timestamp())
