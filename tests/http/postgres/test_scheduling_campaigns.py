"""Every post of a campaign, spread over its days: scheduling, replacing, reading and cancelling over HTTP."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fakes.clock import FrozenClock
from tests.http.postgres.given import at_once, set_status, stored
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    add_posts,
    day_of,
    new_id,
    problem,
    sample,
    walk,
)
from tests.loops import on_each


def days(schedules: list[Json]) -> list[int]:
    """The days of the month on which schedules go out, for campaigns that stay within one."""
    return [day_of(schedule).day for schedule in schedules]


async def test_a_campaign_is_scheduled_whole_and_in_time_order(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 3)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 201
    assert answer.json()["campaign_id"] == campaign_id
    schedules = answer.json()["schedules"]
    assert [schedule["post_id"] for schedule in schedules] == post_ids
    assert [schedule["publish_time"] for schedule in schedules] == [
        "2027-03-16T02:00:00Z",
        "2027-03-19T02:00:00Z",
        "2027-03-22T02:00:00Z",
    ]
    first = {name: schedules[0][name] for name in schedules[0] if name not in ("schedule_id", "tz_release")}
    assert first == {
        "post_id": post_ids[0],
        "brand_id": brand_id,
        "campaign_id": campaign_id,
        "platform": "TWITTER",
        "title": "Meet the new line",
        "publish_time": "2027-03-16T02:00:00Z",
        "publish_time_local": "2027-03-15T19:00:00-07:00[America/Los_Angeles]",
        "status": "PENDING",
        "retry_count": 0,
        "doubtful": False,
        "holds": [],
        "external_id": None,
        "dry_run": False,
        "error": None,
        "note": None,
        "retry_of": None,
        "override": [],
        "arm": None,
        "intent": "wall",
        "local_time": "2027-03-15T19:00:00",
        "timezone": "America/Los_Angeles",
        "disambiguation": "compatible",
        "resolution": "exact",
        "scheduler": "naive",
        "version": 1,
        "warnings": [],
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
    }


async def test_a_scheduled_campaign_says_so(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"])

    await client.post(f"/schedule/campaign/{campaign_id}")

    assert (await client.get(f"/campaigns/{campaign_id}")).json()["status"] == "SCHEDULED"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"scheduler": "naive"}',
        b'{"replace": false}',
        b'{"platforms": ["TWITTER", "YOUTUBE", "INSTAGRAM", "LINKEDIN", "REDDIT", "TIKTOK"]}',
        b"null",
    ],
)
async def test_a_body_that_asks_for_the_defaults_is_the_same_as_none(client: httpx2.AsyncClient, body: bytes) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK"])
    path, headers = f"/schedule/campaign/{campaign_id}", {"content-type": "application/json"}

    with_body = await client.post(path, content=body, headers=headers)
    without = await client.post(path)

    assert (with_body.status_code, without.status_code) == (201, 200)
    assert with_body.json() == without.json()


@on_each("row", sample("campaign_sample.jsonl", of_each=3, kind=("one", "two", "daily", "spread")))
async def test_sampled_campaigns_go_out_at_seven_in_the_evening_on_evenly_spread_days(
    client: httpx2.AsyncClient, clock: FrozenClock, row: Json
) -> None:
    clock.set(datetime.fromisoformat(row["start"]).replace(tzinfo=UTC) - timedelta(days=10))
    campaign_id = await a_campaign(client, zone=row["zone"], start=row["start"], end=row["end"])
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * row["n"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    schedules = answer.json()["schedules"]
    instants = [schedule["publish_time"] for schedule in schedules]
    assert [schedule["post_id"] for schedule in schedules] == post_ids
    assert {schedule["publish_time_local"][10:19] for schedule in schedules} == {"T19:00:00"}
    if row["kind"] == "spread":
        assert (instants[0], instants[-1], len(instants)) == (row["first"], row["last"], row["count"])
        going_out = [day_of(schedule) for schedule in schedules]
        steps = {(later - earlier).days for earlier, later in pairwise(going_out)}
        even = (row["days"] - 1) / (row["n"] - 1)
        assert all(even - 1 < step < even + 1 for step in steps)
    else:
        assert instants == row["expect"]


async def test_each_platforms_posts_are_spread_on_their_own(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TIKTOK", "TWITTER", "TWITTER", "REDDIT", "TWITTER", "REDDIT"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    lanes = {
        platform: days([schedule for schedule in answer.json()["schedules"] if schedule["platform"] == platform])
        for platform in ("TIKTOK", "TWITTER", "REDDIT")
    }
    assert lanes == {"TIKTOK": [15], "TWITTER": [15, 18, 21], "REDDIT": [15, 21]}


async def test_seven_in_the_evening_stays_so_across_a_change_of_the_clocks(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, start="2027-03-13", end="2027-03-14", posts=["TWITTER"] * 2)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    instants = [schedule["publish_time"] for schedule in answer.json()["schedules"]]
    assert instants == ["2027-03-14T03:00:00Z", "2027-03-15T02:00:00Z"]


@pytest.mark.parametrize(
    ("now", "first_day"),
    [("2027-03-17T01:59:59Z", 16), ("2027-03-17T02:00:00Z", 17), ("2027-03-21T12:00:00Z", 21)],
)
async def test_only_days_whose_seven_in_the_evening_is_ahead_are_used(
    client: httpx2.AsyncClient, clock: FrozenClock, now: str, first_day: int
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"])
    clock.set(datetime.fromisoformat(now))

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    assert days(answer.json()["schedules"]) == [first_day]


@pytest.mark.parametrize(("start", "end"), [("2027-02-01", "2027-02-07"), ("2027-03-15", "2027-03-21")])
async def test_a_campaign_without_a_usable_day_is_refused(
    client: httpx2.AsyncClient, clock: FrozenClock, tables: AsyncEngine, start: str, end: str
) -> None:
    campaign_id = await a_campaign(client, start=start, end=end, posts=["TWITTER"])
    clock.set(datetime(2027, 3, 22, 2, tzinfo=UTC))
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    assert problem(answer, 422, "campaign_over")["details"]["end_date"] == end
    assert await stored(tables) == before


async def test_more_posts_than_days_are_refused_with_both_numbers(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 8 + ["TIKTOK"])
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    refused = problem(answer, 422, "too_many_posts")
    assert refused["details"] == {"campaign_id": campaign_id, "platform": "TWITTER", "posts": 8, "days": 7}
    assert "8 TWITTER posts" in refused["detail"]
    assert "7 usable days" in refused["detail"]
    assert await stored(tables) == before


@pytest.mark.parametrize(("posts", "body"), [([], {}), (["TWITTER"], {"platforms": ["TIKTOK"]})])
async def test_a_campaign_without_posts_to_schedule_is_not_found(
    client: httpx2.AsyncClient, tables: AsyncEngine, posts: list[str], body: Json
) -> None:
    campaign_id = await a_campaign(client, posts=posts)
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json=body)

    assert problem(answer, 404, "no_posts_to_schedule")["details"]["campaign_id"] == campaign_id
    assert await stored(tables) == before


async def test_a_campaign_beyond_five_years_is_refused(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    campaign_id = await a_campaign(client, start="2032-01-01", end="2032-03-02", posts=["TWITTER"] * 2)
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    problem(answer, 422, "beyond_horizon")
    assert await stored(tables) == before


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_an_unknown_campaign_is_not_found(client: httpx2.AsyncClient, method: str) -> None:
    campaign_id = new_id()

    answer = await client.request(method, f"/schedule/campaign/{campaign_id}")

    assert problem(answer, 404, "campaign_not_found")["details"] == {"campaign_id": campaign_id}


async def test_only_the_chosen_platforms_are_scheduled(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK", "REDDIT"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"platforms": ["TIKTOK", "REDDIT"]})

    assert answer.status_code == 201
    assert {schedule["platform"] for schedule in answer.json()["schedules"]} == {"TIKTOK", "REDDIT"}


async def test_the_same_request_again_finds_the_same_schedules(client: httpx2.AsyncClient, clock: FrozenClock) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK", "TWITTER"])
    first = await client.post(f"/schedule/campaign/{campaign_id}")
    clock.set(datetime(2027, 3, 20, tzinfo=UTC))

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 200
    assert answer.json() == first.json()


async def test_replacing_what_would_be_planned_the_same_way_changes_nothing(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 2)
    first = await client.post(f"/schedule/campaign/{campaign_id}")
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True})

    assert answer.status_code == 200
    assert answer.json() == first.json()
    assert await stored(tables) == before


async def test_a_campaign_that_is_scheduled_otherwise_already_is_refused(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 3)
    await client.post(f"/schedule/post/{post_ids[1]}", json={"timestamp": "2027-03-20T08:00:00"})
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    refused = problem(answer, 409, "campaign_already_scheduled")
    assert refused["details"] == {"campaign_id": campaign_id, "scheduled": 1, "posts": 3}
    assert await stored(tables) == before


async def test_a_campaign_that_has_got_another_post_since_is_refused(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 2)
    await client.post(f"/schedule/campaign/{campaign_id}")
    await add_posts(client, campaign_id, ["TWITTER"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    problem(answer, 409, "campaign_already_scheduled")


async def test_times_chosen_by_hand_stay_unless_they_are_given_up(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 3)
    path = f"/schedule/campaign/{campaign_id}"
    await client.post(path)
    moved = await client.put(f"/schedule/post/{post_ids[1]}", json={"timestamp": "2027-03-16T08:15:00"})
    post_ids += await add_posts(client, campaign_id, ["TWITTER"])

    refused = await client.post(path)
    filled = await client.post(path, json={"fill": True})
    replaced = await client.post(path, json={"replace": True})
    again = await client.post(path, json={"replace": True})
    given_up = await client.post(path, json={"replace_chosen": True})

    assert moved.json()["scheduler"] is None
    assert '"fill": true' in problem(refused, 409, "campaign_already_scheduled")["detail"]
    assert (filled.status_code, days(filled.json()["schedules"])) == (201, [17])
    assert (replaced.status_code, days(replaced.json()["schedules"])) == (201, [15, 19, 21])
    assert (again.status_code, days(again.json()["schedules"])) == (200, [15, 16, 19, 21])
    assert again.json()["schedules"][1] == moved.json()
    assert (given_up.status_code, days(given_up.json()["schedules"])) == (201, [15, 17, 19, 21])


async def test_to_move_nothing_and_to_plan_anew_contradict_each_other(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"])

    for other in ("replace", "replace_chosen"):
        answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"fill": True, other: True})

        assert problem(answer, 422, "contradictory_planning")["details"] == {"field": other}


async def test_replace_cancels_what_is_pending_and_plans_anew(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 2)
    first = await client.post(f"/schedule/campaign/{campaign_id}")
    await add_posts(client, campaign_id, ["TWITTER"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True})

    assert answer.status_code == 201
    assert days(answer.json()["schedules"]) == [15, 18, 21]
    cancelled = await client.get(f"/schedule/campaign/{campaign_id}", params={"status": "CANCELLED"})
    assert [each["schedule_id"] for each in cancelled.json()["schedules"]] == [
        each["schedule_id"] for each in first.json()["schedules"]
    ]
    pending = await client.get(f"/schedule/campaign/{campaign_id}", params={"status": "PENDING"})
    assert pending.json()["schedules"] == answer.json()["schedules"]


@pytest.mark.parametrize("status", ["PUBLISHING", "UNCONFIRMED", "COMPLETED"])
async def test_replace_leaves_alone_what_is_out_or_may_be(
    client: httpx2.AsyncClient, tables: AsyncEngine, status: str
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 3)
    await client.post(f"/schedule/campaign/{campaign_id}")
    await set_status(tables, post_ids[0], status)
    post_ids += await add_posts(client, campaign_id, ["TWITTER"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True})

    assert answer.status_code == 201
    assert [schedule["post_id"] for schedule in answer.json()["schedules"]] == post_ids[1:]
    assert (await client.get(f"/schedule/post/{post_ids[0]}")).json()["status"] == status


async def test_replace_with_platforms_touches_only_those(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK"])
    first = await client.post(f"/schedule/campaign/{campaign_id}")
    await add_posts(client, campaign_id, ["TIKTOK"])

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True, "platforms": ["TIKTOK"]})

    assert answer.status_code == 201
    assert [schedule["platform"] for schedule in answer.json()["schedules"]] == ["TIKTOK", "TIKTOK"]
    kept = await client.get(f"/schedule/campaign/{campaign_id}", params={"status": "PENDING", "platform": "TWITTER"})
    assert kept.json()["schedules"] == [each for each in first.json()["schedules"] if each["platform"] == "TWITTER"]


async def test_replace_that_cannot_be_planned_keeps_what_stands(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 7)
    await client.post(f"/schedule/campaign/{campaign_id}")
    await add_posts(client, campaign_id, ["TWITTER"])
    before = await stored(tables)

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True})

    problem(answer, 422, "too_many_posts")
    assert await stored(tables) == before


async def test_a_campaign_whose_posts_are_all_out_has_nothing_to_schedule(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"])
    await client.post(f"/schedule/post/{post_ids[0]}", json={"timestamp": "2027-03-16T08:00:00"})
    await set_status(tables, post_ids[0], "COMPLETED")

    answer = await client.post(f"/schedule/campaign/{campaign_id}", json={"replace": True})

    assert problem(answer, 404, "no_posts_to_schedule")["details"]["out_already"] == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [("TIKTOK", "PENDING"), ("TWITTER", "PENDING")]),
        ({"cancelled": "true"}, [("TIKTOK", "PENDING"), ("TWITTER", "CANCELLED"), ("TWITTER", "PENDING")]),
        ({"status": "PENDING"}, [("TIKTOK", "PENDING"), ("TWITTER", "PENDING")]),
        ({"status": "CANCELLED"}, [("TWITTER", "CANCELLED")]),
        ({"platform": "TWITTER", "cancelled": "true"}, [("TWITTER", "CANCELLED"), ("TWITTER", "PENDING")]),
        ({"platform": "TWITTER", "status": "PENDING"}, [("TWITTER", "PENDING")]),
        ({"platform": "REDDIT"}, []),
    ],
)
async def test_a_campaigns_schedules_are_listed_by_status_and_platform(
    client: httpx2.AsyncClient, filters: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TIKTOK", "TWITTER", "TWITTER"])
    await client.post(f"/schedule/campaign/{campaign_id}")
    await client.delete(f"/schedule/post/{post_ids[1]}")

    answer = await client.get(f"/schedule/campaign/{campaign_id}", params=filters)

    assert answer.status_code == 200
    assert answer.json()["campaign_id"] == campaign_id
    listed = [(schedule["platform"], schedule["status"]) for schedule in answer.json()["schedules"]]
    assert sorted(listed) == expected
    instants = [schedule["publish_time"] for schedule in answer.json()["schedules"]]
    assert instants == sorted(instants)


async def test_a_campaign_without_schedules_lists_none(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"])

    answer = await client.get(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 200
    assert answer.json() == {"campaign_id": campaign_id, "schedules": [], "next_cursor": None}


async def test_the_schedules_of_a_campaign_can_be_read_page_by_page(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK", "REDDIT"] * 3)
    scheduled = (await client.post(f"/schedule/campaign/{campaign_id}")).json()["schedules"]

    pages = await walk(client, f"/schedule/campaign/{campaign_id}", {"limit": 2}, items="schedules")

    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert {each["schedule_id"] for page in pages for each in page} == {each["schedule_id"] for each in scheduled}


async def test_cancelling_a_campaign_cancels_what_is_still_pending(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 3)
    await client.post(f"/schedule/campaign/{campaign_id}")
    await set_status(tables, post_ids[0], "COMPLETED")

    answer = await client.delete(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 200
    assert answer.json()["campaign_id"] == campaign_id
    assert [schedule["post_id"] for schedule in answer.json()["schedules"]] == post_ids[1:]
    listed = (await client.get(f"/schedule/campaign/{campaign_id}", params={"cancelled": "true"})).json()["schedules"]
    assert Counter(schedule["status"] for schedule in listed) == {"COMPLETED": 1, "CANCELLED": 2}


async def test_cancelling_a_campaign_without_schedules_cancels_none(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"])

    answer = await client.delete(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 200
    assert answer.json() == {"campaign_id": campaign_id, "schedules": []}


async def test_a_cancelled_campaign_can_be_scheduled_again(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 2)
    first = await client.post(f"/schedule/campaign/{campaign_id}")
    await client.delete(f"/schedule/campaign/{campaign_id}")

    answer = await client.post(f"/schedule/campaign/{campaign_id}")

    assert answer.status_code == 201
    before, after = ({each["schedule_id"] for each in made.json()["schedules"]} for made in (first, answer))
    assert before.isdisjoint(after)


async def test_fifty_requests_at_once_schedule_a_campaign_once(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK"] * 5)

    answers = await at_once(client, (client.post(f"/schedule/campaign/{campaign_id}") for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    assert all(answer.json() == made for answer in answers)
    assert len((await stored(tables))["schedules"]) == 10


async def test_a_campaign_and_one_of_its_posts_scheduled_at_once_leave_one_schedule_a_post(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * 5)
    alone = {"timestamp": "2027-03-16T08:00:00"}

    answers = await at_once(
        client,
        [
            client.post(f"/schedule/campaign/{campaign_id}"),
            *(client.post(f"/schedule/post/{post_id}", json=alone) for post_id in post_ids),
        ],
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    rows = (await stored(tables))["schedules"]
    made = sum(len(answer.json().get("schedules", [0])) for answer in answers if answer.status_code == 201)
    assert len(rows) == made == 5
