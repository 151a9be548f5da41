"""Whatever happens to a schedule, wherever it stands: each storage takes the step that the domain says, and no other.

All cases of one happening are stored at once, each as a schedule of its own, and it happens to all of them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

import pytest

from marketmind_scheduler.application.doubting import Doubting
from marketmind_scheduler.domain import lifecycle
from marketmind_scheduler.domain.attempt import Claim, conclude, settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.lifecycle_table import HAPPENINGS, Case, every_case
from marketmind_scheduler.domain.pacing import OVERDUE, RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import Deferred, VerdictKind
from tests.builders import BRAND_ID, a_brand, a_post, a_schedule, given
from tests.contracts.worlds import MINUTE, OWNER, ActingWorld, World, at, confirm, events, find, verdicts
from tests.fakes.rows import Row
from tests.loops import telling_all_misses
from tests.stored import cancel_pending, put_row

PENDING, PUBLISHING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED
HOUR = 60 * MINUTE
TOKEN = 7
LONGER_THAN_REPEATS_ARE_DROPPED = timedelta(minutes=40)
CLAIM_ID = UUID(int=0xC1)
SOMEBODY = "somebody"
CONFIRMATIONS = {
    "confirmed as out": Confirmation.PUBLISHED,
    "to be sent again": Confirmation.SEND_AGAIN,
    "confirmed as failed": Confirmation.FAILED,
}
VERDICTS = {str(verdict) for verdict in VerdictKind}
RELEASES = {"resumed", "receiver found"}  # of what is held: see test_holds and test_dead_ends
BY_HAPPENING = {
    name: list(cases) for name, cases in groupby(every_case(), lambda case: case.happening) if name not in RELEASES
}


@dataclass(frozen=True, slots=True)
class Stored:
    case: Case
    schedule: Schedule


Happen = Callable[[World, Sequence[Stored]], Awaitable[None]]


async def told(world: World, stored: Sequence[Stored], verdict: VerdictKind) -> None:
    await verdicts(world).record([settlement(claim_of(each), verdict) for each in stored])


async def put_off(world: World, stored: Sequence[Stored], *, by: timedelta) -> None:
    now = await world.now()
    concluded = [
        conclude(claim_of(each), Deferred("busy", by), policy=RetryPolicy(), jitter=0, now=now) for each in stored
    ]
    await world.queue.settle(concluded, owner=OWNER)


def claim_of(stored: Stored) -> Claim:
    return Claim(
        schedule_id=stored.schedule.schedule_id,
        brand_id=BRAND_ID,
        platform=Platform.TWITTER,
        token=TOKEN,
        publish_time=stored.schedule.publish_time,
        latest_at=stored.schedule.latest_at,
        standing=Standing.of(stored.schedule),
    )


async def leases_run_out(world: World, stored: Sequence[Stored]) -> None:
    await world.pass_time(MINUTE)
    await world.lost_and_late.take_back(limit=len(stored))


async def they_come_too_late(world: World, stored: Sequence[Stored]) -> None:
    await world.pass_time(2 * HOUR)
    await world.lost_and_late.give_up_late(limit=len(stored))


async def no_repeat_is_dropped(world: World, stored: Sequence[Stored]) -> None:
    await world.pass_time(LONGER_THAN_REPEATS_ARE_DROPPED)
    await world.lost_and_late.give_up_late(limit=len(stored))


async def a_caller_cancels(world: World, stored: Sequence[Stored]) -> None:
    async with world.storage.unit_of_work() as work:
        await cancel_pending(work, [each.schedule.schedule_id for each in stored], now=await world.now())
        await work.commit()


async def a_caller_moves(world: World, stored: Sequence[Stored]) -> None:
    now = await world.now()
    async with world.storage.unit_of_work() as work:
        for each in stored:
            current = await work.bookings.lock(each.schedule.schedule_id)
            if lifecycle.may_be_moved(Standing.of(current)):
                await work.bookings.move(lifecycle.move(current, at(now + HOUR), now=now))
        await work.commit()


async def the_brand_is_paused(world: World, stored: Sequence[Stored]) -> None:
    del stored
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)


async def nobody_publishes_them(world: World, stored: Sequence[Stored]) -> None:
    await world.upkeep.hold({(BRAND_ID, Platform.TWITTER): "nobody does"}, since=timedelta(), limit=len(stored))


async def their_posts_change(world: World, stored: Sequence[Stored]) -> None:
    async with world.storage.unit_of_work() as work:
        await work.bookings.tell_post_changed([each.schedule.post_id for each in stored])
        await work.commit()


async def a_backup_is_restored(world: World, stored: Sequence[Stored]) -> None:
    del stored
    async for _ in Doubting(storage=world.storage).doubt(await world.now()):
        pass


def happens(name: str) -> Happen:
    if name in VERDICTS:
        return lambda world, stored: told(world, stored, VerdictKind(name))
    if confirmation := CONFIRMATIONS.get(name):

        async def a_person_says(world: World, stored: Sequence[Stored]) -> None:
            for each in stored:
                await confirm(world, each.schedule, confirmation)

        return a_person_says
    return {
        "deferred as told": partial(put_off, by=MINUTE),
        "deferred too far": partial(put_off, by=timedelta(days=30)),
        "lease lost": leases_run_out,
        "too late": they_come_too_late,
        "no repeat dropped": no_repeat_is_dropped,
        "cancelled": a_caller_cancels,
        "moved": a_caller_moves,
        "paused": the_brand_is_paused,
        "post changed": their_posts_change,
        "no receiver": nobody_publishes_them,
        "doubted": a_backup_is_restored,
    }[name]


async def stand(world: World, cases: Sequence[Case]) -> Sequence[Stored]:
    """Store a schedule for each case, standing as it says, with a claim where one is needed for it to happen."""
    now = await world.now()
    posts = [a_post() for _ in cases]
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR), *posts)
    stored: list[Stored] = []
    for case, post in zip(cases, posts, strict=True):
        standing = case.facts.standing(case.status)
        schedule = replace(
            a_schedule(post, slot=at(now - MINUTE), status=case.status, created_at=now - HOUR, updated_at=now - HOUR),
            retry_count=standing.retry_count,
            is_doubtful=standing.is_doubtful,
            on_late=standing.on_late,
            latest_at=None if standing.on_late is OnLate.PUBLISH else now + HOUR,
        )
        if schedule.is_active or not schedule.is_doubtful:  # what has ended leaves no doubt
            stored.append(Stored(case, schedule))
            await put_row(world.storage, row_of(case, schedule, now))
    return stored


def row_of(case: Case, schedule: Schedule, now: datetime) -> Row:
    is_sent = case.status in (PUBLISHING, UNCONFIRMED)
    is_leased, is_waiting = case.status is PUBLISHING, case.status is PENDING
    return Row(
        schedule=schedule,
        due_at=schedule.publish_time if is_waiting else None,
        token=TOKEN,
        claim_id=CLAIM_ID,
        given_to=OWNER,
        lease_expires_at=now + timedelta(seconds=30) if is_leased else None,
        begun_at=now - MINUTE if is_sent else None,
        last_send_at=now - MINUTE if is_sent else None,
        resend_until=now + window_of(case) if case.facts.drops_repeats else None,
    )


def window_of(case: Case) -> timedelta:
    return timedelta(minutes=30) if case.happening == "no repeat dropped" else 3 * HOUR


def is_decided_otherwise(case: Case) -> bool:
    """Whether it does not come to be too late, for its receiver does not drop a repeat."""
    is_not_dropped = case.facts.is_doubtful and not case.facts.drops_repeats
    return case.happening == "too late" and case.step is None and is_not_dropped


@pytest.mark.parametrize("happening", BY_HAPPENING)
async def test_each_storage_takes_the_step_that_the_domain_says(world: World, happening: str) -> None:
    stored = await stand(world, [case for case in BY_HAPPENING[happening] if not is_decided_otherwise(case)])

    await happens(happening)(ActingWorld(world, SOMEBODY), stored)

    told_of_it = [event for event in await events(world) if event.kind is not EventKind.SCHEDULED]
    assert {event.actor for event in told_of_it} <= {SOMEBODY}
    of_steps = (event for event in await events(world) if event.kind is not EventKind.STALE_VERDICT)
    last_told = {event.schedule_id: event.kind for event in of_steps}
    with telling_all_misses() as trying:
        for each in stored:
            with trying(status=each.case.status, facts=each.case.facts):
                check(each, await find(world, each.schedule), last_told)


def check(stored: Stored, found: Schedule, last_told: Mapping[UUID, EventKind]) -> None:
    step, before = stored.case.step, Standing.of(stored.schedule)
    assert Standing.of(found) == (before if step is None else step.to)
    assert found.version == stored.schedule.version + (step is not None and step.event is not None)
    assert last_told.get(found.schedule_id, EventKind.SCHEDULED) is ((step and step.event) or EventKind.SCHEDULED)


def test_every_happening_is_tried() -> None:
    assert BY_HAPPENING.keys() | RELEASES == HAPPENINGS.keys()
    assert OVERDUE > MINUTE, "what is stored here is no backlog"
