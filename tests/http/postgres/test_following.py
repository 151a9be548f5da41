"""What was derived hears of its source, and follows it in one call."""

import logging
import time
from collections.abc import Sequence
from datetime import date, timedelta

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import Json, a_brand, a_campaign, a_post, a_post_body, day_of, problem
from tests.loops import on_each

log = logging.getLogger(__name__)

MOST_TIMES = 6
BERLIN, SEOUL = "Europe/Berlin", "Asia/Seoul"


async def planned(client: httpx2.AsyncClient, *, zone: str = BERLIN, posts: int = 3) -> tuple[str, Sequence[Json]]:
    """A campaign of five days before a change of the clocks in Berlin, and its schedules."""
    campaign_id = await a_campaign(client, zone=zone, start="2027-03-22", end="2027-03-26", posts=["TWITTER"] * posts)
    answer = await client.post(f"/schedule/campaign/{campaign_id}")
    assert answer.status_code == 201, answer.text
    return campaign_id, answer.json()["schedules"]


async def schedules_of(client: httpx2.AsyncClient, campaign_id: str) -> Sequence[Json]:
    return (await client.get(f"/schedule/campaign/{campaign_id}")).json()["schedules"]


async def listed(client: httpx2.AsyncClient, link: str) -> Sequence[Json]:
    answer = await client.get(link)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def kinds_told(client: httpx2.AsyncClient, use_cases: UseCases) -> list[str]:
    await use_cases.upkeeping.sequence()
    return [event["kind"] for event in (await client.get("/events?after=0&limit=1000")).json()["events"]]


async def test_a_campaign_whose_days_change_counts_what_lies_outside_and_everything_says_so(
    client: httpx2.AsyncClient, use_cases: UseCases
) -> None:
    campaign_id, before = await planned(client)

    answer = await client.put(f"/campaigns/{campaign_id}", json={"start_date": "2027-03-23", "end_date": "2027-03-25"})

    campaign = answer.json()
    assert (answer.status_code, campaign["schedules_outside"]) == (200, 2)
    assert str(campaign["schedules_outside"]) in campaign["warnings"][0]
    outside = await listed(client, campaign["schedules_link"])
    assert [each["schedule_id"] for each in outside] == [before[0]["schedule_id"], before[2]["schedule_id"]]
    assert all("2027-03-23 to 2027-03-25" in each["warnings"][0] for each in outside)
    assert [each["version"] for each in await schedules_of(client, campaign_id)] == [2, 1, 2]
    read = await client.get(f"/campaigns/{campaign_id}")
    assert (read.json(), read.headers["etag"]) == (campaign, answer.headers["etag"])
    ((shown,),) = [(await client.get("/campaigns")).json()["items"]]
    assert shown == campaign
    assert (await kinds_told(client, use_cases)).count("schedule.source_changed") == 2


