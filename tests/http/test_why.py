"""Why a post is not at another time: the rule that closes it, or what the plan would lose and what would move."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import Json, a_brand, a_campaign, a_post, add_posts, calling, in_memory, new_id, observed, problem
from tests.http.test_plans import commit, preview

NINE_ON_WORKING_DAYS = {
    "kind": "slots",
    "times": [{"weekday": day, "time": "09:00"} for day in ("MO", "TU", "WE", "TH", "FR")],
}


class SlowPlanSolver(DirectPlanSolver):
    async def fixed(self, problem: object, *, post: int, slot: int, seconds: float) -> None:
        del problem, post, slot, seconds


@pytest.fixture
async def solving(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver()))) as caller:
        yield caller


async def ruled(client: httpx2.AsyncClient, *rules: Json) -> str:
    brand_id = await a_brand(client)
    assert (await client.put(f"/brands/{brand_id}/policy", json={"rules": rules})).is_success
    return brand_id


async def why(client: httpx2.AsyncClient, plan: Json, nth: int, at: str) -> Json:
    post_id = plan["placements"][nth]["post_id"]
    answer = await client.get(f"/plans/{plan['plan_id']}/why", params={"post_id": post_id, "at": at})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_naive_rule_would_place_the_others_round_a_post_that_is_put_elsewhere_by_hand(
    client: httpx2.AsyncClient,
) -> None:
    plan = await preview(client, await a_campaign(client, end="2027-03-17", posts=["LINKEDIN", "LINKEDIN", "TIKTOK"]))
    first, second = (each for each in plan["placements"] if each["platform"] == "LINKEDIN")

    told = await why(client, plan, plan["placements"].index(first), "2027-03-17T10:00:00")

    assert told["violations"] == []
    assert (told["instead"]["change"], told["instead"]["share"]) == (None, None)
    [moved] = told["instead"]["moves"]
    assert (moved["post_id"], moved["from"]) == (second["post_id"], second["publish_time"])
    assert moved["to"] == "2027-03-16T02:00:00Z"
    assert "naive weighs no hours: put there by hand, the post stays, and 1 other post moves" in told["sentence"]
    assert (await client.get(f"/schedule/campaign/{plan['campaign_id']}")).json()["schedules"] == []


async def test_where_the_rule_could_not_place_the_others_it_says_why(client: httpx2.AsyncClient) -> None:
    plan = await preview(client, await a_campaign(client, start="2027-03-15", end="2027-03-16", posts=["LINKEDIN"] * 2))
    brand_id = plan["brand_id"]
    extra = await a_campaign(client, brand_id=brand_id, start="2027-03-15", end="2027-03-16", posts=["LINKEDIN"])
    assert (await client.post(f"/schedule/campaign/{extra}")).is_success

    told = await why(client, plan, 0, "2027-03-16T10:00:00")

    assert told["instead"]["moves"][0]["to"].startswith("2027-03-16T02:00")


async def test_the_queue_would_give_the_slots_to_the_others_in_their_order(client: httpx2.AsyncClient) -> None:
    brand_id = await ruled(client, NINE_ON_WORKING_DAYS, {"kind": "daily_cap", "posts": 1})
    plan = await preview(client, await a_campaign(client, brand_id=brand_id, posts=["LINKEDIN"] * 3), scheduler="queue")

    told = await why(client, plan, 2, "2027-03-15T12:00:00")

    assert [each["rule"] for each in told["violations"]] == ["daily_cap"]
    assert [(each["from"], each["to"]) for each in told["instead"]["moves"]] == [
        ("2027-03-15T16:00:00Z", "2027-03-16T16:00:00Z"),
        ("2027-03-16T16:00:00Z", "2027-03-17T16:00:00Z"),
    ]
    assert told["sentence"].endswith("the post stays, and 2 others move")


async def test_an_engagement_plan_says_what_it_would_lose_and_which_posts_would_move(
    solving: httpx2.AsyncClient,
) -> None:
    brand_id = await ruled(solving, {"kind": "min_gap", "minutes": 120})
    campaign_id = await a_campaign(solving, brand_id=brand_id, posts=["LINKEDIN"] * 3)
    plan = await preview(solving, campaign_id, scheduler="engagement", objective="slot_value", exploration=False)
    values = [each["reason"]["expected_multiplier"] for each in plan["placements"]]

    worse = await why(solving, plan, 0, "2027-03-21T03:00:00")
    beside = await why(solving, plan, 0, "2027-03-17T12:30:00")
    same = await why(solving, plan, 0, plan["placements"][0]["local_time"])

    assert worse["instead"]["change"] == pytest.approx(worse["multiplier"] - values[0], abs=0.002)
    assert worse["instead"]["share"] == pytest.approx(worse["instead"]["change"] / sum(values), abs=0.001)
    assert worse["instead"]["proven"]
    assert worse["instead"]["moves"] == []
    assert worse["sentence"].startswith("it could stand there")
    assert "with it there the plan loses 0." in worse["sentence"]
    assert [each["rule"] for each in beside["violations"]] == ["min_gap"]
    assert [each["post_id"] for each in beside["instead"]["moves"]] == [plan["placements"][2]["post_id"]]
    assert (same["instead"]["change"], same["instead"]["moves"]) == (0, [])
    assert same["sentence"] == "that is where the plan has it"


async def test_a_time_that_is_no_time_or_two_is_answered_with_what_it_was_taken_for(client: httpx2.AsyncClient) -> None:
    campaigns = {"2027-03-14T02:30": "does not exist", "2027-11-07T01:30": "happens twice"}
    for at, words in campaigns.items():
        plan = await preview(client, await a_campaign(client, start=at[:10], end=at[:10], posts=["LINKEDIN"]))

        told = await why(client, plan, 0, at)

        assert told["sentence"].startswith(f"{at}:00 in America/Los_Angeles {words}")
        assert told["publish_time_local"] in told["sentence"]


async def test_what_a_rule_closes_whatever_the_others_do_is_not_planned_again(solving: httpx2.AsyncClient) -> None:
    brand_id = await ruled(solving, {"kind": "quiet_hours", "from": "22:00", "to": "07:00"})
    campaign_id = await a_campaign(solving, brand_id=brand_id, posts=["LINKEDIN"])
    other = await a_campaign(solving, brand_id=brand_id, posts=["LINKEDIN"])
    assert (await solving.post(f"/schedule/campaign/{other}")).is_success
    plan = await preview(solving, campaign_id, scheduler="engagement")

    closed = await why(solving, plan, 0, "2027-03-16T03:00:00")
    over = await why(solving, plan, 0, "2027-02-16T03:00:00")
    taken = await why(solving, plan, 0, "2027-03-15T19:00:00")

    assert [each["instead"] for each in (closed, over, taken)] == [None, None, None]
    assert "quiet hours" in closed["sentence"]
    assert "another post of LINKEDIN stands there" in taken["sentence"]


async def test_a_post_that_is_left_out_can_be_asked_about_too(solving: httpx2.AsyncClient) -> None:
    brand_id = await ruled(solving, {"kind": "daily_cap", "posts": 1})
    campaign_id = await a_campaign(solving, brand_id=brand_id, end="2027-03-16", posts=["LINKEDIN"] * 3)
    plan = await preview(solving, campaign_id, scheduler="engagement")
    [left] = plan["unplaced"]

    answer = await solving.get(
        f"/plans/{plan['plan_id']}/why", params={"post_id": left["post_id"], "at": "2027-03-16T10:00:00"}
    )

    told = answer.json()
    assert told["planned_multiplier"] is None
    assert [each["rule"] for each in told["violations"]] == ["daily_cap"]
    assert [each["to"] for each in told["instead"]["moves"]] == [None]
    assert "1 would be left out" in told["sentence"]


async def test_a_platform_that_is_too_large_says_so_with_what_is_known(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    async with calling(observed(in_memory(storage, zones, clock, solver=SlowPlanSolver()))) as client:
        campaign_id = await a_campaign(client, posts=["LINKEDIN"])
        plan = await preview(client, campaign_id, scheduler="engagement", exploration=False)

        told = await why(client, plan, 0, "2027-03-21T03:00:00")

    assert "too large to choose its slots again" in told["instead"]["trouble"]
    assert told["instead"]["change"] < 0
    assert told["sentence"].endswith(told["instead"]["trouble"])


async def test_a_committed_plan_is_explained_as_it_was_planned(solving: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(solving, posts=["LINKEDIN"] * 2)
    plan = await preview(solving, campaign_id, scheduler="engagement", exploration=False)
    before = await why(solving, plan, 0, "2027-03-21T03:00:00")
    assert (await commit(solving, plan)).status_code == 201

    assert await why(solving, plan, 0, "2027-03-21T03:00:00") == before


async def test_a_post_that_the_plan_does_not_speak_of_is_not_found(client: httpx2.AsyncClient) -> None:
    plan = await preview(client, await a_campaign(client, posts=["LINKEDIN"]))

    answer = await client.get(
        f"/plans/{plan['plan_id']}/why", params={"post_id": new_id(), "at": "2027-03-16T10:00:00"}
    )

    problem(answer, 404, "post_not_found")


async def test_a_post_that_is_there_and_not_in_the_plan_is_told_where_it_belongs(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    own, other = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER"]) for _ in range(2)]
    plan = await preview(client, own, platforms=["TWITTER"])
    [of_other] = (await preview(client, other))["placements"]
    [elsewhere, late] = await add_posts(client, own, ["TIKTOK", "TWITTER"])
    expected = {
        of_other["post_id"]: f"the post is of campaign {other}, and the plan of {own}",
        await a_post(client, brand_id=brand_id): f"the post is of no campaign, and the plan of campaign {own}",
        elsewhere: "the post is on TIKTOK, which the plan was not asked for",
        late: "came later than the plan",
        new_id(): "register it with PUT",
    }
    for post_id, said in expected.items():
        path = f"/plans/{plan['plan_id']}/why"
        answer = await client.get(path, params={"post_id": post_id, "at": "2027-03-16T09:00:00"})
        assert said in problem(answer, 404, "post_not_found")["detail"]
