"""What ScheduleRepository promises of schedules that were sent: their attempts, and what a person says of them."""

from dataclasses import replace

import pytest

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import UnknownSchedule
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.schedule import Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, a_brand, given, new_id
from tests.contracts.worlds import (
    MINUTE,
    World,
    attempts_of,
    cancel,
    claim,
    claim_one,
    confirm,
    due_in,
    events,
    expire,
    find,
    given_due,
    kinds,
    settle,
    until_due,
    verdicts_on,
)

HOUR = 60 * MINUTE
PUBLISHED, SEND_AGAIN, FAILED = Confirmation.PUBLISHED, Confirmation.SEND_AGAIN, Confirmation.FAILED
UNCONFIRMED = ScheduleStatus.UNCONFIRMED


@pytest.fixture
async def unconfirmed(world: World) -> Schedule:
    """One that was sent, and nobody knows with what outcome; its brand skips what is an hour late."""
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR))
    schedule = await given_due(world)
    await settle(world, await claim_one(world), VerdictKind.UNKNOWN, reason="No answer", external_id="t-1")
    return schedule


@pytest.mark.parametrize(
    ("confirmation", "status", "kind"),
    [
        (PUBLISHED, ScheduleStatus.COMPLETED, EventKind.COMPLETED),
        (SEND_AGAIN, ScheduleStatus.PENDING, EventKind.RETRYING),
        (FAILED, ScheduleStatus.FAILED, EventKind.FAILED),
    ],
)
async def test_a_person_decides_what_became_of_it(
    world: World, unconfirmed: Schedule, confirmation: Confirmation, status: ScheduleStatus, kind: EventKind
) -> None:
    before = await find(world, unconfirmed)

    confirmed = await confirm(world, unconfirmed, confirmation, external_id="t-2", note="I looked")

    found = await find(world, unconfirmed)
    assert confirmed == found
    assert (found.status, found.is_doubtful, found.version) == (status, False, before.version + 1)
    assert (found.external_id, found.note) == ("t-2", "I looked")
    assert found.error == (None if confirmation is PUBLISHED else "No answer")
    assert [event.note for event in await events(world) if event.schedule_id == found.schedule_id][-1] == "I looked"
    assert (await kinds(world, unconfirmed))[-1] is kind
    assert await verdicts_on(world, unconfirmed) == [VerdictKind.UNKNOWN]


@pytest.mark.parametrize(
    ("confirmation", "error"), [(PUBLISHED, None), (SEND_AGAIN, "No answer"), (FAILED, "No answer")]
)
async def test_what_is_not_said_stays_as_it_was_known(
    world: World, unconfirmed: Schedule, confirmation: Confirmation, error: str | None
) -> None:
    confirmed = await confirm(world, unconfirmed, confirmation)

    assert confirmed is not None
    assert (confirmed.external_id, confirmed.error) == ("t-1", error)


@pytest.mark.parametrize("confirmation", Confirmation)
async def test_only_what_is_unconfirmed_can_be_sent_again_and_only_once(
    world: World, unconfirmed: Schedule, confirmation: Confirmation
) -> None:
    pending = await find(world, await given_due(world))

    assert await confirm(world, pending, confirmation) is None
    assert await confirm(world, unconfirmed, confirmation)
    decided = await find(world, unconfirmed)
    assert await confirm(world, unconfirmed, SEND_AGAIN) is None
    assert await find(world, pending) == pending
    assert await find(world, unconfirmed) == decided


@pytest.mark.parametrize("verdict", [VerdictKind.ACCEPTED, VerdictKind.REFUSED])
async def test_what_is_said_of_a_schedule_that_is_over_leaves_the_one_of_its_post_that_waits_as_it_is(
    world: World, verdict: VerdictKind
) -> None:
    first = await given_due(world)
    await settle(world, await claim_one(world), verdict)
    second = replace(first, schedule_id=new_id())
    await given(world.storage, second)

    said = await confirm(world, first, FAILED if verdict is VerdictKind.ACCEPTED else PUBLISHED, note="I looked")

    assert said is not None
    assert (await find(world, second)).status is ScheduleStatus.PENDING
    assert (await claim_one(world)).schedule_id == second.schedule_id


async def test_what_is_to_be_sent_again_is_due_at_once_however_late_with_all_its_retries(
    world: World, unconfirmed: Schedule
) -> None:
    await world.pass_time(3 * HOUR)

    await confirm(world, unconfirmed, SEND_AGAIN)

    assert not await world.lost_and_late.give_up_late(limit=10)
    for _ in range(3):
        assert (await settle(world, await claim_one(world), VerdictKind.DEFERRED)).status == "PENDING"
    assert (await settle(world, await claim_one(world), VerdictKind.DEFERRED)).status == "FAILED"


async def test_what_was_in_doubt_and_is_not_out_is_sent_again_without_a_window(world: World) -> None:
    schedule = await given_due(world)
    await claim_one(world, window=HOUR)
    await expire(world)
    await cancel(world, schedule)

    await confirm(world, schedule, SEND_AGAIN)

    assert await claim(world, window=None)


async def test_what_is_to_be_sent_again_stays_held_while_its_brand_is_paused(
    world: World, unconfirmed: Schedule
) -> None:
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)

    confirmed = await confirm(world, unconfirmed, SEND_AGAIN)

    assert confirmed is not None
    assert confirmed.holds == {Hold.BRAND_PAUSED}
    assert not await claim(world)
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces={})
    assert await claim(world)


async def test_attempts_are_told_in_their_order(world: World) -> None:
    schedule, other = await given_due(world), await given_due(world, since=-HOUR)
    for verdict in (VerdictKind.DEFERRED, VerdictKind.UNSENT, VerdictKind.UNKNOWN):
        await settle(world, await claim_one(world), verdict, reason=verdict.title())
        await world.pass_time(MINUTE)

    attempts = await attempts_of(world, schedule)

    assert [(attempt.token, attempt.verdict, attempt.reason) for attempt in attempts] == [
        (1, VerdictKind.DEFERRED, "Deferred"),
        (3, VerdictKind.UNKNOWN, "Unknown"),
    ]
    assert attempts[0].started_at <= attempts[0].finished_at < attempts[1].started_at
    assert not await attempts_of(world, other)


async def test_the_next_attempt_is_known_while_one_is_to_come(world: World) -> None:
    schedule = await given_due(world, since=-5 * MINUTE)
    ahead = await due_in(world, schedule)
    await world.pass_time(5 * MINUTE)
    claimed = await claim_one(world)
    while_sent = await due_in(world, schedule)
    await settle(world, claimed, VerdictKind.DEFERRED, delay=7 * MINUTE)
    retried = await due_in(world, schedule)
    await until_due(world)
    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)

    assert (ahead, while_sent, retried) == (5 * MINUTE, None, 7 * MINUTE)
    assert await due_in(world, schedule) is None


async def test_schedules_are_found_by_their_ids(world: World) -> None:
    schedules = [await given_due(world) for _ in range(3)]
    unknown = new_id()

    async with world.storage.reading() as stored:
        found = await stored.schedules.find_all([schedules[2].schedule_id, unknown, schedules[0].schedule_id])
        with pytest.raises(UnknownSchedule) as missing:
            await stored.schedules.get(unknown)

    assert sorted(found, key=lambda each: each.schedule_id) == [schedules[0], schedules[2]]
    assert missing.value.details == {"schedule_id": unknown}
