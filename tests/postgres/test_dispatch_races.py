"""What is promised of a schedule when several want something else of it at the same moment."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import CATCHING_UP, PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.application.schedule_records import ScheduleRecords
from marketmind_scheduler.domain.attempt import Claim
from marketmind_scheduler.domain.errors import NotUnconfirmed, SendInFlight
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import Recorded, VerdictKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import BRAND_ID, a_brand, a_campaign, given, new_id
from tests.contracts.waiting import until_waiting
from tests.postgres.given import (
    FAR_AHEAD,
    OWNER,
    a_moment,
    asked,
    claim,
    few_at_once,
    given_due,
    in_batches,
    let_leases_run_out,
    post_scheduling,
    settlement,
)

ROWS = 300
BATCH = 10
PAUSED = (Hold.BRAND_PAUSED, BRAND_ID)
LOCK_SCHEDULE = "SELECT FROM queue WHERE schedule_id = $1 FOR UPDATE"
NEVER_THE_VICTIM = (
    "SET LOCAL deadlock_timeout = '1min'; SET LOCAL lock_timeout = '1min'; SET LOCAL statement_timeout = 0"
)
HOUR = timedelta(hours=1)


Want = Callable[[Schedule], Awaitable[bool]]


async def race(schedules: Sequence[Schedule], one: Want, other: Want) -> Sequence[tuple[bool, bool]]:
    """Both want each schedule at the same moment; whether they got it."""

    async def for_one(schedule: Schedule) -> tuple[bool, bool]:
        gets_it, other_gets_it = await asyncio.gather(soon(one, schedule), soon(other, schedule))
        return gets_it, other_gets_it

    async def soon(want: Want, schedule: Schedule) -> bool:
        await a_moment()
        return await want(schedule)

    return await few_at_once(schedules, for_one)


async def after_a_moment(work: Coroutine[None, None, None]) -> None:
    await a_moment(0.01)
    await work


async def standing_of(storage: PostgresStorage, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    async with storage.reading() as stored:
        found = await stored.schedules.find_all([each.schedule_id for each in schedules])
    return sorted(found, key=lambda schedule: schedule.schedule_id)


async def test_of_two_who_claim_one_at_the_same_moment_both_get_one(
    pool: Pool, storage: PostgresStorage, queue: PostgresDispatchQueue
) -> None:
    await given(storage, a_brand())
    await given_due(storage, 2)
    room = {Platform.TWITTER: 20}

    async with pool.acquire() as connection, connection.transaction():
        first = await connection.fetch("SELECT schedule_id FROM queue ORDER BY due_at LIMIT 1 FOR UPDATE")
        second = await claim(queue, room, most=1)

    assert [len(first), len(second)] == [1, 1]
    assert first[0]["schedule_id"] != second[0].schedule_id


async def settle_all(
    storage: PostgresStorage, queue: PostgresDispatchQueue, claims: Sequence[Claim], verdict: VerdictKind
) -> Mapping[UUID, Recorded]:
    verdicts = Verdicts(queue=queue, storage=storage, owner=OWNER)
    settled = await verdicts.record([settlement(claim, verdict) for claim in claims])
    return {schedule_id: each.recorded for schedule_id, each in settled.items()}


async def test_many_who_claim_get_each_schedule_once_and_never_more_than_they_have_room_for(
    storage: PostgresStorage, queue: PostgresDispatchQueue
) -> None:
    await given(storage, a_brand())
    schedules = await given_due(storage, 1000)

    async def claim_until_nothing_is_left() -> Sequence[Sequence[Claim]]:
        owner, taken = uuid4(), list[Sequence[Claim]]()
        while claims := await claim(queue, {Platform.TWITTER: 17, Platform.TIKTOK: 5}, owner=owner):
            taken.append(claims)
        return taken

    by_owner = await asyncio.gather(*(claim_until_nothing_is_left() for _ in range(8)))

    taken = [claims for each in by_owner for claims in each]
    claimed = Counter((claim.schedule_id, claim.token) for claims in taken for claim in claims)
    assert claimed == {(schedule.schedule_id, 1): 1 for schedule in schedules}
    assert max(map(len, taken)) == 17


@pytest.mark.parametrize(("change", "status"), [("cancel", ScheduleStatus.CANCELLED), ("move", ScheduleStatus.PENDING)])
async def test_either_a_send_begins_or_it_is_cancelled_or_moved(
    storage: PostgresStorage,
    queue: PostgresDispatchQueue,
    zones: ZoneCatalog,
    change: str,
    status: ScheduleStatus,
) -> None:
    await given(storage, a_brand())
    schedules = await given_due(storage, ROWS)
    scheduling = post_scheduling(storage, zones)
    begun = set[UUID]()

    async def begins() -> None:
        """A few at a time, while others are withdrawn."""
        while claims := await claim(queue, {Platform.TWITTER: BATCH}):
            begun.update(each.schedule_id for each in claims)
            await a_moment()

    async def is_withdrawn(schedule: Schedule) -> bool:
        try:
            if change == "cancel":
                await scheduling.cancel(schedule.post_id)
            else:
                await scheduling.move(schedule.post_id, asked(FAR_AHEAD), version=None)
        except SendInFlight:
            return False
        return True

    last_first = schedules[::-1]
    withdrawn, _ = await asyncio.gather(few_at_once(last_first, is_withdrawn), begins())

    is_gone = dict(zip((each.schedule_id for each in last_first), withdrawn, strict=True))
    assert set(is_gone.values()) == {True, False}
    assert {schedule_id for schedule_id, gone in is_gone.items() if not gone} == begun
    for schedule, standing in zip(schedules, await standing_of(storage, schedules), strict=True):
        is_moved = change == "move" and is_gone[schedule.schedule_id]
        assert standing.status is (status if is_gone[schedule.schedule_id] else ScheduleStatus.PUBLISHING)
        assert standing.publish_time == (FAR_AHEAD if is_moved else schedule.publish_time)


@pytest.mark.parametrize("hold", [Hold.BRAND_PAUSED, Hold.CAMPAIGN_PAUSED])
async def test_either_a_send_begins_or_it_is_held_once_its_brand_or_campaign_is_paused(
    storage: PostgresStorage, queue: PostgresDispatchQueue, holds: PostgresHolds, hold: Hold
) -> None:
    seen = set[bool]()
    for _ in range(10):
        brand = a_brand(brand_id=new_id())
        campaign = a_campaign(campaign_id=new_id(), brand_id=brand.brand_id)
        await given(storage, brand, campaign)
        schedules = await given_due(storage, 6 * BATCH, brand_id=brand.brand_id, campaign_id=campaign.campaign_id)
        of = brand.brand_id if hold is Hold.BRAND_PAUSED else campaign.campaign_id
        pausing = asyncio.create_task(after_a_moment(holds.place(hold, of)))

        async def begins() -> set[UUID]:
            await a_moment(0.02)
            return {each.schedule_id for each in await claim(queue, {Platform.TWITTER: BATCH})}

        begun_by_batch = await asyncio.gather(*(begins() for _ in range(5)))
        await pausing

        begun = {schedule_id for each in begun_by_batch for schedule_id in each}
        for standing in await standing_of(storage, schedules):
            is_begun = standing.schedule_id in begun
            assert standing.status is (ScheduleStatus.PUBLISHING if is_begun else ScheduleStatus.PENDING)
            assert standing.holds == {hold}
            seen.add(is_begun)
    assert seen == {True, False}
    assert not await claim(queue)


@pytest.mark.parametrize(
    ("verdict", "resend_window", "status", "retry_count"),
    [
        (VerdictKind.ACCEPTED, None, ScheduleStatus.COMPLETED, 0),
        (VerdictKind.DEFERRED, None, ScheduleStatus.PENDING, 1),
        (VerdictKind.REFUSED, None, ScheduleStatus.FAILED, 0),
        (VerdictKind.UNKNOWN, None, ScheduleStatus.UNCONFIRMED, 0),
        (VerdictKind.ACCEPTED, HOUR, ScheduleStatus.COMPLETED, None),
        (VerdictKind.DEFERRED, HOUR, ScheduleStatus.PENDING, 1),
        (VerdictKind.UNKNOWN, HOUR, ScheduleStatus.PENDING, 1),
    ],
)
async def test_a_verdict_counts_once_whether_its_lease_is_taken_back_before_or_after_it(
    pool: Pool,
    storage: PostgresStorage,
    queue: PostgresDispatchQueue,
    lost_and_late: LostAndLate,
    verdict: VerdictKind,
    resend_window: timedelta | None,
    status: ScheduleStatus,
    retry_count: int | None,
) -> None:
    await given(storage, a_brand())
    schedules = await given_due(storage, ROWS)
    claims = list(await claim(queue, resend_window=resend_window))
    await let_leases_run_out(pool)
    random.shuffle(claims)

    async def settles(batch: Sequence[Claim]) -> Mapping[UUID, Recorded]:
        await a_moment(0.03)
        return await settle_all(storage, queue, batch, verdict)

    async def take_back() -> int:
        await a_moment(0.03)
        return len(await lost_and_late.take_back(limit=BATCH))

    batches = in_batches(claims, BATCH)
    settled, expired = await asyncio.gather(
        asyncio.gather(*map(settles, batches)), asyncio.gather(*(take_back() for _ in batches))
    )

    again = await settle_all(storage, queue, claims, verdict)

    assert {recorded for each in settled for recorded in each.values()} == {Recorded.SETTLED}
    assert set(again.values()) == {Recorded.REPEATED}
    assert sum(expired)
    for standing in await standing_of(storage, schedules):
        assert standing.status is status
        assert retry_count is None or standing.retry_count == retry_count
    attempts = await pool.fetch("SELECT verdict, count(*) FROM attempts GROUP BY verdict")
    assert [tuple(row) for row in attempts] == [(verdict, ROWS)]


@pytest.mark.parametrize(
    ("published", "send_again", "stands", "recorded_if_second"),
    [
        (True, False, ScheduleStatus.COMPLETED, Recorded.STALE),
        (False, False, ScheduleStatus.FAILED, Recorded.STALE),
        (False, True, ScheduleStatus.COMPLETED, Recorded.SETTLED),
    ],
)
async def test_a_late_accepted_and_what_a_person_says_at_that_moment_are_told_apart(
    pool: Pool,
    storage: PostgresStorage,
    queue: PostgresDispatchQueue,
    lost_and_late: LostAndLate,
    published: bool,  # noqa: FBT001
    send_again: bool,  # noqa: FBT001
    stands: ScheduleStatus,
    recorded_if_second: Recorded,
) -> None:
    """Whoever comes first: how it ended is what the person says, also as a correction; but what was accepted is not
    sent again."""
    await given(storage, a_brand())
    schedules = await given_due(storage, ROWS)
    claims = {each.schedule_id: each for each in await claim(queue)}
    await let_leases_run_out(pool)
    await lost_and_late.take_back(limit=ROWS)
    outcomes = ScheduleRecords(storage=storage)
    recorded = dict[UUID, Recorded]()

    async def settles(schedule: Schedule) -> bool:
        recorded.update(await settle_all(storage, queue, [claims[schedule.schedule_id]], VerdictKind.ACCEPTED))
        return recorded[schedule.schedule_id] is Recorded.SETTLED

    async def confirms(schedule: Schedule) -> bool:
        try:
            await outcomes.confirm(
                schedule.schedule_id, published=published, send_again=send_again, external_id=None, note=None
            )
        except NotUnconfirmed:
            return False
        return True

    pairs = await race(schedules, settles, confirms)

    assert {is_confirmed for _, is_confirmed in pairs} == ({True, False} if send_again else {True})
    assert set(recorded.values()) == {Recorded.SETTLED, recorded_if_second}
    assert {standing.status for standing in await standing_of(storage, schedules)} == {stands}


@pytest.mark.parametrize("victim", ["settle", "pause"])
async def test_whoever_has_to_give_way_in_a_deadlock_tries_again(
    pool: Pool,
    storage: PostgresStorage,
    tables: AsyncEngine,
    queue: PostgresDispatchQueue,
    holds: PostgresHolds,
    victim: str,
) -> None:
    """PostgreSQL breaks a deadlock a second after the first of the two began to wait."""
    await given(storage, a_brand())
    schedules = await given_due(storage, 2)
    first, second = sorted(schedules, key=lambda schedule: schedule.schedule_id)
    claims = await claim(queue)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(NEVER_THE_VICTIM)
        await connection.execute(LOCK_SCHEDULE, second.schedule_id)
        waiting = asyncio.ensure_future(
            settle_all(storage, queue, claims, VerdictKind.REFUSED) if victim == "settle" else holds.place(*PAUSED)
        )
        await until_waiting(tables, waiting)
        await connection.execute(LOCK_SCHEDULE, first.schedule_id)
    await waiting

    statuses = {(each.status, each.holds) for each in await standing_of(storage, schedules)}
    refused, held = (ScheduleStatus.FAILED, frozenset[Hold]()), (ScheduleStatus.PUBLISHING, frozenset({PAUSED[0]}))
    assert statuses == {refused if victim == "settle" else held}


async def test_of_two_who_would_put_events_in_order_only_one_does(
    pool: Pool, storage: PostgresStorage, tables: AsyncEngine, upkeep: PostgresUpkeep
) -> None:
    await given(storage, a_brand())
    await given_due(storage, BATCH)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE histories IN EXCLUSIVE MODE")
        first = asyncio.create_task(upkeep.sequence_events(limit=BATCH))
        await until_waiting(tables, first)
        second = await upkeep.sequence_events(limit=BATCH)

    assert (await first, second) == (BATCH, 0)


async def test_while_one_gives_lanes_their_pace_another_is_told_to_wait(pool: Pool, upkeep: PostgresUpkeep) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", CATCHING_UP)
        beside = await upkeep.catch_up(age=HOUR, paces=PACES)

    assert (beside, await upkeep.catch_up(age=HOUR, paces=PACES)) == (None, 0)
