"""What each tool answers: what the API would."""

from typing import cast

import httpx2

from marketmind_scheduler.adapters.http.mcp.catalogue import TOOLS
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.mcp.agents import MODES, an_agent, refused, told, with_tools
from tests.http.steps import (
    LOS_ANGELES,
    SEVEN_PM,
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_scheduled_post,
    new_id,
    unconfirmed,
)
from tests.loops import on_each

FOUND = ("find_brands", "find_campaigns", "find_posts", "list_schedules", "explain_schedule")
PLANNED = ("preview_plan", "read_plan", "why_not_then", "check_time", "read_audience")


def ids(page: Json, name: str) -> list[str]:
    return [item[name] for item in page["items"]]


@on_each("mode", MODES)
async def test_the_tools_are_offered_alike_in_both_eras_of_the_protocol(use_cases: UseCases, mode: str) -> None:
    async with an_agent(with_tools(use_cases, commits=True), mode="legacy" if mode == "legacy" else "auto") as agent:
        offered = (await agent.list_tools()).tools

    assert [tool.name for tool in offered] == [*FOUND, *PLANNED, "commit_plan"]
    for tool in offered:
        hints = tool.annotations
        assert tool.input_schema["type"] == "object"
        assert tool.title
        assert tool.description
        assert hints is not None
        assert hints.read_only_hint == (tool.name not in ("preview_plan", "commit_plan"))
        assert not hints.destructive_hint


async def test_brands_campaigns_and_posts_are_found_page_by_page(
    use_cases: UseCases, client: httpx2.AsyncClient
) -> None:
    brand_id = await a_brand(client)
    campaigns = sorted([await a_campaign(client, brand_id=brand_id, posts=["TWITTER"]) for _ in range(3)])
    await a_campaign(client)

    async with an_agent(with_tools(use_cases)) as agent:
        brands = await told(agent, "find_brands")
        first = await told(agent, "find_campaigns", brand_id=brand_id, limit=2)
        rest = await told(agent, "find_campaigns", brand_id=brand_id, limit=2, cursor=first["next_cursor"])
        posts = await told(agent, "find_posts", campaign_id=campaigns[0])

    assert brand_id in ids(brands, "brand_id")
    assert ids(first, "campaign_id") + ids(rest, "campaign_id") == campaigns
    assert "next_cursor" not in rest
    assert [post["platform"] for post in posts["items"]] == ["TWITTER"]


async def test_what_goes_out_when_is_asked_in_wall_times_of_a_named_zone(
    use_cases: UseCases, client: httpx2.AsyncClient
) -> None:
    _, schedule = await a_scheduled_post(client, SEVEN_PM)
    bounds = ("2027-03-17T19:00:00", "2027-03-17T19:00:01")

    async with an_agent(with_tools(use_cases)) as agent:
        in_zone = await told(agent, "list_schedules", **between(*bounds, LOS_ANGELES))
        elsewhere = await told(agent, "list_schedules", **between(*bounds, "UTC"))

    assert ids(in_zone, "schedule_id") == [schedule["schedule_id"]]
    assert ids(elsewhere, "schedule_id") == []


async def test_a_time_needs_its_zone_and_takes_no_offset(use_cases: UseCases, client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)

    async with an_agent(with_tools(use_cases)) as agent:
        no_zone = await refused(agent, "check_time", "malformed", post_id=post_id, local_time=SEVEN_PM)
        offsets = [
            await refused(agent, "check_time", "malformed", post_id=post_id, local_time=time, timezone=LOS_ANGELES)
            for time in ("2027-03-17T19:00:00Z", "2027-03-17T19:00:00-07:00", "19:00", "tomorrow at 9")
        ]
        no_such_zone = await refused(
            agent, "check_time", "unknown_zone", post_id=post_id, local_time=SEVEN_PM, timezone="PST"
        )

    assert "timezone is missing" in no_zone["detail"]
    assert all("a wall time without an offset" in each["detail"] for each in offsets)
    assert "PST" in no_such_zone["detail"]


