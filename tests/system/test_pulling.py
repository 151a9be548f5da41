"""A service that publishes by itself, from the first claim to the last event, with no dispatcher anywhere."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from marketmind_scheduler.adapters.system_clock import SystemClock
from tests.http import steps
from tests.http.steps import Json, held
from tests.system.servers import a_database, connected, until
from tests.system.services import Service, serving

pytestmark = pytest.mark.timeout(120)

SOON = 5
RUN_OUT = "UPDATE queue SET lease_expires_at = now() WHERE schedule_id = $1 AND lease_expires_at IS NOT NULL"
TOO_LATE = "UPDATE queue SET latest_at = now() WHERE schedule_id = $1"


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module")
async def service(database: str) -> AsyncGenerator[Service]:
    """The API alone: it sends nothing, and nobody dispatches beside it."""
    async with serving(DATABASE_URL=database, SCHEDULER_PUBLISHER="none", SCHEDULER_DISPATCH="off") as running:
        yield running


@pytest.fixture
async def puller(service: Service) -> AsyncGenerator[httpx2.AsyncClient]:
    async with service.client() as client:
        yield client


async def due(client: httpx2.AsyncClient, *, on_late: str = "publish") -> Json:
    """A schedule for now, of a brand of its own."""
    post_id = await steps.a_post(client, brand_id=await steps.a_brand(client, on_late=on_late))
    return await steps.scheduled(client, post_id, SystemClock().now())


async def claimed(client: httpx2.AsyncClient, *schedules: Json) -> list[Json]:
    """The claims of these, in their order; whatever else is due is claimed too, and left."""
    found: dict[str, Json] = {}
    wanted = [schedule["schedule_id"] for schedule in schedules]

    async def are_there() -> bool:
        found.update({each["schedule_id"]: each for each in await steps.claim(client, lease_seconds=60)})
        return found.keys() >= set(wanted)

    await until(are_there, seconds=SOON)
    return [found[each] for each in wanted]


async def until_status(client: httpx2.AsyncClient, schedule: Json, status: str) -> Json:
    async def has_it() -> bool:
        return (await steps.record(client, schedule))["status"] == status

    await until(has_it, seconds=SOON)
    return await steps.record(client, schedule)


async def run_out(database: str, schedule: Json) -> None:
    async with connected(database) as sql:
        assert await sql.execute(RUN_OUT, schedule["schedule_id"]) == "UPDATE 1"


async def kinds_of(client: httpx2.AsyncClient, schedule: Json, *, count: int) -> list[str]:
    """What was told of it, once so many events are there."""
    told: list[str] = []

    async def are_there() -> bool:
        query = {"after": 0, "limit": 1000, "brand_id": schedule["brand_id"]}
        events = (await client.get("/events", params=query)).json()["events"]
        told[:] = [event["kind"].removeprefix("schedule.") for event in events]
        return len(told) >= count

    await until(are_there, seconds=SOON)
    return told


async def test_it_says_that_what_is_due_waits_for_whoever_pulls(puller: httpx2.AsyncClient) -> None:
    ready = (await puller.get("/health/ready")).json()

    assert (ready["status"], ready["publisher"]) == ("ready", "none")
    assert "pull" in ready["publishing"]


async def test_what_is_due_is_sent_by_nobody_not_even_when_triggered(puller: httpx2.AsyncClient) -> None:
    schedule = await due(puller)

    assert await steps.trigger(puller) == []

    record = await steps.in_status(puller, schedule, "PENDING")
    assert (record["dry_run"], record["external_id"], record["attempts"]) == (False, None, [])


async def test_each_verdict_of_the_puller_ends_or_repeats_its_schedule_and_is_told(puller: httpx2.AsyncClient) -> None:
    out, busy, no = await due(puller), await due(puller), await due(puller)

    first, second, third = await claimed(puller, out, busy, no)
    await steps.settle(puller, first, verdict="accepted", external_id="t3_1")
    await steps.settle(puller, second, verdict="deferred", reason="busy")
    await steps.settle(puller, third, verdict="refused", reason="too long")

    assert (await until_status(puller, out, "COMPLETED"))["external_id"] == "t3_1"
    assert (await until_status(puller, busy, "PENDING"))["retry_count"] == 1
    assert (await until_status(puller, no, "FAILED"))["error"] == "too long"
    assert await kinds_of(puller, out, count=2) == ["scheduled", "completed"]
    assert await kinds_of(puller, busy, count=2) == ["scheduled", "retrying"]
    assert await kinds_of(puller, no, count=2) == ["scheduled", "failed"]


async def test_a_puller_that_stalls_leaves_its_post_unconfirmed_and_its_late_word_still_counts(
    puller: httpx2.AsyncClient, database: str
) -> None:
    schedule = await due(puller)
    [claim] = await claimed(puller, schedule)

    await run_out(database, schedule)
    record = await until_status(puller, schedule, "UNCONFIRMED")
    lost = (await puller.post("/dispatch/claims/extend", json={"claims": [held(claim)], "lease_seconds": 60})).json()
    [late] = await steps.settle(puller, claim, verdict="accepted", external_id="t3_2")
    [again] = await steps.settle(puller, claim, verdict="accepted", external_id="t3_2")

    assert [attempt["verdict"] for attempt in record["attempts"]] == ["lost"]
    assert lost["lost"] == [schedule["schedule_id"]]
    assert (late["outcome"], late["status"], again["outcome"]) == ("settled", "COMPLETED", "repeated")
    assert await kinds_of(puller, schedule, count=3) == ["scheduled", "unconfirmed", "completed"]


async def test_what_a_person_lets_go_out_again_is_claimed_anew_and_the_old_claim_is_stale(
    puller: httpx2.AsyncClient, database: str
) -> None:
    schedule = await due(puller)
    [stalled] = await claimed(puller, schedule)
    await run_out(database, schedule)
    await until_status(puller, schedule, "UNCONFIRMED")

    await puller.post(f"/schedules/{schedule['schedule_id']}/confirm", json={"published": False, "send_again": True})
    [anew] = await claimed(puller, schedule)
    [stale] = await steps.settle(puller, stalled, verdict="refused", reason="too long")
    [settled] = await steps.settle(puller, anew, verdict="accepted", external_id="t3_3")

    assert anew["claim_token"] > stalled["claim_token"]
    assert (stale["outcome"], settled["outcome"]) == ("stale", "settled")
    assert (await until_status(puller, schedule, "COMPLETED"))["external_id"] == "t3_3"


async def test_a_post_that_nobody_takes_in_time_is_missed_as_its_brand_wants_it(
    puller: httpx2.AsyncClient, database: str
) -> None:
    schedule = await due(puller, on_late="skip")
    async with connected(database) as sql:
        await sql.execute(TOO_LATE, schedule["schedule_id"])

    await until_status(puller, schedule, "MISSED")

    assert await kinds_of(puller, schedule, count=2) == ["scheduled", "missed"]


async def test_whoever_follows_the_events_is_told_while_they_wait(puller: httpx2.AsyncClient) -> None:
    schedule = await due(puller)
    [scheduled, *_] = await kinds_of(puller, schedule, count=1)
    last = (await puller.get("/events", params={"limit": 1000})).json()["next_after"]
    await steps.settle(puller, *await claimed(puller, schedule), verdict="accepted", external_id="t3_4")

    query = {"after": last, "wait_seconds": SOON, "brand_id": schedule["brand_id"]}
    [completed] = (await puller.get("/events", params=query)).json()["events"]

    assert (scheduled, completed["kind"], completed["external_id"]) == ("scheduled", "schedule.completed", "t3_4")