async def test_a_brand_whose_zone_or_lateness_changes_counts_what_stands_otherwise(
    client: httpx2.AsyncClient, use_cases: UseCases
) -> None:
    campaign_id, _ = await planned(client)
    brand_id = (await client.get(f"/campaigns/{campaign_id}")).json()["brand_id"]
    named = await a_post(client, brand_id=brand_id)
    await client.post(f"/schedule/post/{named}", json={"timestamp": "2027-03-22T08:15:00", "timezone": BERLIN})

    zone = (await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": SEOUL})).json()
    same = (await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": SEOUL})).json()
    late = (await client.put(f"/brands/{brand_id}", json={"on_late": "skip"})).json()

    assert (zone["schedules_otherwise"], "schedules_otherwise" in same, late["schedules_otherwise"]) == (3, False, 4)
    assert len(await listed(client, f"/schedule?brand_id={brand_id}&differs=zone")) == 3
    assert len(await listed(client, late["schedules_link"])) == 4
    said = (await schedules_of(client, campaign_id))[0]["warnings"]
    assert SEOUL in said[0]
    assert "lateness" in said[1]
    assert (await client.get(f"/schedule/post/{named}")).json()["warnings"] == [said[1]]
    assert (await kinds_told(client, use_cases)).count("schedule.source_changed") == 3 + 4


async def test_a_brand_that_calls_its_zone_by_another_name_is_where_it_was(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client, zone="Asia/Calcutta")
    kept, chosen = [await a_post(client, brand_id=brand_id) for _ in range(2)]
    await client.post(f"/schedule/post/{kept}", json={"timestamp": "2027-03-17T19:00"})
    await client.post(f"/schedule/post/{chosen}", json={"timestamp": "2027-03-17T20:00", "timezone": "Asia/Calcutta"})

    by_way_of = [
        (await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": zone})).json()
        for zone in ("Asia/Kolkata", SEOUL, "Asia/Calcutta", "Asia/Kolkata")
    ]

    assert [brand.get("schedules_otherwise", 0) for brand in by_way_of] == [0, 1, 0, 0]
    shown = [(await client.get(f"/schedule/post/{post_id}")).json() for post_id in (kept, chosen)]
    assert [each["timezone"] for each in shown] == ["Asia/Kolkata", "Asia/Calcutta"]
    assert [each["publish_time"] for each in shown] == ["2027-03-17T13:30:00Z", "2027-03-17T14:30:00Z"]
    assert [(each["version"], each["warnings"]) for each in shown] == [(2, []), (1, [])]
    assert await listed(client, f"/schedule?brand_id={brand_id}&differs=zone") == []
    followed = await client.post(f"/brands/{brand_id}/follow", json={"zone": True})
    assert followed.json()["followed"] == 0


async def test_the_days_of_no_campaign_cannot_be_differed_from(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/schedule?differs=dates"), 400, "malformed")


@on_each("body", [{"by": "P7D"}, {"by": "P1W"}, {"to_start": "2027-03-29"}])
async def test_a_campaign_is_shifted_with_its_schedules_over_a_change_of_the_clocks(
    client: httpx2.AsyncClient, body: Json
) -> None:
    campaign_id, before = await planned(client)
    chosen = before[1]
    await client.put(f"/schedule/post/{chosen['post_id']}", json={"timestamp": "2027-03-24T08:15:00"})
    await client.put(f"/schedule/post/{before[0]['post_id']}", json={"timestamp": "2027-03-22T18:00:00Z"})

    seen = (await client.post(f"/campaigns/{campaign_id}/shift", json={**body, "preview": True})).json()
    stays = await schedules_of(client, campaign_id)
    answer = await client.post(f"/campaigns/{campaign_id}/shift", json=body)

    shifted = answer.json()
    assert (answer.status_code, shifted["moved"]) == (200, 3)
    times = [each["publish_time"] for each in shifted["schedules"]]
    assert times == ["2027-03-29T17:00:00Z", "2027-03-31T06:15:00Z", "2027-04-02T17:00:00Z"]
    assert [each["publish_time"] for each in seen["schedules"]] == times
    assert [each["publish_time"] for each in stays] == [
        "2027-03-22T18:00:00Z",
        "2027-03-24T07:15:00Z",
        "2027-03-26T18:00:00Z",
    ]
    assert (shifted["campaign"]["start_date"], shifted["campaign"]["end_date"]) == ("2027-03-29", "2027-04-02")
    assert await schedules_of(client, campaign_id) == shifted["schedules"]
    assert all(each["warnings"] == [] for each in shifted["schedules"])


async def test_a_shift_back_and_forth_leaves_everything_at_its_time(client: httpx2.AsyncClient) -> None:
    campaign_id, before = await planned(client)

    await client.post(f"/campaigns/{campaign_id}/shift", json={"by": "P10D"})
    await client.post(f"/campaigns/{campaign_id}/shift", json={"by": "-P10D"})

    after = await schedules_of(client, campaign_id)
    assert [each["publish_time"] for each in after] == [each["publish_time"] for each in before]


async def test_a_shift_is_refused_with_names_where_a_schedule_cannot_be_moved(
    client: httpx2.AsyncClient,
) -> None:
    campaign_id, before = await planned(client)
    path = f"/campaigns/{campaign_id}/shift"

    past = problem(await client.post(path, json={"by": "-P30D"}), 409, "cannot_follow")
    far = problem(await client.post(path, json={"by": "P3000D"}), 409, "cannot_follow")
    gap = {"timestamp": "2027-03-21T02:30:00", "timezone": BERLIN, "disambiguation": "reject"}
    await client.put(f"/schedule/post/{before[0]['post_id']}", json=gap)
    in_gap = problem(await client.post(path, json={"by": "P7D"}), 409, "cannot_follow")

    assert [each["schedule_id"] for each in past["details"]["schedules"]] == [each["schedule_id"] for each in before]
    assert len(far["details"]["schedules"]) == 3
    assert [each["schedule_id"] for each in in_gap["details"]["schedules"]] == [before[0]["schedule_id"]]
    assert (await client.get(f"/campaigns/{campaign_id}")).json()["start_date"] == "2027-03-22"
    for wrong in ({}, {"by": "P7D", "to_start": "2027-03-29"}):
        problem(await client.post(path, json=wrong), 400, "malformed")
    for unreadable in ("7", "P", "PT24H", "P1M", "P1.5D", "p7d"):
        problem(await client.post(path, json={"by": unreadable}), 422, "unreadable_time")


async def test_a_brands_schedules_follow_its_zone_and_lateness(client: httpx2.AsyncClient) -> None:
    campaign_id, before = await planned(client)
    brand_id = (await client.get(f"/campaigns/{campaign_id}")).json()["brand_id"]
    instant, named = await a_post(client, brand_id=brand_id), await a_post(client, brand_id=brand_id)
    await client.post(f"/schedule/post/{instant}", json={"timestamp": "2027-03-22T11:00:00Z"})
    await client.post(f"/schedule/post/{named}", json={"timestamp": "2027-03-22T08:15:00", "timezone": BERLIN})
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": SEOUL, "on_late": "hold"})
    both = {"zone": True, "lateness": True}

    seen = (await client.post(f"/brands/{brand_id}/follow", json={**both, "preview": True})).json()
    followed = (await client.post(f"/brands/{brand_id}/follow", json=both)).json()

    assert seen["followed"] == followed["followed"] == 5
    planned_now = await schedules_of(client, campaign_id)
    assert [each["publish_time"] for each in planned_now] == [f"{day_of(each)}T10:00:00Z" for each in before]
    assert {each["timezone"] for each in planned_now} == {SEOUL}
    shown = (await client.get(f"/schedule/post/{instant}")).json()
    assert (shown["publish_time"], shown["timezone"]) == ("2027-03-22T11:00:00Z", SEOUL)
    stays = (await client.get(f"/schedule/post/{named}")).json()
    assert (stays["publish_time"], stays["timezone"]) == ("2027-03-22T07:15:00Z", BERLIN)
    assert not await listed(client, f"/schedule?brand_id={brand_id}&differs=brand")
    again = (await client.post(f"/brands/{brand_id}/follow", json=both)).json()
    assert again["followed"] == 0
    problem(await client.post(f"/brands/{brand_id}/follow", json={}), 400, "malformed")


async def analyse(tables: AsyncEngine) -> None:
    async with tables.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE posts, schedules, campaigns, brands"))


async def test_to_shift_ten_thousand_posts_takes_a_few_times_as_long_as_to_schedule_them(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    brand_id = await a_brand(client, zone=BERLIN)
    first, last = date(2027, 3, 22), date(2027, 3, 22) + timedelta(days=1700)
    campaign_id = await a_campaign(client, brand_id=brand_id, start=first.isoformat(), end=last.isoformat())
    platforms = ["TWITTER", "YOUTUBE", "INSTAGRAM", "LINKEDIN", "REDDIT", "TIKTOK"]
    posts = [a_post_body(platforms[nth % 6]) for nth in range(10_000)]
    await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})

    began = time.monotonic()
    assert (await client.post(f"/schedule/campaign/{campaign_id}")).status_code == 201
    scheduled = time.monotonic()
    await analyse(tables)  # else it is luck what the planner knows; what it must not depend on is tried in test_cost
    answer = await client.post(f"/campaigns/{campaign_id}/shift", json={"by": "P7D"})
    shifted = time.monotonic()

    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["moved"] == 10_000
    log.info("10,000 posts were shifted in %.1f s", shifted - scheduled)
    assert shifted - scheduled < MOST_TIMES * (scheduled - began)
