"""One post at the time that a scheduler finds for it, over HTTP."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import BrokenPlanSolver, DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import (
    LOS_ANGELES,
    Json,
    a_brand,
    a_campaign,
    a_post,
    add_posts,
    calling,
    in_memory,
    observed,
    problem,
    said,
    walk,
)

MONDAY_AND_THURSDAY: Json = {
    "kind": "slots",
    "times": [{"weekday": "MO", "time": "09:30"}, {"weekday": "TH", "time": "18:00"}],
}
NEXT_SLOTS = ["2027-03-01T09:30:00", "2027-03-04T18:00:00", "2027-03-08T09:30:00", "2027-03-11T18:00:00"]
"""After noon UTC on Monday, the first of March, which is 04:00 in Los Angeles."""
SCHEDULERS = ("queue", "engagement")


async def put_rules(client: httpx2.AsyncClient, brand_id: str, *rules: Json) -> None:
    answer = await client.put(f"/brands/{brand_id}/policy", json={"rules": list(rules)})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def use_cases(storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock) -> UseCases:
    return in_memory(storage, zones, clock, solver=DirectPlanSolver())


@pytest.fixture
async def brand_id(client: httpx2.AsyncClient) -> str:
    brand_id = await a_brand(client)
    await put_rules(client, brand_id, MONDAY_AND_THURSDAY)
    return brand_id


async def place(client: httpx2.AsyncClient, post_id: str, **asked: object) -> httpx2.Response:
    return await client.post(f"/schedule/post/{post_id}", json=asked)


async def placed(client: httpx2.AsyncClient, post_id: str, **asked: object) -> Json:
    answer = await place(client, post_id, **asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_queue_gives_posts_the_next_open_weekly_slots_one_after_another(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    made = [await placed(client, await a_post(client, brand_id=brand_id), scheduler="queue") for _ in NEXT_SLOTS]

    assert [each["local_time"] for each in made] == NEXT_SLOTS
    assert {each["scheduler"] for each in made} == {"queue"}
    assert {each["timezone"] for each in made} == {LOS_ANGELES}


async def test_a_slot_that_a_rule_closes_or_another_post_has_is_passed_over(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    closed = {"kind": "blackout", "first_date": "2027-03-04", "last_date": "2027-03-04"}
    await put_rules(client, brand_id, MONDAY_AND_THURSDAY, closed)
    by_hand = await a_post(client, brand_id=brand_id)
    await placed(client, by_hand, timestamp=NEXT_SLOTS[0])

    made = await placed(client, await a_post(client, brand_id=brand_id), scheduler="queue")

    assert made["local_time"] == NEXT_SLOTS[2]


async def test_bounds_are_wall_times_of_the_brand_s_zone_or_of_the_one_that_is_named_and_belong_to_the_window(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    windows: list[tuple[Json, str]] = [
        ({"not_before": NEXT_SLOTS[1], "not_after": NEXT_SLOTS[1]}, NEXT_SLOTS[1]),
        ({"not_before": "2027-03-04T18:00:01"}, NEXT_SLOTS[2]),
        ({"not_before": "2027-03-12T03:00:00", "timezone": "Europe/Berlin"}, NEXT_SLOTS[3]),
        ({"not_before": "2027-03-12T03:00:01", "timezone": "Europe/Berlin"}, "2027-03-15T09:30:00"),
        ({"not_before": "2027-03-18T18:00:00-07:00", "not_after": "2027-03-19T01:00:00Z"}, "2027-03-18T18:00:00"),
        ({"not_before": "2027-05-03T00:00:00"}, "2027-05-03T09:30:00"),
    ]
    for window, expected in windows:
        made = await placed(client, await a_post(client, brand_id=brand_id), scheduler="queue", **window)
        assert made["local_time"] == expected, window


async def test_engagement_takes_the_best_open_time_of_the_window(client: httpx2.AsyncClient, brand_id: str) -> None:
    await put_rules(client, brand_id, {"kind": "posting_hours", "from": "08:00", "to": "17:00"})
    window = {"not_before": "2027-03-02T00:00:00", "not_after": "2027-03-04T00:00:00"}

    made = [
        await placed(client, await a_post(client, brand_id=brand_id), scheduler="engagement", **window)
        for _ in range(3)
    ]

    times = [datetime.fromisoformat(each["local_time"]) for each in made]
    assert len(set(times)) == 3
    assert {each.day for each in times} <= {2, 3}
    assert {8 <= each.hour < 17 for each in times} == {True}
    assert {each["scheduler"] for each in made} == {"engagement"}


async def test_the_same_wish_again_finds_what_stands_and_another_is_refused(
    client: httpx2.AsyncClient, brand_id: str, clock: FrozenClock
) -> None:
    for scheduler in SCHEDULERS:
        post_id = await a_post(client, brand_id=brand_id)
        made = await placed(client, post_id, scheduler=scheduler)
        clock.advance(timedelta(minutes=1))

        again = await place(client, post_id, scheduler=scheduler)
        other = SCHEDULERS[1 - SCHEDULERS.index(scheduler)]
        others: list[Json] = [
            {"scheduler": other},
            {"scheduler": scheduler, "not_before": "2027-04-01T00:00:00"},
            {"timestamp": "2027-03-20T12:34:00"},
        ]

        assert again.status_code == 200
        assert again.json() == made
        for each in others:
            problem(await place(client, post_id, **each), 409, "already_scheduled")


async def test_a_post_that_a_person_moved_is_not_where_the_scheduler_placed_it(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    post_id = await a_post(client, brand_id=brand_id)
    await placed(client, post_id, scheduler="queue")

    moved = await client.put(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-05T12:00:00"})

    assert moved.json()["scheduler"] is None
    problem(await place(client, post_id, scheduler="queue"), 409, "already_scheduled")


async def test_where_nothing_is_open_it_is_said_why_and_nothing_is_stored(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    post_id = await a_post(client, brand_id=brand_id)
    shut: list[tuple[str, tuple[Json, ...], Json, str]] = [
        ("queue", (), {}, "no weekly slots"),
        ("queue", (MONDAY_AND_THURSDAY,), {"not_after": "2027-03-01T09:00:00"}, "let not_after be later"),
        (
            "engagement",
            ({"kind": "blackout", "first_date": "2027-02-01", "last_date": "2027-12-31"},),
            {},
            "is open to it",
        ),
        ("engagement", ({"kind": "lead_time", "minutes": 60},), {"not_after": "2027-03-01T04:45:00"}, "is open to it"),
    ]
    for scheduler, rules, window, words in shut:
        await put_rules(client, brand_id, *rules)

        answer = await place(client, post_id, scheduler=scheduler, **window)

        refused = problem(answer, 422, "policy_violated")
        [left] = refused["details"]["unplaced"]
        assert left["post_id"] == post_id
        assert words in left["sentence"]
        assert words in said(answer)
    assert [page for page in await walk(client, "/schedule") if page] == []


async def test_what_would_make_a_place_is_named(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    await put_rules(client, brand_id, {"kind": "daily_cap", "posts": 1})
    window = {"not_before": "2027-03-02T00:00:00", "not_after": "2027-03-02T23:00:00"}
    await placed(client, await a_post(client, brand_id=brand_id), scheduler="engagement", **window)

    answer = await place(client, await a_post(client, brand_id=brand_id), scheduler="engagement", **window)

    [left] = problem(answer, 422, "policy_violated")["details"]["unplaced"]
    assert left["relaxations"] == []  # the cap closes the day by itself


async def test_bounds_between_two_half_hours_are_to_be_later_and_no_campaign_longer(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    window = {"not_before": "2027-03-02T10:01:00", "not_after": "2027-03-02T10:02:00"}

    answer = await place(client, await a_post(client, brand_id=brand_id), scheduler="engagement", **window)

    [left] = problem(answer, 422, "policy_violated")["details"]["unplaced"]
    assert left["relaxations"] == ["let not_after be later"]
    assert "1 post finds no place, first: " in said(answer)


async def test_a_time_or_a_scheduler_is_asked_for_and_not_both(client: httpx2.AsyncClient, brand_id: str) -> None:
    post_id = await a_post(client, brand_id=brand_id)
    at = "2027-03-05T12:00:00"
    contradictory: list[tuple[Json, str]] = [
        ({"not_before": at}, "scheduler"),
        ({"not_after": at, "timezone": LOS_ANGELES}, "scheduler"),
        ({"timestamp": at, "scheduler": "queue"}, "leave one of them out"),
        ({"timestamp": at, "not_before": at}, "not_before"),
        ({"timestamp": at, "not_after": at}, "not_after"),
        ({"scheduler": "queue", "not_before": at, "not_after": "2027-03-05T11:59:00"}, "before not_before"),
    ]
    for body, word in contradictory:
        answer = await place(client, post_id, **body)
        problem(answer, 422, "contradictory_time")
        assert word in said(answer), body
    for body in ({}, {"timezone": LOS_ANGELES}):
        assert '{"scheduler":"queue"}' in problem(await place(client, post_id, **body), 400, "malformed")["detail"]


async def test_bounds_that_are_over_too_far_ahead_or_unreadable_are_refused(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    post_id = await a_post(client, brand_id=brand_id)
    wrong: Mapping[str, Json] = {
        "time_in_past": {"not_after": "2027-03-01T03:59:00"},
        "beyond_horizon": {"not_after": "2199-01-01T00:00:00"},
        "unreadable_time": {"not_before": ""},
        "unknown_zone": {"timezone": "Mars/Olympus"},
        "local_time_in_gap": {"not_before": "2027-03-14T02:30:00", "disambiguation": "reject"},
    }
    for code, window in wrong.items():
        for scheduler in SCHEDULERS:
            problem(await place(client, post_id, scheduler=scheduler, **window), 422, code)
    problem(await place(client, post_id, scheduler="queue", not_before="2199-01-01T00:00:00"), 422, "beyond_horizon")


async def test_how_times_are_read_is_not_said_where_none_is_sent(client: httpx2.AsyncClient, brand_id: str) -> None:
    post_id = await a_post(client, brand_id=brand_id)
    for scheduler in SCHEDULERS:
        for how in ({"disambiguation": "later"}, {"disambiguation": "compatible"}, {"timezone": "Europe/Berlin"}):
            refused = problem(await place(client, post_id, scheduler=scheduler, **how), 422, "contradictory_time")
            assert refused["details"] == {"fields": list(how)}
            assert "says how not_before and not_after are read; send one of them too" in refused["detail"]
    with_a_bound = {"not_after": "2027-03-09T12:00:00", "disambiguation": "later", "timezone": "Europe/Berlin"}
    assert (await place(client, post_id, scheduler="queue", **with_a_bound)).status_code == 201


async def test_a_window_that_has_begun_goes_on_from_now(client: httpx2.AsyncClient, brand_id: str) -> None:
    made = await placed(
        client, await a_post(client, brand_id=brand_id), scheduler="queue", not_before="2027-01-01T00:00:00"
    )

    assert made["local_time"] == NEXT_SLOTS[0]


async def test_a_campaign_that_a_scheduler_cannot_place_as_a_whole_is_not_scheduled_in_part(
    client: httpx2.AsyncClient, brand_id: str
) -> None:
    campaign_id = await a_campaign(client, brand_id=brand_id, start="2027-03-15", end="2027-03-15")
    await add_posts(client, campaign_id, ["TWITTER", "TWITTER"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"scheduler": "queue"})

    assert len(problem(answer, 422, "policy_violated")["details"]["unplaced"]) == 1
    assert [page for page in await walk(client, "/schedule") if page] == []


async def test_events_tell_who_chose_a_time(client: httpx2.AsyncClient, use_cases: UseCases, brand_id: str) -> None:
    post_id = await a_post(client, brand_id=brand_id)
    await placed(client, post_id, scheduler="queue")
    await client.put(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-05T12:00:00"})
    await client.delete(f"/schedule/post/{post_id}")
    await placed(client, post_id, scheduler="engagement")
    await use_cases.upkeeping.sequence()

    told = (await client.get("/events", params={"after": 0})).json()["events"]

    chosen = [(each["kind"], each.get("scheduler", "unsaid")) for each in told if each["post_id"] == post_id]
    assert chosen == [
        ("schedule.scheduled", "queue"),
        ("schedule.rescheduled", "unsaid"),
        ("schedule.cancelled", "unsaid"),
        ("schedule.scheduled", "engagement"),
    ]


async def test_where_the_solver_fails_a_post_by_itself_is_not_placed_by_another_rule(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    async with calling(observed(in_memory(storage, zones, clock, solver=BrokenPlanSolver()))) as client:
        post_id = await a_post(client, brand_id=await a_brand(client))

        problem(await place(client, post_id, scheduler="engagement"), 503, "scheduler_unavailable")
