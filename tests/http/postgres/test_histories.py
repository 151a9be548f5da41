"""Readers of events after the database has gone back, by a failover or a restore."""

import asyncio

import httpx2

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import Json, a_post, present, problem

WENT_BACK = "UPDATE histories SET identity = 'another server' WHERE nth = (SELECT max(nth) FROM histories)"
FORGET_LAST = """
WITH gone AS (DELETE FROM events WHERE position = (SELECT max(position) FROM events) RETURNING position)
SELECT setval('final_events', position - 1) FROM gone
"""


async def something_happens(client: httpx2.AsyncClient, use_cases: UseCases) -> None:
    at = (await present(client)).replace(year=(await present(client)).year + 1)
    answer = await client.post(f"/schedule/post/{await a_post(client)}", json={"timestamp": at.isoformat()})
    assert answer.status_code == 201, answer.text
    await use_cases.upkeeping.sequence()


async def read(client: httpx2.AsyncClient, **query: str | int) -> Json:
    answer = await client.get("/events", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_history_is_told_from_the_start_before_anything_has_happened(
    caller: httpx2.AsyncClient, dispatching: UseCases
) -> None:
    await dispatching.upkeeping.sequence()
    first = await read(caller)
    await something_happens(caller, dispatching)

    after = await read(caller, after=first["next_after"], history=first["history"])

    assert (first["events"], first["next_after"]) == ([], 0)
    assert first["history"] is not None
    assert after["history"] == first["history"]
    assert [each["kind"] for each in after["events"]] == ["schedule.scheduled"]


async def test_a_reader_in_step_notices_nothing_of_a_failover_without_loss(
    caller: httpx2.AsyncClient, dispatching: UseCases, pool: Pool
) -> None:
    await something_happens(caller, dispatching)
    before = await read(caller)
    await pool.execute(WENT_BACK)
    between = await read(caller, after=before["next_after"], history=before["history"])
    await something_happens(caller, dispatching)

    after = await read(caller, after=before["next_after"], history=before["history"])

    assert between == {"events": [], "next_after": before["next_after"], "history": before["history"]}
    assert [each["kind"] for each in after["events"]] == ["schedule.scheduled"]
    assert after["history"] != before["history"]


async def test_a_reader_that_has_read_what_was_taken_back_is_told_from_where_to_go_on(
    caller: httpx2.AsyncClient, dispatching: UseCases, pool: Pool
) -> None:
    await something_happens(caller, dispatching)
    kept = (await read(caller))["next_after"]
    await something_happens(caller, dispatching)
    before = await read(caller)
    await pool.execute(FORGET_LAST)
    await pool.execute(WENT_BACK)
    at_once = await caller.get("/events", params={"after": before["next_after"]})
    for _ in range(3):
        await something_happens(caller, dispatching)

    without_mark = await read(caller, after=before["next_after"])
    with_mark = await caller.get("/events", params={"after": before["next_after"], "history": before["history"]})
    details = problem(with_mark, 409, "history_changed")["details"]
    again = await read(caller, after=details["after"], history=details["history"])

    assert problem(at_once, 409, "history_changed")["details"]["after"] == kept
    assert len(without_mark["events"]) <= 3  # old readers go on as before
    assert (details["after"], details["read_up_to"]) == (kept, before["next_after"])
    assert len(again["events"]) == 3


async def test_a_position_beyond_the_end_and_a_mark_that_nobody_gave_are_refused(
    caller: httpx2.AsyncClient, dispatching: UseCases
) -> None:
    await something_happens(caller, dispatching)
    last = (await read(caller))["next_after"]
    unknown = "00000000-0000-4000-8000-000000000000"

    async with asyncio.timeout(5):
        beyond = await caller.get("/events", params={"after": 999_999, "wait_seconds": 30})
    of_another = await caller.get("/events", params={"after": last, "history": unknown})

    assert problem(beyond, 409, "history_changed")["details"]["after"] == last
    assert problem(of_another, 409, "history_changed")["details"]["after"] == 0