async def test_a_time_is_checked_against_the_rules_and_nothing_is_stored(
    use_cases: UseCases, client: httpx2.AsyncClient
) -> None:
    brand_id = await a_brand(client)
    post_id = await a_post(client, brand_id=brand_id)
    quiet = {"kind": "quiet_hours", "from": "22:00", "to": "07:00"}
    answer = await client.put(f"/brands/{brand_id}/policy", json={"rules": [quiet]})
    assert answer.status_code == 200, answer.text
    at_night = {"post_id": post_id, "local_time": "2027-03-17T23:00:00", "timezone": LOS_ANGELES}

    async with an_agent(with_tools(use_cases)) as agent:
        closed = await told(agent, "check_time", **at_night)
        open_ = await told(agent, "check_time", post_id=post_id, local_time=SEVEN_PM, timezone=LOS_ANGELES)
        past = await refused(
            agent, "check_time", "time_in_past", post_id=post_id, local_time="2020-01-01T09:00:00", timezone="UTC"
        )

    assert (closed["allowed"], open_["allowed"]) == (False, True)
    assert [each["rule"] for each in closed["violations"]] == ["quiet_hours"]
    assert open_["publish_time"] == "2027-03-18T02:00:00Z"
    assert past["detail"]
    assert (await client.get("/schedule")).json()["items"] == []


async def test_a_post_that_stands_is_checked_as_if_it_moved(use_cases: UseCases, client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    rule = {"kind": "min_gap", "minutes": 120}
    post_id = await a_post(client, brand_id=brand_id)
    answer = await client.put(f"/brands/{brand_id}/policy", json={"rules": [rule]})
    assert answer.status_code == 200, answer.text
    schedule = (await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})).json()

    async with an_agent(with_tools(use_cases)) as agent:
        moved = await told(agent, "check_time", post_id=post_id, local_time="2027-03-17T20:00:00", timezone=LOS_ANGELES)

    assert moved["allowed"]
    assert moved["scheduled"]["schedule_id"] == schedule["schedule_id"]


async def test_a_schedule_is_explained_with_its_attempts_by_its_own_id_or_its_posts(
    use_cases: UseCases, client: httpx2.AsyncClient
) -> None:
    schedule = await unconfirmed(client)

    async with an_agent(with_tools(use_cases)) as agent:
        by_id = await told(agent, "explain_schedule", schedule_id=schedule["schedule_id"])
        by_post = await told(agent, "explain_schedule", post_id=schedule["post_id"])
        neither = await refused(agent, "explain_schedule", "malformed")
        unknown = await refused(agent, "explain_schedule", "unknown_schedule", schedule_id=new_id())

    assert by_id == by_post
    assert by_id["status"] == "UNCONFIRMED"
    assert [(each["verdict"], each["untrusted"]["reason"]) for each in by_id["attempts"]] == [("unknown", "no answer")]
    assert "schedule_id" in neither["detail"]
    assert unknown["detail"]


async def test_a_plan_is_previewed_read_and_asked_why(use_cases: UseCases, client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK"])

    async with an_agent(with_tools(use_cases)) as agent:
        plan = await told(agent, "preview_plan", campaign_id=campaign_id)
        read = await told(agent, "read_plan", plan_id=plan["plan_id"])
        placement = plan["placements"][0]
        why = await told(
            agent,
            "why_not_then",
            plan_id=plan["plan_id"],
            post_id=placement["post_id"],
            local_time="2027-03-18T09:30:00",
            timezone=LOS_ANGELES,
        )

    assert read == plan
    assert plan["would_commit"]
    assert why["publish_time"] == "2027-03-18T16:30:00Z"
    assert why["untrusted"]["sentence"]
    assert (await client.get("/schedule")).json()["items"] == []


async def test_an_audience_is_read(use_cases: UseCases, client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)

    async with an_agent(with_tools(use_cases)) as agent:
        audience = await told(agent, "read_audience", brand_id=brand_id, platform="TWITTER")

    assert audience["timezone"] == LOS_ANGELES


def test_no_tool_offers_to_loosen_a_rule_or_to_decide_what_only_a_person_can() -> None:
    """Neither by its name nor by anything that it takes."""
    forbidden = ("override", "allow_repost", "confirm", "settle", "policy", "cap", "key_id", "scope")
    for tool in TOOLS:
        taken = {tool.name, *cast("Json", tool.schema()["properties"])}
        assert not [word for word in forbidden if word in taken], tool.name


def between(first: str, last: str, zone: str) -> Json:
    return {
        "not_before": {"local_time": first, "timezone": zone},
        "before": {"local_time": last, "timezone": zone},
    }
