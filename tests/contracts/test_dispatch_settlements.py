"""What DispatchQueue promises of verdicts: in time, late, repeated and stale."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from marketmind_scheduler.application.doubting import Doubting
from marketmind_scheduler.domain.attempt import Claim, settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.schedule import Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Settled
from tests.builders import BRAND_ID, a_brand, given, new_id
from tests.contracts.worlds import (
    ANOTHER_OWNER,
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
    in_minutes,
    kinds,
    settle,
    status_of,
    until_due,
    verdicts,
    verdicts_on,
)

ACCEPTED, DEFERRED, REFUSED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.REFUSED
UNKNOWN, UNSENT, LOST = VerdictKind.UNKNOWN, VerdictKind.UNSENT, VerdictKind.LOST
PENDING, PUBLISHING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED
COMPLETED, FAILED, CANCELLED = ScheduleStatus.COMPLETED, ScheduleStatus.FAILED, ScheduleStatus.CANCELLED
HOUR = 60 * MINUTE
MAX_RETRIES = RETRIES
TOLD = [ACCEPTED, DEFERRED, REFUSED, UNKNOWN, UNSENT]


async def fail_once(world: World, verdict: VerdictKind, *, window: timedelta | None = None) -> Claim:
    """Send what is due, which is one, with this verdict, and wait until it may be due again."""
    claimed = await claim_one(world, window=window)
    await settle(world, claimed, verdict, reason="Busy")
    await until_due(world)
    return claimed


@pytest.mark.parametrize(
    ("verdict", "status", "retry_count", "kind"),
    [
        (ACCEPTED, COMPLETED, 0, EventKind.COMPLETED),
        (DEFERRED, PENDING, 1, EventKind.RETRYING),
        (REFUSED, FAILED, 0, EventKind.FAILED),
        (UNKNOWN, UNCONFIRMED, 0, EventKind.UNCONFIRMED),
    ],
)
async def test_a_verdict_decides_where_its_schedule_stands(
    world: World, verdict: VerdictKind, status: ScheduleStatus, retry_count: int, kind: EventKind
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await world.pass_time(MINUTE)

    settled = await settle(world, claimed, verdict, reason="So it said", external_id="t-1")

    found = await find(world, schedule)
    assert settled == Settled(Recorded.SETTLED, status)
    assert (found.status, found.retry_count, found.version) == (status, retry_count, schedule.version + 1)
    assert found.error == (None if verdict is ACCEPTED else "So it said")
    assert found.external_id == "t-1"
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, kind]
    [attempt] = await attempts_of(world, schedule)
    assert (attempt.token, attempt.verdict, attempt.reason) == (claimed.token, verdict, "So it said")
    assert attempt.external_id == "t-1"
    assert in_minutes(attempt.finished_at - attempt.started_at) == MINUTE


async def test_what_certainly_was_not_sent_uses_no_retry_and_leaves_no_trace(world: World) -> None:
    schedule = await given_due(world)
    for _ in range(2 * MAX_RETRIES):
        claimed = await claim_one(world)
        assert await settle(world, claimed, UNSENT) == Settled(Recorded.SETTLED, PENDING)

    found = await find(world, schedule)
    assert (found.status, found.retry_count, found.version) == (PENDING, 0, schedule.version)
    assert await kinds(world, schedule) == [EventKind.SCHEDULED]
    assert not await attempts_of(world, schedule)


@pytest.mark.parametrize("verdict", [DEFERRED, UNSENT])
async def test_a_retry_waits_as_long_as_it_was_told(world: World, verdict: VerdictKind) -> None:
    schedule = await given_due(world)

    await settle(world, await claim_one(world), verdict, delay=7 * MINUTE)

    assert await due_in(world, schedule) == 7 * MINUTE
    await world.pass_time(6 * MINUTE)
    assert not await claim(world)
    await world.pass_time(MINUTE)
    assert (await claim_one(world)).standing.retry_count == (verdict is DEFERRED)


async def test_a_schedule_fails_once_its_retries_are_spent(world: World) -> None:
    schedule = await given_due(world)

    for _ in range(MAX_RETRIES):
        await fail_once(world, DEFERRED)
        assert await status_of(world, schedule) is PENDING
    await fail_once(world, DEFERRED)

    found = await find(world, schedule)
    assert (found.status, found.retry_count, found.error) == (FAILED, MAX_RETRIES, "Busy")
    assert await verdicts_on(world, schedule) == [DEFERRED] * (MAX_RETRIES + 1)


async def test_a_success_leaves_no_error_of_earlier_attempts(world: World) -> None:
    schedule = await given_due(world)
    await fail_once(world, DEFERRED)

    await settle(world, await claim_one(world), ACCEPTED)

    assert (await find(world, schedule)).error is None


async def test_an_unknown_outcome_is_sent_again_while_a_repeat_is_certainly_dropped(world: World) -> None:
    schedule = await given_due(world)

    settled = await settle(world, await claim_one(world, window=HOUR), UNKNOWN, delay=50 * MINUTE)

    found = await find(world, schedule)
    assert settled.status is PENDING
    assert found.is_doubtful
    assert found.retry_count == 1
    assert await due_in(world, schedule) == 50 * MINUTE


async def test_an_unknown_outcome_is_not_sent_again_where_the_window_would_be_over(world: World) -> None:
    await given_due(world)

    settled = await settle(world, await claim_one(world, window=HOUR), UNKNOWN, delay=HOUR)

    assert settled.status is UNCONFIRMED


@pytest.mark.parametrize(
    ("verdict", "status", "is_still_doubtful"),
    [
        (ACCEPTED, COMPLETED, {False}),
        (DEFERRED, PENDING, {True}),
        (UNSENT, PENDING, {True}),
        (REFUSED, UNCONFIRMED, {True}),
        (UNKNOWN, PENDING, {True}),
    ],
)
async def test_what_may_be_out_ends_published_or_unconfirmed_whatever_a_repeat_brings(
    world: World, verdict: VerdictKind, status: ScheduleStatus, is_still_doubtful: set[bool]
) -> None:
    schedule = await given_due(world)
    await fail_once(world, UNKNOWN, window=HOUR)

    settled = await settle(world, await claim_one(world, window=HOUR), verdict)

    assert settled.status is status
    assert {(await find(world, schedule)).is_doubtful} == is_still_doubtful


@pytest.mark.parametrize("verdict", [DEFERRED, UNKNOWN])
async def test_what_may_be_out_is_unconfirmed_once_its_retries_are_spent(world: World, verdict: VerdictKind) -> None:
    schedule = await given_due(world)
    await fail_once(world, UNKNOWN, window=24 * HOUR)

    for _ in range(MAX_RETRIES):
        await fail_once(world, verdict, window=24 * HOUR)

    assert await status_of(world, schedule) is UNCONFIRMED


async def test_many_verdicts_are_settled_at_once_each_for_its_own(world: World) -> None:
    schedules = {verdict: await given_due(world) for verdict in TOLD}
    claims = {each.schedule_id: each for each in await claim(world)}
    settlements = [settlement(claims[schedule.schedule_id], verdict) for verdict, schedule in schedules.items()]
    unheard_of = settlement(replace(next(iter(claims.values())), schedule_id=new_id()), ACCEPTED)

    settled = await verdicts(world).record([unheard_of, *settlements])

    assert settled == {
        unheard_of.schedule_id: Settled(Recorded.STALE, None),
        schedules[ACCEPTED].schedule_id: Settled(Recorded.SETTLED, COMPLETED),
        schedules[DEFERRED].schedule_id: Settled(Recorded.SETTLED, PENDING),
        schedules[REFUSED].schedule_id: Settled(Recorded.SETTLED, FAILED),
        schedules[UNKNOWN].schedule_id: Settled(Recorded.SETTLED, UNCONFIRMED),
        schedules[UNSENT].schedule_id: Settled(Recorded.SETTLED, PENDING),
    }


@pytest.mark.parametrize("verdict", TOLD)
@pytest.mark.parametrize("window", [None, HOUR])
async def test_a_verdict_that_is_told_twice_counts_once(
    world: World, verdict: VerdictKind, window: timedelta | None
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world, window=window)
    first = await settle(world, claimed, verdict)
    before = await find(world, schedule), await verdicts_on(world, schedule), await events(world)

    assert await settle(world, claimed, verdict) == Settled(Recorded.REPEATED, first.status)

    assert (await find(world, schedule), await verdicts_on(world, schedule), await events(world)) == before


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(ACCEPTED, COMPLETED), (DEFERRED, PENDING), (REFUSED, FAILED), (UNKNOWN, UNCONFIRMED), (UNSENT, PENDING)],
)
async def test_the_verdict_on_a_send_whose_lease_ran_out_counts_once(
    world: World, verdict: VerdictKind, status: ScheduleStatus
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await expire(world)
    assert await verdicts_on(world, schedule) == [LOST]

    settled = await settle(world, claimed, verdict)

    assert settled == Settled(Recorded.SETTLED, status)
    assert await verdicts_on(world, schedule) == [verdict]
    assert (await settle(world, claimed, verdict)).recorded is Recorded.REPEATED


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(ACCEPTED, COMPLETED), (DEFERRED, PENDING), (REFUSED, UNCONFIRMED), (UNKNOWN, PENDING), (UNSENT, PENDING)],
)
async def test_one_send_whose_lease_ran_out_is_one_retry_whenever_its_verdict_comes(
    world: World, verdict: VerdictKind, status: ScheduleStatus
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world, window=HOUR)
    await expire(world)

    settled = await settle(world, claimed, verdict)

    assert settled == Settled(Recorded.SETTLED, status)
    assert (await find(world, schedule)).retry_count == 1


async def claimed_anew(world: World, _: Schedule) -> None:
    await until_due(world)
    await claim_one(world, window=HOUR)


async def confirmed_to_be_sent_again(world: World, schedule: Schedule) -> None:
    await confirm(world, schedule, Confirmation.SEND_AGAIN)


async def nothing(_: World, __: Schedule) -> None:
    pass


Meanwhile = Callable[[World, Schedule], Awaitable[None]]


@pytest.mark.parametrize("verdict", [UNKNOWN, LOST])
@pytest.mark.parametrize("meanwhile", [nothing, confirmed_to_be_sent_again])
async def test_an_accepted_counts_late_too_as_long_as_no_newer_send_has_begun(
    world: World, verdict: VerdictKind, meanwhile: Meanwhile
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await (expire(world) if verdict is LOST else settle(world, claimed, verdict))
    await meanwhile(world, schedule)

    settled = await settle(world, claimed, ACCEPTED, external_id="t-9")

    found = await find(world, schedule)
    assert settled == Settled(Recorded.SETTLED, COMPLETED)
    assert (found.status, found.external_id, found.error) == (COMPLETED, "t-9", None)
    assert await verdicts_on(world, schedule) == [ACCEPTED]
    assert (await kinds(world, schedule))[-1] is EventKind.COMPLETED
    assert (await settle(world, claimed, ACCEPTED, external_id="t-9")).recorded is Recorded.REPEATED


async def test_no_send_begins_after_an_accepted_that_came_late(world: World) -> None:
    schedule = await given_due(world)
    first = await claim_one(world, window=HOUR)
    await expire(world)
    await until_due(world)

    await settle(world, first, ACCEPTED)

    assert not await claim(world, window=HOUR)
    assert await status_of(world, schedule) is COMPLETED


async def test_an_accepted_is_too_late_while_a_newer_send_is_under_way(world: World) -> None:
    schedule = await given_due(world)
    first = await claim_one(world, window=HOUR)
    await expire(world)
    await until_due(world)
    second = await claim_one(world, window=HOUR)

    settled = await settle(world, first, ACCEPTED, external_id="t-1")

    assert settled == Settled(Recorded.STALE, PUBLISHING)
    assert await status_of(world, schedule) is PUBLISHING
    assert await verdicts_on(world, schedule) == [ACCEPTED]
    assert (await kinds(world, schedule))[-1] is EventKind.STALE_VERDICT
    assert (await settle(world, second, ACCEPTED)).status is COMPLETED


async def doubted(world: World, schedule: Schedule) -> None:
    assert [count async for count in Doubting(storage=world.storage).doubt(schedule.created_at)] == [1]


async def lost_and_judged(world: World, schedule: Schedule) -> None:
    await expire(world)
    await confirm(world, schedule, Confirmation.FAILED)


async def paused(world: World, _: Schedule) -> None:
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)


@pytest.mark.parametrize("meanwhile", [doubted, lost_and_judged])
async def test_a_verdict_on_a_claim_that_was_taken_back_changes_nothing_and_is_told(
    world: World, meanwhile: Meanwhile
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await meanwhile(world, schedule)
    before = await find(world, schedule)

    settled = await settle(world, claimed, DEFERRED, reason="Too fast", external_id="t-5")

    assert settled == Settled(Recorded.STALE, before.status)
    assert await find(world, schedule) == before
    told = (await events(world))[-1]
    assert (told.kind, told.status, told.external_id) == (EventKind.STALE_VERDICT, before.status, "t-5")
    assert told.error == "deferred came too late: Too fast"


async def test_that_nothing_was_sent_is_no_news_where_the_claim_was_taken_back(world: World) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await doubted(world, schedule)

    settled = await settle(world, claimed, UNSENT)

    assert settled == Settled(Recorded.STALE, UNCONFIRMED)
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.UNCONFIRMED]


@pytest.mark.parametrize("verdict", [DEFERRED, REFUSED, UNKNOWN])
async def test_a_verdict_from_before_a_newer_claim_changes_nothing_but_its_attempt(
    world: World, verdict: VerdictKind
) -> None:
    schedule = await given_due(world)
    first = await claim_one(world, window=HOUR)
    await expire(world)
    await claimed_anew(world, schedule)
    before = await find(world, schedule)

    settled = await settle(world, first, verdict, reason="At last")

    assert settled.recorded is Recorded.STALE
    assert await find(world, schedule) == before
    [attempt] = await attempts_of(world, schedule)
    assert (attempt.verdict, attempt.reason) == (verdict, "At last")


@pytest.mark.parametrize("verdict", TOLD)
async def test_only_its_owner_settles_a_claim(world: World, verdict: VerdictKind) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)

    settled = await settle(world, claimed, verdict, owner=ANOTHER_OWNER)

    assert settled == Settled(Recorded.STALE, PUBLISHING)
    assert await status_of(world, schedule) is PUBLISHING


async def claimed_and_paused(world: World, schedule: Schedule) -> None:
    await claim_one(world)
    await paused(world, schedule)


async def claimed_and_lost(world: World, _: Schedule) -> None:
    await claim_one(world)
    await expire(world)


async def unconfirmed(world: World, _: Schedule) -> None:
    await settle(world, await claim_one(world), UNKNOWN, reason="Silence")


async def sent_and_lost(world: World, _: Schedule) -> None:
    await claim_one(world, window=HOUR)
    await expire(world)


async def put_off(world: World, _: Schedule) -> None:
    await settle(world, await claim_one(world), DEFERRED, reason="Busy", delay=HOUR)


async def unsent(world: World, _: Schedule) -> None:
    await settle(world, await claim_one(world), UNSENT, delay=HOUR)


@pytest.mark.parametrize(
    "meanwhile",
    [
        nothing,
        doubted,
        claimed_and_paused,
        claimed_and_lost,
        unconfirmed,
        sent_and_lost,
        put_off,
        unsent,
    ],
)
async def test_nobody_says_what_became_of_a_claim_that_somebody_else_was_given_or_nobody(
    world: World, meanwhile: Meanwhile
) -> None:
    schedule = await given_due(world)
    await meanwhile(world, schedule)
    before, tried = await find(world, schedule), await attempts_of(world, schedule)

    for token, verdict in product(range(1, 5), TOLD):
        guessed = Claim(
            schedule_id=schedule.schedule_id,
            brand_id=schedule.brand_id,
            platform=schedule.platform,
            token=token,
            publish_time=schedule.publish_time,
            standing=Standing.of(before),
        )
        assert (await settle(world, guessed, verdict, owner=ANOTHER_OWNER)).recorded is Recorded.STALE

    assert await find(world, schedule) == before
    assert await attempts_of(world, schedule) == tried


async def test_an_accepted_of_a_send_that_was_doubted_after_a_restore_still_counts(world: World) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    assert [count async for count in Doubting(storage=world.storage).doubt(schedule.created_at)] == [1]

    settled = await settle(world, claimed, ACCEPTED, external_id="t-7")

    assert settled == Settled(Recorded.SETTLED, COMPLETED)
    assert (await find(world, schedule)).external_id == "t-7"


@pytest.mark.parametrize("verdict", [DEFERRED, UNKNOWN])
async def test_what_was_cancelled_in_doubt_is_not_sent_again_whatever_verdict_comes_late(
    world: World, verdict: VerdictKind
) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world, window=HOUR)
    await expire(world)
    await cancel(world, schedule)

    settled = await settle(world, claimed, verdict)

    assert settled == Settled(Recorded.STALE, UNCONFIRMED)
    assert await status_of(world, schedule) is UNCONFIRMED
    assert not await claim(world)


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("lone \ud83d", "lone ?"),
        ("Ünïcode ☕", "Ünïcode ☕"),
        ("x" * 5000, "x" * 1000),
        ("", ""),
    ],
)
async def test_whatever_text_a_receiver_sends_can_be_kept(world: World, given_text: str, kept: str) -> None:
    schedule = await given_due(world)

    await settle(world, await claim_one(world), REFUSED, reason=given_text, external_id=given_text)

    found = await find(world, schedule)
    [attempt] = await attempts_of(world, schedule)
    assert [found.error, attempt.reason, found.external_id, attempt.external_id] == [kept] * 4


async def completed(world: World) -> None:
    await settle(world, await claim_one(world), ACCEPTED)


async def failed(world: World) -> None:
    await settle(world, await claim_one(world), REFUSED)


async def missed(world: World) -> None:
    await world.pass_time(4 * HOUR)
    await world.lost_and_late.give_up_late(limit=10)


@pytest.mark.parametrize("end", [completed, failed, missed])
async def test_what_is_final_stays_as_it_is(world: World, end: Callable[[World], Awaitable[None]]) -> None:
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=3 * HOUR))
    schedule = await given_due(world)
    await end(world)
    before = await find(world, schedule)
    assert not before.is_active

    for verdict in TOLD:
        await settle(world, claimed_first(schedule), verdict)
    await cancel(world, schedule)
    await confirm(world, schedule, Confirmation.SEND_AGAIN)
    await paused(world, schedule)
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces={})
    await world.lost_and_late.take_back(limit=10)
    await world.lost_and_late.give_up_late(limit=10)

    assert await find(world, schedule) == before
    assert not await claim(world)


def claimed_first(schedule: Schedule) -> Claim:
    return Claim(
        schedule_id=schedule.schedule_id,
        brand_id=BRAND_ID,
        platform=schedule.platform,
        token=1,
        publish_time=schedule.publish_time,
        standing=Standing(),
    )
