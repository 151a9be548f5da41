"""Plans over HTTP: what is shown is what is committed, or nothing is."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import EVERYWHERE, Scope
from tests.fakes.clock import FrozenClock
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    add_posts,
    calling,
    new_id,
    observed,
    present,
    problem,
    walk,
)

TIME = ("post_id", "publish_time", "publish_time_local", "intent", "local_time", "timezone", "disambiguation")


@pytest.fixture
async def campaign_id(client: httpx2.AsyncClient) -> str:
    return await a_campaign(client, posts=["TWITTER", "TIKTOK", "TWITTER"])


async def preview(client: httpx2.AsyncClient, campaign_id: str, **asked: object) -> Json:
    answer = await client.post(f"/campaigns/{campaign_id}/plans", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def commit(client: httpx2.AsyncClient, plan: Json) -> httpx2.Response:
    return await client.post(f"/plans/{plan['plan_id']}/commit", json={"plan_hash": plan["plan_hash"]})


def times(shown: list[Json]) -> list[Json]:
    return [{name: each[name] for name in TIME} for each in shown]


async def schedules(client: httpx2.AsyncClient, campaign_id: str) -> list[Json]:
    return [
        each for page in await walk(client, f"/schedule/campaign/{campaign_id}", items="schedules") for each in page
    ]


async def test_a_preview_schedules_nothing_and_a_commit_writes_exactly_what_it_showed(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    assert await schedules(client, campaign_id) == []

    committed = await commit(client, plan)

    assert committed.status_code == 201
    assert times(committed.json()["schedules"]) == times(plan["placements"])
    assert committed.json()["changed"] == []
    assert await schedules(client, campaign_id) == committed.json()["schedules"]
    assert (await client.get(f"/plans/{plan['plan_id']}")).json()["status"] == "committed"


async def test_a_commit_that_is_repeated_answers_the_same_schedules(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    first = await commit(client, plan)

    again = await commit(client, plan)

    assert again.status_code == 200
    assert again.json() == first.json()


async def test_scheduling_a_campaign_at_once_makes_what_its_preview_shows(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)

    at_once = await client.post(f"/schedule/campaign/{campaign_id}")

    assert at_once.status_code == 201
    assert times(at_once.json()["schedules"]) == times(plan["placements"])
    [kept] = (await client.get(f"/campaigns/{campaign_id}/plans", params={"limit": 1})).json()["items"]
    assert (kept["status"], kept["plan_hash"]) == ("committed", plan["plan_hash"])


async def test_what_is_committed_is_found_by_scheduling_the_campaign(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    committed = await commit(client, await preview(client, campaign_id))

    found = await client.post(f"/schedule/campaign/{campaign_id}")

    assert found.status_code == 200
    assert found.json()["schedules"] == committed.json()["schedules"]


async def test_the_same_request_with_nothing_changed_has_the_same_hash_and_another_has_another(
    client: httpx2.AsyncClient, campaign_id: str, clock: FrozenClock
) -> None:
    first = await preview(client, campaign_id)
    clock.advance(timedelta(minutes=10))

    same = await preview(client, campaign_id)
    others = [
        await preview(client, campaign_id, platforms=["TWITTER"]),
        await preview(client, campaign_id, grid_minutes=60),
    ]

    assert same["plan_hash"] == first["plan_hash"]
    assert same["plan_id"] != first["plan_id"]
    assert len({first["plan_hash"], *(each["plan_hash"] for each in others)}) == 3


async def test_a_post_that_comes_between_makes_the_plan_outdated_and_a_fresh_one_is_shown(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    [late] = await add_posts(client, campaign_id, ["TWITTER"])

    refused = problem(await commit(client, plan), 409, "plan_outdated")

    assert refused["details"]["changed"] == ["posts"]
    assert refused["details"]["violations"] == refused["details"]["in_the_way"] == [f"post {late} has no placement"]
    assert await schedules(client, campaign_id) == []
    fresh = (await client.get(f"/plans/{refused['details']['plan_id']}")).json()
    assert late in [each["post_id"] for each in fresh["placements"]]
    assert (await commit(client, fresh)).status_code == 201


async def test_what_stands_in_the_way_of_an_outdated_plan_is_said_in_words_of_its_posts_and_times(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    plans = [await preview(client, await a_campaign(client, posts=["LINKEDIN"])) for _ in range(3)]
    by_hand, out, over = plans
    [post_id] = [each["post_id"] for each in by_hand["placements"]]
    assert (await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-16T08:00:00"})).is_success
    assert (await client.delete(f"/posts/{out['placements'][0]['post_id']}")).status_code == 204

    scheduled, gone = [problem(await commit(client, plan), 409, "plan_outdated") for plan in (by_hand, out)]
    clock.advance(timedelta(days=60))
    past = problem(await commit(client, over), 409, "plan_outdated")

    [said] = scheduled["details"]["in_the_way"]
    assert said.startswith(f"post {post_id} is not to be placed: it has a schedule already")
    assert "and 1 thing stands in the way, first: post" in scheduled["detail"]
    assert gone["details"]["in_the_way"][0].endswith("or is none of the campaign's")
    assert past["details"]["in_the_way"][0].endswith("is over; its time must be ahead")
    assert "the time of 1 of its 1 posts has passed" in past["detail"]
    assert "days changed" not in past["detail"]


async def test_two_posts_at_one_instant_are_told_with_the_time_on_the_wall(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    first, second = [
        await preview(client, await a_campaign(client, brand_id=brand_id, posts=["LINKEDIN"])) for _ in range(2)
    ]
    await commit(client, first)

    refused = problem(await commit(client, second), 409, "plan_outdated")

    at = first["placements"][0]["publish_time_local"]
    assert refused["details"]["in_the_way"] == [f"2 LINKEDIN posts at {at}"]


async def test_where_fill_finds_nothing_to_place_it_is_said_that_posts_keep_their_schedules(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    made = (await commit(client, await preview(client, campaign_id))).json()["schedules"]

    refused = problem(
        await client.post(f"/campaigns/{campaign_id}/plans", json={"fill": True}), 404, "no_posts_to_schedule"
    )

    assert (refused["details"]["out_already"], refused["details"]["scheduled"]) == (0, len(made))
    assert f"{len(made)} keep the schedules that they have" in refused["detail"]


async def test_a_plan_says_whether_it_would_commit_now_and_what_is_in_the_way(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    assert (plan["would_commit"], plan["changed"], plan["in_the_way"]) == (True, [], [])

    [late] = await add_posts(client, campaign_id, ["TWITTER"])

    shown = (await client.get(f"/plans/{plan['plan_id']}")).json()
    assert (shown["would_commit"], shown["changed"]) == (False, ["posts"])
    assert shown["in_the_way"] == [f"post {late} has no placement"]


async def test_a_plan_is_agreed_to_by_its_hash(client: httpx2.AsyncClient, campaign_id: str) -> None:
    plan = await preview(client, campaign_id)

    refused = problem(await commit(client, {**plan, "plan_hash": "0" * 64}), 409, "plan_hash_differs")

    assert refused["details"]["current"] == plan["plan_hash"]


async def test_a_discarded_plan_can_be_read_and_not_committed(client: httpx2.AsyncClient, campaign_id: str) -> None:
    plan = await preview(client, campaign_id, hold_seconds=60)

    discarded = [await client.delete(f"/plans/{plan['plan_id']}") for _ in range(2)]

    assert [each.status_code for each in discarded] == [200, 200]
    assert (await client.get(f"/plans/{plan['plan_id']}")).json()["status"] == "discarded"
    problem(await commit(client, plan), 409, "plan_ended")


async def test_a_committed_plan_cannot_be_discarded(client: httpx2.AsyncClient, campaign_id: str) -> None:
    plan = await preview(client, campaign_id)
    await commit(client, plan)

    problem(await client.delete(f"/plans/{plan['plan_id']}"), 409, "plan_ended")


async def test_what_a_replacing_plan_gives_up_and_keeps_is_shown_before(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    made = (await commit(client, await preview(client, campaign_id))).json()["schedules"]
    by_hand = await client.put(f"/schedule/post/{made[0]['post_id']}", json={"timestamp": "2027-03-16T09:00:00"})

    problem(await client.post(f"/campaigns/{campaign_id}/plans"), 409, "campaign_already_scheduled")
    plan = await preview(client, campaign_id, replace=True)
    committed = await commit(client, plan)

    assert [each["schedule_id"] for each in plan["kept"]] == [by_hand.json()["schedule_id"]]
    assert {each["schedule_id"] for each in plan["replaces"]} == {each["schedule_id"] for each in made[1:]}
    assert committed.status_code == 201
    assert {each["post_id"] for each in committed.json()["schedules"]} == {each["post_id"] for each in made[1:]}


async def test_a_post_that_is_deleted_takes_its_title_out_of_every_plan(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    secret = {**a_post_body(), "title": "Nobody shall read this"}
    await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [secret]})
    plan = await preview(client, campaign_id)
    assert secret["title"] in [each["title"] for each in plan["placements"]]

    assert (await client.delete(f"/posts/{secret['post_id']}")).status_code == 204

    shown = await client.get(f"/plans/{plan['plan_id']}")
    assert secret["title"] not in shown.text
    assert not shown.json()["would_commit"]


async def test_a_brand_holds_a_thousand_slots_at_most(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, start="2027-03-15", end="2029-12-31", posts=["TWITTER"] * 600)
    await preview(client, campaign_id, hold_seconds=60)

    answer = await client.post(f"/campaigns/{campaign_id}/plans", json={"hold_seconds": 60})

    assert problem(answer, 422, "too_many_held")["details"]["held"] == 600


async def test_slots_are_given_back_when_their_time_is_over(client: httpx2.AsyncClient, clock: FrozenClock) -> None:
    campaign_id = await a_campaign(client, start="2027-03-15", end="2029-12-31", posts=["TWITTER"] * 600)
    plan = await preview(client, campaign_id, hold_seconds=60)
    clock.advance(timedelta(minutes=1))

    await preview(client, campaign_id, hold_seconds=60)

    assert (await commit(client, plan)).status_code == 201


async def test_who_may_only_read_looks_at_plans_and_holds_nothing(use_cases: UseCases, campaign_id: str) -> None:
    issued = await use_cases.key_ring.create(new_id(), scopes={Scope.SCHEDULES_READ}, reach=EVERYWHERE, expires_at=None)
    headers: Mapping[str, str] = {"authorization": f"Bearer {issued.credential}"}
    async with calling(observed(use_cases, checks_access=True)) as reader:
        looked = await reader.post(f"/campaigns/{campaign_id}/plans", headers=headers)
        held = await reader.post(f"/campaigns/{campaign_id}/plans", headers=headers, json={"hold_seconds": 1})

    assert looked.status_code == 201
    assert problem(held, 403, "missing_scope")["details"]["scope"] == "schedules:write"


async def test_a_plan_that_was_never_made_is_not_found(client: httpx2.AsyncClient) -> None:
    for answer in (
        await client.get(f"/plans/{new_id()}"),
        await client.delete(f"/plans/{new_id()}"),
        await client.post(f"/plans/{new_id()}/commit", json={"plan_hash": "x"}),
    ):
        problem(answer, 404, "plan_not_found")


async def test_a_wrong_wish_is_answered_by_the_rule_that_closes_it(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    quiet = {"kind": "quiet_hours", "from": "22:00", "to": "07:00"}
    assert (await client.put(f"/brands/{plan['brand_id']}/policy", json={"rules": [quiet]})).is_success
    post_id = plan["placements"][0]["post_id"]

    closed = await client.get(f"/plans/{plan['plan_id']}/why", params={"post_id": post_id, "at": "2027-03-16T03:00:00"})
    opened = await client.get(f"/plans/{plan['plan_id']}/why", params={"post_id": post_id, "at": "2027-03-16T10:00:00"})
    beyond = await client.get(f"/plans/{plan['plan_id']}/why", params={"post_id": post_id, "at": "2027-04-16T10:00:00"})

    assert [each["rule"] for each in closed.json()["violations"]] == ["quiet_hours"]
    assert opened.json()["violations"] == []
    assert opened.json()["sentence"].startswith("it could stand there")
    assert "is not one of the campaign's days" in beyond.json()["sentence"]


async def test_a_policy_that_closes_a_planned_time_makes_the_plan_outdated_and_another_does_not(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    harmless = {"kind": "quiet_hours", "from": "22:00", "to": "07:00"}
    await client.put(f"/brands/{plan['brand_id']}/policy", json={"rules": [harmless]})
    assert (await client.get(f"/plans/{plan['plan_id']}")).json()["changed"] == ["policy"]
    evenings = {"kind": "quiet_hours", "from": "18:00", "to": "07:00"}
    await client.put(f"/brands/{plan['brand_id']}/policy", json={"rules": [evenings]})

    refused = problem(await commit(client, plan), 409, "plan_outdated")

    assert refused["details"]["changed"] == ["policy"]
    broken = refused["details"]["violations"]
    at_once = await client.post(f"/schedule/campaign/{campaign_id}")
    assert broken == problem(at_once, 422, "policy_violated")["details"]["violations"]
    assert refused["details"]["in_the_way"] == [each["sentence"] for each in broken]
    fresh = (await client.get(f"/plans/{refused['details']['plan_id']}")).json()
    assert {each["rule"] for each in fresh["violations"]} == {"quiet_hours"}
    problem(await commit(client, fresh), 422, "policy_violated")


async def test_slots_that_are_held_are_taken_to_others_and_free_to_their_own_plan(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id, hold_seconds=3600)
    other_id = await a_campaign(client, brand_id=plan["brand_id"], posts=["TWITTER"])

    other = await preview(client, other_id)

    assert other["placements"][0]["publish_time"] not in [each["publish_time"] for each in plan["placements"]]
    assert (await commit(client, plan)).status_code == 201


async def test_a_plan_is_a_table_and_a_picture(client: httpx2.AsyncClient, campaign_id: str) -> None:
    plan = await preview(client, campaign_id)

    table = await client.get(f"/plans/{plan['plan_id']}", params={"format": "text"})
    picture = await client.get(f"/plans/{plan['plan_id']}", params={"format": "svg"})

    assert "19:00  TWITTER    Meet the new line" in table.text
    assert plan["plan_hash"] in table.text
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.text.count("<circle") == 1 + len(plan["placements"])
    assert picture.text.count("<title") > 168
    assert re.findall(r">([a-z -]+)</text>", picture.text) == ["chosen", "stays", "closed by the rules"]


async def test_a_table_keeps_its_columns_and_signs_that_are_joined_whatever_posts_are_called(
    client: httpx2.AsyncClient,
) -> None:
    family, flag = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea"
    campaign_id = await a_campaign(client)
    posts = [{**a_post_body("TWITTER"), "title": title} for title in ("Tea", family * 30, flag * 30, f"Tea {family}")]
    assert (await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})).is_success
    plan = await preview(client, campaign_id)

    table = (await client.get(f"/plans/{plan['plan_id']}", params={"format": "text"})).text
    picture = (await client.get(f"/plans/{plan['plan_id']}", params={"format": "svg"})).text

    rows = [line for line in table.split("\n") if "19:00  TWITTER" in line]
    assert [row.partition("TWITTER    ")[2] for row in rows] == [
        "Tea",
        family * 17 + "…",
        flag * 17 + "…",
        f"Tea {family}",
    ]
    assert family in picture


async def test_what_is_held_for_a_campaign_is_in_nobodys_way_but_others(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    mine, other = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER"]) for _ in range(2)]
    first = await preview(client, mine, hold_seconds=3600)

    again = await preview(client, mine, hold_seconds=3600)
    assert again["plan_hash"] == first["plan_hash"]
    assert (await preview(client, other))["placements"][0]["local_time"].endswith("19:00:30")

    assert (await commit(client, again)).status_code == 201
    await client.delete(f"/schedule/campaign/{mine}")
    assert (await preview(client, other))["placements"][0]["local_time"].endswith("19:00:00")


async def test_a_deleted_campaign_holds_nothing_any_more(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    gone, other = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER"]) for _ in range(2)]
    await preview(client, gone, hold_seconds=3600)

    assert (await client.delete(f"/campaigns/{gone}")).status_code == 204

    assert (await preview(client, other))["placements"][0]["local_time"].endswith("19:00:00")


async def test_a_plan_says_which_posts_make_room_for_others_that_had_their_time(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    first, second = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER", "REDDIT"]) for _ in range(2)]
    assert (await client.post(f"/schedule/campaign/{first}")).status_code == 201

    plan = await preview(client, second)

    for each in plan["placements"]:
        assert f"had 19:00 on {each['platform']} already, so this one goes out at" in each["warnings"][0]
    table = (await client.get(f"/plans/{plan['plan_id']}", params={"format": "text"})).text
    assert table.count("had 19:00 on") == 2


async def test_whatever_names_hold_a_table_moves_no_cursor_and_a_picture_is_well_formed(
    client: httpx2.AsyncClient,
) -> None:
    hostile = "<b>&\"' \x1b[2J\x9b\x01\r\n\ufffe\u202e"
    campaign_id = await a_campaign(client)
    campaign = (await client.get(f"/campaigns/{campaign_id}")).json()
    await client.put(f"/campaigns/{campaign_id}", json={"name": hostile})
    posts = [{**a_post_body(platform=each), "title": hostile} for each in ("TWITTER", "TIKTOK")]
    assert (await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})).is_success
    holidays = {"kind": "blackout", "first_date": "2027-03-15", "last_date": "2027-03-16", "name": hostile}
    assert (await client.put(f"/brands/{campaign['brand_id']}/policy", json={"rules": [holidays]})).is_success

    for scheduler in ("naive", "queue"):
        plan = await preview(client, campaign_id, scheduler=scheduler)
        table = (await client.get(f"/plans/{plan['plan_id']}", params={"format": "text"})).text
        picture = (await client.get(f"/plans/{plan['plan_id']}", params={"format": "svg"})).text

        assert all(line.isprintable() for line in table.split("\n"))
        assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314  # made here


async def test_scheduling_a_campaign_again_finds_its_plan_however_many_previews_came_since(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    times = [{"weekday": day, "time": "09:00"} for day in ("MO", "TU", "WE")]
    await client.put(f"/brands/{brand_id}/policy", json={"rules": [{"kind": "slots", "times": times}]})
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    asked = {"scheduler": "queue"}
    assert (await client.post(f"/schedule/campaign/{campaign_id}", json=asked)).status_code == 201

    for _ in range(101):
        await preview(client, campaign_id, scheduler="queue", replace=True)

    assert (await client.post(f"/schedule/campaign/{campaign_id}", json=asked)).status_code == 200


async def test_a_post_that_a_person_schedules_between_makes_the_plan_outdated_and_the_fresh_one_leaves_it_alone(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    chosen = plan["placements"][0]["post_id"]
    await client.post(f"/schedule/post/{chosen}", json={"timestamp": "2027-03-18T12:00:00"})

    refused = problem(await commit(client, plan), 409, "plan_outdated")

    fresh = (await client.get(f"/plans/{refused['details']['plan_id']}")).json()
    assert [each["post_id"] for each in fresh["kept"]] == [chosen]
    assert (await commit(client, fresh)).status_code == 201


async def test_a_zone_in_which_a_planned_wall_time_is_another_instant_makes_the_plan_outdated(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    await client.put(f"/brands/{plan['brand_id']}", json={"brand_default_timezone": "Europe/Berlin"})

    refused = problem(await commit(client, plan), 409, "plan_outdated")

    assert "tz" in refused["details"]["changed"]
    assert await schedules(client, campaign_id) == []
    fresh = (await client.get(f"/plans/{refused['details']['plan_id']}")).json()
    assert {each["timezone"] for each in fresh["placements"]} == {"Europe/Berlin"}
    assert "the brand's zone changed, from America/Los_Angeles to Europe/Berlin, and 4 things" in refused["detail"]
    outside, *of_clocks = refused["details"]["in_the_way"]
    assert outside.endswith("is outside the campaign's days, 2027-03-15 to 2027-03-21")
    for said in of_clocks:
        assert said.endswith("is meant by the clocks of America/Los_Angeles, and the brand's zone is Europe/Berlin")


async def test_where_several_causes_meet_each_is_named_with_the_first_of_what_it_stands_in_the_way_of(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK", "TWITTER"])
    plan = await preview(client, campaign_id)
    brand_id, first = plan["brand_id"], plan["placements"][0]
    [late] = await add_posts(client, campaign_id, ["TWITTER"])
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": "Europe/Berlin"})
    await client.put(f"/campaigns/{campaign_id}", json={"start_date": "2027-03-16"})
    night = {"kind": "quiet_hours", "from": "02:00", "to": "06:00"}
    assert (await client.put(f"/brands/{brand_id}/policy", json={"rules": [night]})).is_success
    clock.advance(datetime.fromisoformat(first["publish_time"]) - await present(client))

    detail = problem(await commit(client, plan), 409, "plan_outdated")["detail"]

    for cause in (
        "the campaign's posts changed, and the brand's rules changed, from version 0 to 1, and",
        "the brand's zone changed, from America/Los_Angeles to Europe/Berlin, and the campaign's days",
        "the campaign's days changed, to 2027-03-16 to",
        "the time of 2 of its 3 posts has passed",
        f"first: post {late} has no placement; and: post",
        "is over; its time must be ahead; and: post",
        "is meant by the clocks of America/Los_Angeles",
        "lies in the quiet hours 02:00 to 06:00",
    ):
        assert cause in detail


async def test_a_plan_passes_over_no_rule(client: httpx2.AsyncClient, campaign_id: str) -> None:
    answer = await client.post(f"/campaigns/{campaign_id}/plans", json={"override": ["quiet_hours"]})

    assert "there is no field 'override'" in problem(answer, 400, "malformed")["detail"]


async def test_a_queue_without_room_says_for_how_many_posts_none_is_left(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    monday = {"kind": "slots", "times": [{"weekday": "MO", "time": "09:00"}]}
    await client.put(f"/brands/{brand_id}/policy", json={"rules": [monday]})
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER", "TWITTER"])

    [left] = (await preview(client, campaign_id, scheduler="queue"))["unplaced"]

    assert left["sentence"].startswith(
        "no open weekly slot is left for 1 post of TWITTER from 2027-03-15 to 2027-03-21"
    )


async def test_a_forecast_counts_the_posts_of_all_brands_against_caps_that_they_share_and_names_none(
    client: httpx2.AsyncClient,
) -> None:
    mine = await a_campaign(client, start="2027-03-15", end="2027-03-15", posts=["YOUTUBE", "LINKEDIN"])
    others = [await a_brand(client) for _ in range(3)]
    for brand_id in others:
        for at in ("2027-03-15T10:00:00", "2027-03-15T19:00:00", "2027-03-16T10:00:00"):
            post_id = await a_post(client, brand_id=brand_id, platform="YOUTUBE")
            await client.post(f"/schedule/post/{post_id}", json={"timestamp": at})
    held = await a_campaign(client, brand_id=others[0], start="2027-03-15", end="2027-03-15", posts=["YOUTUBE"])
    await preview(client, held, hold_seconds=3600)

    plan = await preview(client, mine)

    [shared] = [each for each in plan["forecast"] if each["scope"] == "app"]
    assert (shared["platform"], shared["limit"], shared["used"]) == ("YOUTUBE", 100, 1 + 3 * 2 + 1)
    assert (shared["window_zone"], shared["binds"]) == ("America/Los_Angeles", False)
    assert [each["used"] for each in plan["forecast"] if each["scope"] == "lane"] == [1] * (len(plan["forecast"]) - 1)
    assert not any(brand_id in str(plan) for brand_id in others)


async def test_more_than_all_brands_may_is_warned_of_and_refuses_nothing(client: httpx2.AsyncClient) -> None:
    mine = await a_campaign(client, start="2027-03-15", end="2027-03-15", posts=["YOUTUBE"])
    for brand_id in [await a_brand(client) for _ in range(4)]:
        for minute in range(25):
            post_id = await a_post(client, brand_id=brand_id, platform="YOUTUBE")
            await client.post(f"/schedule/post/{post_id}", json={"timestamp": f"2027-03-15T12:{minute:02}:00"})

    plan = await preview(client, mine)

    assert [each for each in plan["warnings"] if each.startswith("101 posts of all brands on YOUTUBE")]
    assert (await commit(client, plan)).status_code == 201
