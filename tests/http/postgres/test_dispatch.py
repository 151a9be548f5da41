"""Dispatch over HTTP: triggered from outside, or pulled, published and settled by another service."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.domain.verdict import Accepted, Deferred, Refused, Unknown, Verdict
from tests.fakes.publisher import ScriptedPublisher
from tests.http.postgres.given import time_passes
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    add_posts,
    claim,
    due,
    held,
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

OF_CLAIM = {
    "schedule_id",
    "claim_token",
    "brand_id",
    "campaign_id",
    "post_id",
    "platform",
    "title",
    "s3_url",
    "publish_time",
    "retry_count",
}
TEN_MINUTES = timedelta(minutes=10)


async def some_due(client: httpx2.AsyncClient, count: int, *, seconds_apart: int = 1) -> list[Json]:
    """Schedules of one brand that are due, the earliest first."""
    brand_id, now = await a_brand(client), await present(client)
    return [
        await scheduled(
            client, await a_post(client, brand_id=brand_id), now - timedelta(seconds=(count - nth) * seconds_apart)
        )
        for nth in range(count)
    ]


def ids(of: Sequence[Json]) -> list[str]:
    return [each["schedule_id"] for each in of]


async def test_a_trigger_sends_what_is_due_and_tells_where_it_stands_the_earliest_first(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    first, second, third = await some_due(caller, 3)
    script(publisher, first, Accepted("1890"))

    results = await trigger(caller)

    assert ids(results) == ids([first, second, third])
    assert results[0] == {
        "schedule_id": first["schedule_id"],
        "post_id": first["post_id"],
        "brand_id": first["brand_id"],
        "campaign_id": None,
        "platform": "TWITTER",
        "title": first["title"],
        "status": "COMPLETED",
        "retry_count": 0,
        "error": None,
        "external_id": "1890",
    }
    assert sorted(attempt.key for attempt in publisher.attempts) == sorted(ids(results))


async def test_a_trigger_needs_no_body_and_finds_nothing_where_nothing_is_due(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    ahead = await scheduled(caller, await a_post(caller), await present(caller) + timedelta(hours=1))

    answer = await caller.post("/schedule/trigger")

    assert (answer.status_code, answer.json()) == (200, {"results": []})
    assert publisher.attempts == []
    await in_status(caller, ahead, "PENDING")


async def test_a_trigger_sends_no_more_than_its_limit_over_all_platforms(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    for platform in ("TWITTER", "TWITTER", "REDDIT", "TIKTOK"):
        await due(caller, platform=platform)

    rounds = [len(await trigger(caller, limit=3)) for _ in range(3)]

    assert rounds == [3, 1, 0]
    assert len({attempt.key for attempt in publisher.attempts}) == len(publisher.attempts) == 4


@pytest.mark.parametrize(
    ("verdict", "standing"),
    [
        (Deferred("rate limited"), {"status": "PENDING", "retry_count": 1, "error": "rate limited"}),
        (Refused("too long"), {"status": "FAILED", "retry_count": 0, "error": "too long"}),
        (Unknown("no answer"), {"status": "UNCONFIRMED", "retry_count": 0, "error": "no answer"}),
    ],
)
async def test_what_did_not_succeed_is_told_with_its_reason(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, verdict: Verdict, standing: Json
) -> None:
    script(publisher, await due(caller), verdict)

    [result] = await trigger(caller)

    assert result.items() >= standing.items()
    assert await trigger(caller) == []


async def test_a_post_that_is_always_deferred_fails_after_its_third_retry_under_one_key(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    schedule = await due(caller)
    script(publisher, schedule, *(Deferred(f"busy {nth}") for nth in range(10)))

    told: list[tuple[str, int]] = []
    while len(told) < 10 and (results := await trigger(caller)):
        told += [(result["status"], result["retry_count"]) for result in results]
        await time_passes(tables, minutes=1)

    assert told == [("PENDING", 1), ("PENDING", 2), ("PENDING", 3), ("FAILED", 3)]
    assert [attempt.key for attempt in publisher.attempts] == [schedule["schedule_id"]] * 4
    assert (await record(caller, schedule))["error"] == "busy 3"


async def test_a_trigger_does_what_else_a_running_dispatcher_does(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    lost = await due(caller)
    await claim(caller)
    skipping = await a_brand(caller, on_late="skip", max_lateness_seconds=60)
    late = await due(caller, brand_id=skipping)
    await time_passes(tables, minutes=2)

    await trigger(caller)

    assert (await in_status(caller, lost, "UNCONFIRMED"))["error"] == "the lease ran out before a verdict came"
    assert (await in_status(caller, late, "MISSED"))["error"].startswith("too late: not sent by ")
    told = (await caller.get("/events")).json()["events"]
    assert {event["kind"] for event in told} == {"schedule.scheduled", "schedule.unconfirmed", "schedule.missed"}


async def test_what_is_held_for_being_late_is_not_moved_to_the_time_that_it_missed(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    holding = await a_brand(caller, on_late="hold", max_lateness_seconds=60)
    late = await due(caller, brand_id=holding)
    await time_passes(tables, minutes=2)
    await trigger(caller)
    missed = (await in_status(caller, late, "PENDING"))["publish_time"]

    again = await caller.put(f"/schedule/post/{late['post_id']}", json={"timestamp": missed})

    problem(again, 422, "time_in_past")


async def test_a_trigger_sends_one_post_of_a_lane_that_is_behind_and_the_next_a_pace_later(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    overdue = await some_due(caller, 3)
    elsewhere = await due(caller, brand_id=overdue[0]["brand_id"], platform="REDDIT")
    await time_passes(tables, hours=1)

    first, at_once = await trigger(caller), await trigger(caller)
    await time_passes(tables, seconds=30)
    a_pace_later = await trigger(caller)

    assert ids(first) == ids([overdue[0], elsewhere])
    assert at_once == []
    assert ids(a_pace_later) == ids([overdue[1]])


async def test_whoever_pulls_is_given_one_post_of_a_lane_that_is_behind(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    overdue = await some_due(caller, 3)
    await time_passes(tables, hours=1)

    assert ids(await claim(caller)) == ids([overdue[0]])
    assert await claim(caller) == []


@pytest.mark.parametrize(
    ("on_late", "later", "status", "holds"),
    [
        ("publish", {"days": 30}, "COMPLETED", []),
        ("skip", {"minutes": 9}, "COMPLETED", []),
        ("skip", {"minutes": 11}, "MISSED", []),
        ("hold", {"minutes": 9}, "COMPLETED", []),
        ("hold", {"minutes": 11}, "PENDING", ["late"]),
    ],
)
async def test_a_late_post_is_treated_as_its_brand_wants(
    caller: httpx2.AsyncClient,
    publisher: ScriptedPublisher,
    tables: AsyncEngine,
    on_late: str,
    later: dict[str, float],
    status: str,
    holds: Sequence[str],
) -> None:
    brand_id = await a_brand(caller, on_late=on_late, max_lateness_seconds=600)
    schedule = await due(caller, brand_id=brand_id)
    await time_passes(tables, **later)

    await trigger(caller)

    found = await in_status(caller, schedule, status)
    assert found["holds"] == holds
    assert found["next_attempt_at"] is None
    assert len(publisher.attempts) == (status == "COMPLETED")


async def test_a_schedule_keeps_the_lateness_it_was_made_with(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    brand_id = await a_brand(caller, on_late="skip", max_lateness_seconds=600)
    schedule = await due(caller, brand_id=brand_id)
    brand = (await caller.get(f"/brands/{brand_id}")).json()
    body = {name: brand[name] for name in ("brand_name", "brand_default_timezone")}
    await caller.put(f"/brands/{brand_id}", json={**body, "on_late": "publish"})
    await time_passes(tables, minutes=11)

    await trigger(caller)

    await in_status(caller, schedule, "MISSED")


async def test_a_post_that_is_held_for_being_late_goes_out_when_somebody_moves_it(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    brand_id = await a_brand(caller, on_late="hold", max_lateness_seconds=600)
    schedule = await due(caller, brand_id=brand_id)
    await time_passes(tables, hours=1)
    await trigger(caller)

    moved = await caller.put(
        f"/schedule/post/{schedule['post_id']}", json={"timestamp": (await present(caller)).isoformat()}
    )
    await trigger(caller)

    assert (moved.status_code, moved.json()["holds"]) == (200, [])
    await in_status(caller, schedule, "COMPLETED")
    assert len(publisher.attempts) == 1


@pytest.mark.parametrize("way", ["post", "campaign"])
async def test_what_is_held_for_being_late_is_shown_as_it_is_stored_once_it_is_cancelled(
    caller: httpx2.AsyncClient, tables: AsyncEngine, way: str
) -> None:
    brand_id = await a_brand(caller, on_late="hold", max_lateness_seconds=600)
    campaign_id = await a_campaign(caller, brand_id=brand_id)
    [post_id] = await add_posts(caller, campaign_id, ["TWITTER"])
    path = f"/schedule/post/{post_id}"
    await due(caller, post_id=post_id)
    await time_passes(tables, hours=1)
    await trigger(caller)
    assert (await caller.get(path)).json()["holds"] == ["late"]

    if way == "post":
        cancelled = await caller.delete(path)
        shown, tag = cancelled.json(), cancelled.headers["etag"]
    else:
        [shown] = (await caller.delete(f"/schedule/campaign/{campaign_id}")).json()["schedules"]
        tag = (await caller.get(path)).headers["etag"]

    assert (shown["status"], shown["holds"]) == ("CANCELLED", [])
    assert (await caller.get(path)).json() == shown
    assert (await caller.get(path, headers={"if-none-match": tag})).status_code == 304


async def test_pull_mode_backs_off_further_with_each_deferral(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    schedule = await due(caller)
    waits: list[timedelta] = []
    for _ in range(3):
        [claimed] = await claim(caller)
        await settle(caller, claimed, verdict="deferred")
        found = await record(caller, schedule)
        deferred_at = found["attempts"][-1]["finished_at"]
        waits.append(datetime.fromisoformat(found["next_attempt_at"]) - datetime.fromisoformat(deferred_at))
        await time_passes(tables, seconds=60)

    longest = [timedelta(seconds=5 * 2**nth) for nth in range(3)]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True)), waits


async def test_a_claim_gives_the_post_and_a_token_and_is_given_once(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    now = await present(caller)
    campaign_id = await a_campaign(caller)
    [post_id] = await add_posts(caller, campaign_id, ["LINKEDIN"])
    schedule = await scheduled(caller, post_id, now)

    [claimed], again = await claim(caller), await claim(caller)

    assert set(claimed) == OF_CLAIM
    assert claimed["campaign_id"] == campaign_id
    assert {name: claimed[name] for name in OF_CLAIM & schedule.keys()} == {
        name: schedule[name] for name in OF_CLAIM & schedule.keys()
    }
    assert (claimed["claim_token"], claimed["title"], claimed["s3_url"]) == (
        1,
        "Meet the new line",
        "s3://tea/meet.mp4",
    )
    assert again == []
    assert (await trigger(caller), publisher.attempts) == ([], [])
    await in_status(caller, schedule, "PUBLISHING")


async def test_claims_are_the_earliest_due_of_the_platforms_asked_for(caller: httpx2.AsyncClient) -> None:
    tweets = await some_due(caller, 3)
    await due(caller, platform="REDDIT")
    clip = await due(caller, platform="TIKTOK")

    of_two_platforms = await claim(caller, platforms=["TIKTOK", "TWITTER"], limit=3)

    assert ids(of_two_platforms) == ids(tweets)
    assert ids(await claim(caller, platforms=["TWITTER", "TIKTOK"])) == ids([clip])


async def test_nobody_is_given_what_is_not_due(caller: httpx2.AsyncClient) -> None:
    await scheduled(caller, await a_post(caller), await present(caller) + timedelta(hours=1))

    answer = await caller.post("/dispatch/claims")

    assert (answer.status_code, answer.json()) == (200, {"claims": []})


@pytest.mark.parametrize(
    ("verdict", "standing"),
    [
        ("accepted", {"status": "COMPLETED", "retry_count": 0, "error": None, "external_id": "1890"}),
        ("deferred", {"status": "PENDING", "retry_count": 1, "error": "so it was"}),
        ("refused", {"status": "FAILED", "retry_count": 0, "error": "so it was"}),
        ("unknown", {"status": "UNCONFIRMED", "retry_count": 0, "error": "so it was"}),
        ("unsent", {"status": "PENDING", "retry_count": 0, "error": "so it was"}),
    ],
)
async def test_a_settlement_is_recorded_as_told(caller: httpx2.AsyncClient, verdict: str, standing: Json) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)

    told = await settle(
        caller, claimed, verdict=verdict, reason="so it was", external_id="1890" if verdict == "accepted" else None
    )

    assert told == [{"schedule_id": schedule["schedule_id"], "outcome": "settled", "status": standing["status"]}]
    found = await record(caller, schedule)
    assert found.items() >= standing.items()
    assert [attempt["verdict"] for attempt in found["attempts"]] == [verdict] * (verdict != "unsent")


@pytest.mark.parametrize("verdict", ["deferred", "unsent"])
async def test_a_retry_waits_as_long_as_it_was_told_to(
    caller: httpx2.AsyncClient, tables: AsyncEngine, verdict: str
) -> None:
    schedule = await due(caller)

    await settle(caller, *await claim(caller), verdict=verdict, retry_after_seconds=600)

    waits_until = datetime.fromisoformat((await record(caller, schedule))["next_attempt_at"])
    assert timedelta() <= waits_until - await present(caller) - TEN_MINUTES <= timedelta(minutes=2)
    assert await claim(caller) == []
    await time_passes(tables, minutes=12)
    [again] = await claim(caller)
    assert (again["schedule_id"], again["claim_token"]) == (schedule["schedule_id"], 2)
    assert again["retry_count"] == 0


async def test_a_puller_may_put_a_post_off_for_a_day_without_a_retry_and_no_further_than_it_may_go_out(
    caller: httpx2.AsyncClient,
) -> None:
    schedules = [await due(caller) for _ in range(2)]
    claims = {each["schedule_id"]: each for each in await claim(caller)}
    quota, too_far = (claims[each["schedule_id"]] for each in schedules)

    await settle(caller, quota, verdict="deferred", reason="quota", retry_after_seconds=86_400)
    await settle(caller, too_far, verdict="deferred", reason="quota", retry_after_seconds=30 * 86_400)

    waiting, ended = [await record(caller, schedule) for schedule in schedules]
    until = datetime.fromisoformat(waiting["next_attempt_at"])
    assert (waiting["status"], waiting["retry_count"]) == ("PENDING", 0)
    assert timedelta(days=1) <= until - await present(caller) + timedelta(minutes=1) <= timedelta(days=1, minutes=7)
    assert ended["status"] == "FAILED"
    assert ended["error"].startswith("quota; quota until ")


async def test_a_post_that_is_put_off_uses_no_retry_though_that_is_said_after_its_lease(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    schedule = await due(caller)
    claimed = await claim(caller, lease_seconds=10)
    await time_passes(tables, minutes=1)
    await trigger(caller)  # takes back what is lost
    await in_status(caller, schedule, "UNCONFIRMED")

    await settle(caller, *claimed, verdict="deferred", reason="quota", retry_after_seconds=86_400)

    found = await record(caller, schedule)
    until = datetime.fromisoformat(found["next_attempt_at"])
    assert (found["status"], found["retry_count"]) == ("PENDING", 0)
    assert until - await present(caller) > timedelta(hours=23)


@pytest.mark.parametrize("verdict", ["accepted", "deferred", "refused", "unknown", "unsent"])
async def test_a_settlement_that_is_repeated_changes_nothing(caller: httpx2.AsyncClient, verdict: str) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    await settle(caller, claimed, verdict=verdict)
    before = await record(caller, schedule)

    told = await settle(caller, claimed, verdict=verdict)

    assert told == [{"schedule_id": schedule["schedule_id"], "outcome": "repeated", "status": before["status"]}]
    assert await record(caller, schedule) == before


@pytest.mark.parametrize("verdict", ["deferred", "refused", "unknown"])
async def test_a_verdict_on_what_has_been_decided_otherwise_is_stale_and_kept_in_the_events(
    caller: httpx2.AsyncClient, verdict: str
) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    await settle(caller, claimed, verdict="unknown")
    await caller.post(f"/schedules/{schedule['schedule_id']}/confirm", json={"published": True})
    before = await record(caller, schedule)

    told = await settle(caller, {**claimed, "claim_token": 7}, verdict=verdict, reason="much later")

    assert [each["outcome"] for each in told] == ["stale"]
    assert await record(caller, schedule) == before
    await trigger(caller)
    [*_, last] = (await caller.get("/events")).json()["events"]
    assert (last["kind"], last["status"]) == ("schedule.stale_verdict", "COMPLETED")
    assert last["error"] == f"{verdict} came too late: much later"


@pytest.mark.parametrize(
    ("verdict", "status"), [("accepted", "COMPLETED"), ("refused", "FAILED"), ("unknown", "UNCONFIRMED")]
)
async def test_a_verdict_after_its_lease_counts_while_nobody_has_decided_otherwise(
    caller: httpx2.AsyncClient, tables: AsyncEngine, verdict: str, status: str
) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller, lease_seconds=10)
    await time_passes(tables, seconds=11)
    await trigger(caller)
    lost = await in_status(caller, schedule, "UNCONFIRMED")

    told = await settle(caller, claimed, verdict=verdict)

    assert [attempt["verdict"] for attempt in lost["attempts"]] == ["lost"]
    assert told == [{"schedule_id": schedule["schedule_id"], "outcome": "settled", "status": status}]
    assert [attempt["verdict"] for attempt in (await record(caller, schedule))["attempts"]] == [verdict]


async def test_a_whole_number_as_external_id_is_kept_as_its_digits(caller: httpx2.AsyncClient) -> None:
    schedule = await due(caller)

    await settle(caller, *await claim(caller), verdict="accepted", external_id=1834567890123456789012)

    assert (await record(caller, schedule))["external_id"] == "1834567890123456789012"


@pytest.mark.parametrize("first", ["unknown", "deferred", "unsent"])
async def test_an_accepted_counts_even_after_another_verdict_on_the_same_claim(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine, first: str
) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    await settle(caller, claimed, verdict=first)

    told = await settle(caller, claimed, verdict="accepted", external_id="1890")

    assert [(each["outcome"], each["status"]) for each in told] == [("settled", "COMPLETED")]
    assert (await record(caller, schedule))["external_id"] == "1890"
    await time_passes(tables, hours=1)
    assert (await trigger(caller), publisher.attempts) == ([], [])


async def test_an_accepted_that_comes_after_a_person_asked_for_another_send_prevents_that(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    await settle(caller, claimed, verdict="unknown")
    confirm = f"/schedules/{schedule['schedule_id']}/confirm"
    await caller.post(confirm, json={"published": False, "send_again": True})

    told = await settle(caller, claimed, verdict="accepted", external_id="1890")

    assert [(each["outcome"], each["status"]) for each in told] == [("settled", "COMPLETED")]
    assert (await trigger(caller), publisher.attempts) == ([], [])


async def test_claims_are_settled_in_bulk_and_one_that_is_stale_keeps_none_of_the_others_out(
    caller: httpx2.AsyncClient,
) -> None:
    await some_due(caller, 3)
    claims = await claim(caller)
    unheard_of = {"schedule_id": new_id(), "claim_token": 1}

    told = await settle(caller, *claims[:2], unheard_of, {**claims[2], "claim_token": 9}, verdict="refused")

    assert {each["schedule_id"]: (each["outcome"], each["status"]) for each in told} == {
        claims[0]["schedule_id"]: ("settled", "FAILED"),
        claims[1]["schedule_id"]: ("settled", "FAILED"),
        claims[2]["schedule_id"]: ("stale", "PUBLISHING"),
        unheard_of["schedule_id"]: ("stale", None),
    }


async def test_a_schedule_that_stands_twice_in_one_body_settles_nothing(caller: httpx2.AsyncClient) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    settlements = [{**held(claimed), "verdict": verdict} for verdict in ("accepted", "refused")]

    answer = await caller.post("/dispatch/settlements", json={"settlements": settlements})

    refused = problem(answer, 422, "duplicate_claim")
    assert refused["details"] == {"schedule_id": schedule["schedule_id"]}
    await in_status(caller, schedule, "PUBLISHING")


async def test_a_claim_that_is_extended_outlives_its_first_lease_and_the_others_are_lost(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    kept, let_go = await some_due(caller, 2)
    claims = await claim(caller, lease_seconds=10)
    stranger = {"schedule_id": new_id(), "claim_token": 1}
    asked = [held(claims[0]), {**held(claims[1]), "claim_token": 9}, stranger]

    answer = await caller.post("/dispatch/claims/extend", json={"claims": asked, "lease_seconds": 3600})
    await time_passes(tables, minutes=30)
    await trigger(caller)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "extended": [kept["schedule_id"]],
        "lost": [let_go["schedule_id"], stranger["schedule_id"]],
    }
    await in_status(caller, kept, "PUBLISHING")
    await in_status(caller, let_go, "UNCONFIRMED")
    again = await caller.post("/dispatch/claims/extend", json={"claims": [held(claims[1])]})
    assert again.json()["lost"] == [let_go["schedule_id"]]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("status", ["PUBLISHING", "UNCONFIRMED"])
async def test_a_post_whose_send_is_in_flight_or_may_be_out_is_neither_moved_nor_cancelled(
    caller: httpx2.AsyncClient, method: str, status: str
) -> None:
    schedule = await due(caller)
    [claimed] = await claim(caller)
    if status == "UNCONFIRMED":
        await settle(caller, claimed, verdict="unknown")
    before = await record(caller, schedule)
    in_an_hour = {"timestamp": (await present(caller) + timedelta(hours=1)).isoformat()}

    answer = await caller.request(
        method, f"/schedule/post/{schedule['post_id']}", json=in_an_hour if method == "PUT" else None
    )

    refused = problem(answer, 409, "send_in_flight")
    assert refused["details"] == {"schedule_id": schedule["schedule_id"], "schedule_status": status}
    assert await record(caller, schedule) == before
    assert [each["status"] for each in await settle(caller, claimed, verdict="accepted")] == ["COMPLETED"]


@pytest.mark.parametrize("status", ["PUBLISHING", "UNCONFIRMED"])
async def test_a_campaign_with_a_send_that_is_in_flight_or_may_be_out_is_not_shifted(
    caller: httpx2.AsyncClient, status: str
) -> None:
    now, campaign_id = await present(caller), await a_campaign(caller)
    sent, waits = await add_posts(caller, campaign_id, ["TWITTER", "YOUTUBE"])
    schedule, other = await scheduled(caller, sent, now), await scheduled(caller, waits, now + timedelta(hours=1))
    [claimed] = await claim(caller)
    if status == "UNCONFIRMED":
        await settle(caller, claimed, verdict="unknown")
    before = [await record(caller, schedule), await record(caller, other)]

    answer = await caller.post(f"/campaigns/{campaign_id}/shift", json={"by": "P1D"})

    refused = problem(answer, 409, "cannot_follow")["details"]["schedules"]
    assert [each["schedule_id"] for each in refused] == [schedule["schedule_id"]]
    assert [await record(caller, schedule), await record(caller, other)] == before


async def test_cancelling_a_campaign_leaves_the_send_that_is_in_flight(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    now, campaign_id = await present(caller), await a_campaign(caller)
    post_ids = await add_posts(caller, campaign_id, ["TWITTER", "TWITTER"])
    in_flight, waiting = [await scheduled(caller, post_id, now) for post_id in post_ids]
    [claimed] = await claim(caller, limit=1)
    if claimed["schedule_id"] == waiting["schedule_id"]:
        in_flight, waiting = waiting, in_flight

    answer = await caller.delete(f"/schedule/campaign/{campaign_id}")

    assert ids(answer.json()["schedules"]) == ids([waiting])
    await in_status(caller, in_flight, "PUBLISHING")
    assert (await trigger(caller), publisher.attempts) == ([], [])


@pytest.mark.parametrize("change", ["move", "cancel"])
async def test_what_is_moved_or_cancelled_before_it_is_due_is_not_sent_then(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine, change: str
) -> None:
    in_an_hour = await present(caller) + timedelta(hours=1)
    schedule = await scheduled(caller, await a_post(caller), in_an_hour)
    path = f"/schedule/post/{schedule['post_id']}"

    if change == "cancel":
        await caller.delete(path)
    else:
        await caller.put(path, json={"timestamp": (in_an_hour + timedelta(hours=1)).isoformat()})
    await time_passes(tables, minutes=61)

    assert (await trigger(caller), publisher.attempts) == ([], [])


async def test_a_post_of_which_nobody_knows_whether_it_is_out_is_not_sent_again(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    schedule = await unconfirmed(caller)
    await time_passes(tables, days=2)

    assert await trigger(caller) == []

    assert (await record(caller, schedule))["doubtful"] is True
    assert publisher.attempts == []


TRIGGER, CLAIMS = "/schedule/trigger", "/dispatch/claims"
SETTLEMENTS, EXTEND = "/dispatch/settlements", "/dispatch/claims/extend"
HELD: Json = {"schedule_id": "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d", "claim_token": 1}
SETTLEMENT: Json = {**HELD, "verdict": "accepted"}


def settlement(**changed: Any) -> Json:
    return {"settlements": [{**SETTLEMENT, **changed}]}


@on_each(
    ("path", "body", "at"),
    [
        (TRIGGER, {"limit": 0}, "$.limit"),
        (TRIGGER, {"limit": 201}, "$.limit"),
        (TRIGGER, {"limit": "50"}, "$.limit"),
        (TRIGGER, {"limit": 1, "platforms": ["TWITTER"]}, "$"),
        (TRIGGER, [], "$"),
        (CLAIMS, {"platforms": []}, "$.platforms"),
        (CLAIMS, {"platforms": ["MYSPACE"]}, "$.platforms[0]"),
        (CLAIMS, {"platforms": ["TWITTER"] * 7}, "$.platforms"),
        (CLAIMS, {"limit": 0}, "$.limit"),
        (CLAIMS, {"limit": 201}, "$.limit"),
        (CLAIMS, {"lease_seconds": 9}, "$.lease_seconds"),
        (CLAIMS, {"lease_seconds": 3601}, "$.lease_seconds"),
        (CLAIMS, {"lease_seconds": 30.5}, "$.lease_seconds"),
        (CLAIMS, {"owner": "me"}, "$"),
        (SETTLEMENTS, None, "$"),
        (SETTLEMENTS, {}, "$"),
        (SETTLEMENTS, {"settlements": []}, "$.settlements"),
        (SETTLEMENTS, {"settlements": [SETTLEMENT] * 1001}, "$.settlements"),
        (SETTLEMENTS, settlement(verdict="lost"), "$.settlements[0].verdict"),
        (SETTLEMENTS, settlement(verdict=None), "$.settlements[0].verdict"),
        (SETTLEMENTS, settlement(schedule_id="mine"), "$.settlements[0].schedule_id"),
        (SETTLEMENTS, settlement(claim_token=0), "$.settlements[0].claim_token"),
        (SETTLEMENTS, settlement(claim_token=2**63), "$.settlements[0].claim_token"),
        (SETTLEMENTS, settlement(reason=""), "$.settlements[0].reason"),
        (SETTLEMENTS, settlement(reason="x" * 1001), "$.settlements[0].reason"),
        (SETTLEMENTS, settlement(reason="\0"), "$.settlements[0].reason"),
        (SETTLEMENTS, settlement(external_id="x" * 201), "$.settlements[0].external_id"),
        (SETTLEMENTS, settlement(external_id="\0"), "$.settlements[0].external_id"),
        (SETTLEMENTS, settlement(external_id=1.5), "$.settlements[0].external_id"),
        (SETTLEMENTS, settlement(external_id=True), "$.settlements[0].external_id"),
        (SETTLEMENTS, settlement(external_id=10**200), "$.settlements[0]"),
        (SETTLEMENTS, settlement(retry_after_seconds=-1), "$.settlements[0].retry_after_seconds"),
        (SETTLEMENTS, settlement(retry_after_seconds=31_536_001), "$.settlements[0].retry_after_seconds"),
        (SETTLEMENTS, settlement(note="out"), "$.settlements[0]"),
        *(
            (SETTLEMENTS, settlement(verdict=verdict, external_id="1890"), "$.settlements[0]")
            for verdict in ("deferred", "refused", "unknown", "unsent")
        ),
        *(
            (SETTLEMENTS, settlement(verdict=verdict, retry_after_seconds=60), "$.settlements[0]")
            for verdict in ("accepted", "refused", "unknown")
        ),
        (EXTEND, {"claims": []}, "$.claims"),
        (EXTEND, {"claims": [HELD] * 1001}, "$.claims"),
        (EXTEND, {"claims": [{"schedule_id": HELD["schedule_id"]}]}, "$.claims[0]"),
        (EXTEND, {"claims": [HELD], "lease_seconds": 9}, "$.lease_seconds"),
        (EXTEND, {"claims": [SETTLEMENT]}, "$.claims[0]"),
    ],
)
async def test_a_body_that_is_out_of_bounds_is_malformed(
    client: httpx2.AsyncClient, path: str, body: Any, at: str
) -> None:
    answer = await client.post(path, json=body)

    assert [error["at"] for error in problem(answer, 400, "malformed")["errors"]] == [at]


@pytest.mark.parametrize("path", [TRIGGER, CLAIMS, SETTLEMENTS, EXTEND])
async def test_what_is_no_json_is_refused(client: httpx2.AsyncClient, path: str) -> None:
    as_form = await client.post(path, content=b"limit=1", headers={"content-type": "application/x-www-form-urlencoded"})
    broken = await client.post(path, content=b'{"limit": ', headers={"content-type": "application/json"})

    problem(as_form, 415, "unsupported_media_type")
    problem(broken, 400, "malformed")
