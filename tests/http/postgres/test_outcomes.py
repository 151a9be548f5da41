"""What became of a schedule over HTTP, and what a person decides about one that failed or that nobody is sure of."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.domain.attempt import digest_of
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Refused
from tests.fakes.publisher import ScriptedPublisher
from tests.http.postgres.given import time_passes
from tests.http.steps import (
    Json,
    a_brand,
    a_post,
    claim,
    due,
    in_status,
    new_id,
    present,
    problem,
    record,
    scheduled,
    script,
    settle,
    trigger,
    unconfirmed,
)
from tests.loops import on_each

OF_ATTEMPT = {
    *("claim_token", "started_at", "finished_at", "duration_ms", "verdict", "reason", "external_id"),
    *("title", "s3_url", "digest"),
}
HOUR = timedelta(hours=1)
FRESH: Json = {"status": "PENDING", "retry_count": 0, "error": None, "external_id": None, "version": 1}


async def confirm(client: httpx2.AsyncClient, schedule: Json, **body: Any) -> httpx2.Response:
    return await client.post(f"/schedules/{schedule['schedule_id']}/confirm", json=body)


async def retry(client: httpx2.AsyncClient, schedule: Json, **body: Any) -> httpx2.Response:
    return await client.post(f"/schedules/{schedule['schedule_id']}/retry", json=body)


async def events_of(client: httpx2.AsyncClient, schedule: Json) -> list[Json]:
    await trigger(client)  # it puts them in order
    events = (await client.get("/events", params={"after": 0, "limit": 1000})).json()["events"]
    return [event for event in events if event["schedule_id"] == schedule["schedule_id"]]


async def in_an_hour(client: httpx2.AsyncClient) -> str:
    return (await present(client) + HOUR).isoformat()


async def failed(client: httpx2.AsyncClient) -> Json:
    """A schedule of which nothing is out."""
    schedule = await due(client)
    await settle(client, *await claim(client), verdict="refused", reason="too long")
    return await in_status(client, schedule, "FAILED")


async def missed(client: httpx2.AsyncClient, engine: AsyncEngine) -> Json:
    schedule = await due(client, brand_id=await a_brand(client, on_late="skip", max_lateness_seconds=60))
    await time_passes(engine, minutes=2)
    await trigger(client)
    return await in_status(client, schedule, "MISSED")


async def test_a_schedule_that_waits_shows_when_it_may_be_sent_and_no_attempts(caller: httpx2.AsyncClient) -> None:
    schedule = await scheduled(caller, await a_post(caller), await present(caller) + HOUR)

    found = await record(caller, schedule)

    assert found == {**schedule, "attempts": [], "next_attempt_at": schedule["publish_time"]}


async def test_a_schedule_shows_every_attempt_in_its_order(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    schedule = await due(caller)
    script(publisher, schedule, Deferred("rate limited"), Accepted("1890"))
    await trigger(caller)
    await time_passes(tables, minutes=1)
    await trigger(caller)

    found = await record(caller, schedule)

    tries = found["attempts"]
    assert [set(attempt) for attempt in tries] == [OF_ATTEMPT] * 2
    assert [
        (attempt["claim_token"], attempt["verdict"], attempt["reason"], attempt["external_id"]) for attempt in tries
    ] == [(1, "deferred", "rate limited", None), (2, "accepted", None, "1890")]
    for attempt in tries:
        took = datetime.fromisoformat(attempt["finished_at"]) - datetime.fromisoformat(attempt["started_at"])
        assert timedelta() < took < timedelta(seconds=5)
        assert attempt["duration_ms"] == round(took.total_seconds() * 1000)
    assert (found["status"], found["external_id"], found["error"]) == ("COMPLETED", "1890", None)
    assert (found["retry_count"], found["next_attempt_at"]) == (1, None)


async def test_a_send_in_flight_is_publishing_and_has_no_next_attempt(caller: httpx2.AsyncClient) -> None:
    schedule = await due(caller)
    await claim(caller)

    found = await record(caller, schedule)

    assert (found["status"], found["next_attempt_at"], found["attempts"]) == ("PUBLISHING", None, [])


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        (
            {"published": True, "external_id": "1890", "note": "seen there"},
            {"status": "COMPLETED", "external_id": "1890", "error": None, "note": "seen there"},
        ),
        ({"published": True}, {"status": "COMPLETED", "external_id": None, "error": None}),
        ({"published": False}, {"status": "FAILED", "error": "no answer"}),
        (
            {"published": False, "note": "the day is over"},
            {"status": "FAILED", "error": "no answer", "note": "the day is over"},
        ),
        ({"published": False, "send_again": True}, {"status": "PENDING", "error": "no answer", "retry_count": 0}),
    ],
)
async def test_a_person_says_whether_an_unconfirmed_post_is_out(
    caller: httpx2.AsyncClient, said: Json, standing: Json
) -> None:
    schedule = await unconfirmed(caller)

    answer = await confirm(caller, schedule, **said)

    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= standing.items()
    assert answer.json()["doubtful"] is False
    assert answer.json()["version"] == schedule["version"] + 1
    found = await record(caller, schedule)
    assert found.items() >= answer.json().items()
    assert [attempt["verdict"] for attempt in found["attempts"]] == ["unknown"]


async def test_what_is_to_be_sent_again_is_sent_once_more_however_late(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    brand_id = await a_brand(caller, on_late="skip", max_lateness_seconds=60)
    schedule = await unconfirmed(caller, brand_id=brand_id)
    await time_passes(tables, days=1)

    await confirm(caller, schedule, published=False, send_again=True)
    await trigger(caller)

    found = await in_status(caller, schedule, "COMPLETED")
    assert [attempt.key for attempt in publisher.attempts] == [schedule["schedule_id"]]
    assert [attempt["verdict"] for attempt in found["attempts"]] == ["unknown", "accepted"]


async def test_who_asks_for_another_send_gives_it_fresh_retries(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    schedule = await unconfirmed(caller)
    await confirm(caller, schedule, published=False, send_again=True)
    script(publisher, schedule, *[Deferred("busy")] * 10)

    while await trigger(caller):
        await time_passes(tables, minutes=1)

    await in_status(caller, schedule, "FAILED")
    assert len(publisher.attempts) == 4


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"published": True, "send_again": True}, "send_again"),
        ({"published": False, "external_id": "1"}, "external_id"),
    ],
)
async def test_a_confirmation_that_contradicts_itself_is_refused(
    caller: httpx2.AsyncClient, said: Json, field: str
) -> None:
    schedule = await unconfirmed(caller)

    answer = await confirm(caller, schedule, **said)

    refused = problem(answer, 422, "contradictory_confirmation")
    assert refused["details"] == {"schedule_id": schedule["schedule_id"], "field": field}
    assert await record(caller, schedule) == schedule


async def test_what_is_pending_or_to_be_sent_again_after_its_end_is_not_confirmed(caller: httpx2.AsyncClient) -> None:
    published = await unconfirmed(caller)
    pending = await due(caller)
    await confirm(caller, published, published=True, external_id="1890")

    for schedule, status, again in ((pending, "PENDING", False), (published, "COMPLETED", True)):
        before = await record(caller, schedule)

        answer = await confirm(caller, schedule, published=False, send_again=again)

        refused = problem(answer, 409, "not_unconfirmed")
        assert refused["details"] == {"schedule_id": schedule["schedule_id"], "schedule_status": status}
        assert await record(caller, schedule) == before


async def test_what_was_believed_to_be_out_is_corrected_and_may_be_tried_again(caller: httpx2.AsyncClient) -> None:
    schedule = await unconfirmed(caller)
    await confirm(caller, schedule, published=True, external_id="1890")

    corrected = await confirm(caller, schedule, published=False, note="taken down by moderation")
    once_more = await confirm(caller, schedule, published=False)

    assert corrected.status_code == 200, corrected.text
    assert (
        corrected.json().items()
        >= {
            "status": "FAILED",
            "external_id": "1890",
            "error": "it was COMPLETED, and a person says that it is not out",
            "note": "taken down by moderation",
        }.items()
    )
    assert once_more.json() == corrected.json()
    last = (await events_of(caller, schedule))[-1]
    assert (last["kind"], last["status"], last["note"]) == ("schedule.corrected", "FAILED", "taken down by moderation")
    assert (await retry(caller, schedule)).status_code == 201


async def test_what_was_believed_to_have_failed_is_corrected_unless_it_is_to_be_sent_again(
    caller: httpx2.AsyncClient,
) -> None:
    schedule, retried = await failed(caller), await failed(caller)
    second = (await retry(caller, retried)).json()

    corrected = await confirm(caller, schedule, published=True, external_id="1890", note="it is there")
    refused = await confirm(caller, retried, published=True)

    assert corrected.json().items() >= {"status": "COMPLETED", "external_id": "1890", "error": None}.items()
    assert problem(refused, 409, "already_scheduled")["details"]["schedule_id"] == second["schedule_id"]


async def test_a_note_on_a_schedule_that_failed_leaves_the_one_that_tries_again_as_it_is(
    caller: httpx2.AsyncClient,
) -> None:
    first = await failed(caller)
    second = (await retry(caller, first)).json()

    noted = await confirm(caller, first, published=False, note="the account was locked")

    assert noted.json()["note"] == "the account was locked"
    assert [each["schedule_id"] for each in await claim(caller)] == [second["schedule_id"]]


async def test_an_attempt_shows_what_was_sent_whatever_its_post_says_since(caller: httpx2.AsyncClient) -> None:
    schedule = await failed(caller)
    post = (await caller.get(f"/posts/{schedule['post_id']}")).json()
    changed = {**{name: post[name] for name in ("brand_id", "s3_url", "platform")}, "title": "Another"}
    await caller.put(f"/posts/{schedule['post_id']}", json=changed)

    [attempt] = (await record(caller, schedule))["attempts"]

    assert (attempt["title"], attempt["s3_url"]) == (post["title"], post["s3_url"])
    assert attempt["digest"] == digest_of(post["title"], post["s3_url"])


async def test_a_failed_post_is_tried_again_now_by_a_new_schedule_that_names_the_old_one(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    schedule = await failed(caller)

    answer = await caller.post(f"/schedules/{schedule['schedule_id']}/retry")

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made.items() >= {**FRESH, "retry_of": schedule["schedule_id"], "post_id": schedule["post_id"]}.items()
    assert made["schedule_id"] != schedule["schedule_id"]
    assert datetime.fromisoformat(made["publish_time"]) == await present(caller)
    await trigger(caller)
    assert [attempt.key for attempt in publisher.attempts] == [made["schedule_id"]]
    await in_status(caller, made, "COMPLETED")
    await in_status(caller, schedule, "FAILED")


async def test_a_missed_post_is_tried_again_at_a_given_time(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    schedule = await missed(caller, tables)
    local_time = f"{(await present(caller)).year + 1}-01-17T19:00:00"

    answer = await retry(caller, schedule, timestamp=local_time, timezone="Europe/London")

    assert answer.status_code == 201, answer.text
    assert answer.json()["publish_time_local"] == f"{local_time}+00:00[Europe/London]"
    assert answer.json()["retry_of"] == schedule["schedule_id"]
    assert await trigger(caller) == []


@pytest.mark.parametrize("when", ["now", "later"])
async def test_the_same_retry_again_finds_the_schedule_of_the_first(caller: httpx2.AsyncClient, when: str) -> None:
    schedule = await failed(caller)
    body = {} if when == "now" else {"timestamp": await in_an_hour(caller)}
    first = await retry(caller, schedule, **body)

    again = await retry(caller, schedule, **body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_a_zone_without_a_time_is_refused_instead_of_ignored(caller: httpx2.AsyncClient) -> None:
    schedule = await failed(caller)

    answer = await retry(caller, schedule, timezone="Europe/London")

    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_time")


async def test_a_retry_at_another_time_than_the_first_is_refused(caller: httpx2.AsyncClient) -> None:
    schedule = await failed(caller)
    first = await retry(caller, schedule)

    answer = await retry(caller, schedule, timestamp=await in_an_hour(caller))

    refused = problem(answer, 409, "already_scheduled")
    assert refused["details"]["schedule_id"] == first.json()["schedule_id"]


async def test_a_retry_of_a_post_that_somebody_has_scheduled_meanwhile_is_refused(caller: httpx2.AsyncClient) -> None:
    schedule = await failed(caller)
    meanwhile = await scheduled(caller, schedule["post_id"], await present(caller) + HOUR)

    answer = await retry(caller, schedule)

    refused = problem(answer, 409, "already_scheduled")
    assert refused["details"]["schedule_id"] == meanwhile["schedule_id"]


async def test_a_retry_of_a_post_that_is_out_by_now_is_refused(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    schedule = await failed(caller)
    second = (await retry(caller, schedule)).json()
    await trigger(caller)

    answer = await retry(caller, schedule)

    refused = problem(answer, 409, "already_published")
    assert refused["details"] == {"post_id": schedule["post_id"], "schedule_id": second["schedule_id"]}
    assert len(publisher.attempts) == 1


async def test_a_retry_that_failed_can_be_tried_again_itself(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    schedule = await failed(caller)
    second = (await retry(caller, schedule)).json()
    script(publisher, second, Refused("still too long"))
    await trigger(caller)

    third = await retry(caller, second)

    assert third.status_code == 201, third.text
    assert third.json()["retry_of"] == second["schedule_id"]


@pytest.mark.parametrize("status", ["PENDING", "PUBLISHING", "UNCONFIRMED", "COMPLETED", "CANCELLED"])
async def test_only_what_failed_or_was_missed_can_be_tried_again(caller: httpx2.AsyncClient, status: str) -> None:
    schedule = await due(caller)
    if status == "CANCELLED":
        await caller.delete(f"/schedule/post/{schedule['post_id']}")
    elif status != "PENDING":
        claims = await claim(caller)
        verdicts = {"UNCONFIRMED": "unknown", "COMPLETED": "accepted"}
        if status in verdicts:
            await settle(caller, *claims, verdict=verdicts[status])
    before = await in_status(caller, schedule, status)

    answer = await retry(caller, schedule)

    refused = problem(answer, 409, "not_retryable")
    assert refused["details"] == {"schedule_id": schedule["schedule_id"], "schedule_status": status}
    assert await record(caller, schedule) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"timestamp": "tomorrow"}, "unreadable_time"),
        ({"timestamp": "2030-03-17T19:00:00", "timezone": "PST"}, "unknown_zone"),
        ({"timestamp": "2020-03-17T19:00:00Z"}, "time_in_past"),
        ({"timestamp": "2099-03-17T19:00:00Z"}, "beyond_horizon"),
        (
            {"timestamp": "2030-03-10T02:30:00", "timezone": "America/Los_Angeles", "disambiguation": "reject"},
            "local_time_in_gap",
        ),
    ],
)
async def test_a_retry_at_a_time_that_cannot_be_is_refused(caller: httpx2.AsyncClient, body: Json, code: str) -> None:
    schedule = await failed(caller)

    answer = await retry(caller, schedule, **body)

    problem(answer, 422, code)
    assert (await caller.get(f"/schedule/post/{schedule['post_id']}")).json()["schedule_id"] == schedule["schedule_id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("POST", "/confirm", {"published": True}), ("POST", "/retry", {})],
)
async def test_a_schedule_that_nobody_made_is_not_found(
    client: httpx2.AsyncClient, method: str, path: str, body: Json | None
) -> None:
    schedule_id = new_id()

    answer = await client.request(method, f"/schedules/{schedule_id}{path}", json=body)

    assert problem(answer, 404, "unknown_schedule")["details"] == {"schedule_id": schedule_id}


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/confirm"), ("POST", "/retry")])
async def test_what_is_no_id_is_no_route(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, f"/schedules/mine{path}")

    problem(answer, 404, "no_such_route")


@on_each(
    ("action", "body", "at"),
    [
        ("confirm", None, "$"),
        ("confirm", {}, "$"),
        ("confirm", [], "$"),
        ("confirm", {"published": "true"}, "$.published"),
        ("confirm", {"published": 1}, "$.published"),
        ("confirm", {"published": None}, "$.published"),
        ("confirm", {"published": False, "send_again": "yes"}, "$.send_again"),
        ("confirm", {"published": True, "external_id": ""}, "$.external_id"),
        ("confirm", {"published": True, "external_id": "x" * 201}, "$.external_id"),
        ("confirm", {"published": True, "external_id": "\0"}, "$.external_id"),
        ("confirm", {"published": True, "note": ""}, "$.note"),
        ("confirm", {"published": True, "note": "x" * 1001}, "$.note"),
        ("confirm", {"published": True, "note": "a\0b"}, "$.note"),
        ("confirm", {"published": True, "status": "COMPLETED"}, "$"),
        ("retry", [], "$"),
        ("retry", {"timestamp": 0}, "$.timestamp"),
        ("retry", {"timestamp": "x" * 10_001}, "$.timestamp"),
        ("retry", {"timestamp": "2030-03-17T19:00:00", "disambiguation": "whatever"}, "$.disambiguation"),
        ("retry", {"allow_repost": True}, "$"),
    ],
)
async def test_a_body_that_is_out_of_bounds_is_malformed(
    client: httpx2.AsyncClient, action: str, body: Any, at: str
) -> None:
    answer = await client.post(f"/schedules/{new_id()}/{action}", json=body)

    assert [error["at"] for error in problem(answer, 400, "malformed")["errors"]] == [at]
