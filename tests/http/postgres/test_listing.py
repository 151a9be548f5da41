"""Lists over HTTP: filters, order, and pages that show each item once."""

from collections.abc import Mapping

import httpx2
import pytest

from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    add_posts,
    problem,
    said,
    walk,
)
from tests.loops import on_each

LISTS = ("/brands", "/campaigns", "/posts", "/schedule")
UNKNOWN = "99999999-9999-4999-8999-999999999999"


def shown(pages: list[list[Json]], name: str) -> list[str]:
    return [item[name] for page in pages for item in page]


async def scheduled(client: httpx2.AsyncClient, brand_id: str, *timestamps: str) -> list[str]:
    """Schedule one post of the brand at each of the times; return the schedules' ids."""
    made: list[str] = []
    for timestamp in timestamps:
        post_id = await a_post(client, brand_id=brand_id)
        answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": timestamp})
        made.append(answer.json()["schedule_id"])
    return made


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_list_is_one_page(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next_cursor": None}


async def test_brands_are_listed_whole_and_once(client: httpx2.AsyncClient) -> None:
    brand_ids = [await a_brand(client) for _ in range(7)]

    pages = await walk(client, "/brands", {"limit": 3})

    assert [len(page) for page in pages] == [3, 3, 1]
    assert shown(pages, "brand_id") == sorted(brand_ids)
    assert pages[0][0] == (await client.get(f"/brands/{min(brand_ids)}")).json()


async def test_campaigns_are_listed_whole_and_once(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_ids = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER"]) for _ in range(6)]

    pages = await walk(client, "/campaigns", {"limit": 3})

    assert [len(page) for page in pages] == [3, 3]
    assert shown(pages, "campaign_id") == sorted(campaign_ids)
    assert pages[0][0] == (await client.get(f"/campaigns/{min(campaign_ids)}")).json()


async def test_campaigns_are_filtered_by_brand_and_status(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    draft = await a_campaign(client, brand_id=brand_id)
    scheduled = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    await client.post(f"/schedule/campaign/{scheduled}")
    await a_campaign(client)

    async def listed(**query: str | int) -> list[str]:
        return shown(await walk(client, "/campaigns", query), "campaign_id")

    assert await listed(brand_id=brand_id) == sorted([draft, scheduled])
    assert await listed(status="SCHEDULED") == [scheduled]
    assert await listed(brand_id=brand_id, status="DRAFT") == [draft]
    assert await listed(brand_id=UNKNOWN) == []


async def test_posts_are_listed_in_the_order_of_their_registration(client: httpx2.AsyncClient) -> None:
    post_ids = await add_posts(client, await a_campaign(client), ["TWITTER", "TIKTOK"] * 5)

    pages = await walk(client, "/posts", {"limit": 4})

    assert [len(page) for page in pages] == [4, 4, 2]
    assert shown(pages, "post_id") == post_ids
    assert pages[0][0] == (await client.get(f"/posts/{post_ids[0]}")).json()


async def test_posts_are_filtered_by_brand_campaign_and_platform(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    in_campaign = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK", "TWITTER"])
    alone = await a_post(client, brand_id=brand_id)
    await a_post(client)

    async def listed(**query: str | int) -> list[str]:
        return shown(await walk(client, "/posts", {"limit": 2, **query}), "post_id")

    assert await listed(brand_id=brand_id) == [*in_campaign, alone]
    assert await listed(campaign_id=campaign_id) == in_campaign
    assert await listed(campaign_id=campaign_id, platform="TWITTER") == [in_campaign[0], in_campaign[2]]
    assert await listed(brand_id=brand_id, platform="TWITTER") == [in_campaign[0], in_campaign[2], alone]
    assert await listed(campaign_id=UNKNOWN) == []


async def test_schedules_are_listed_in_time_order(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    late, early, middle = await scheduled(
        client, brand_id, "2027-03-19T19:00:00", "2027-03-17T19:00:00", "2027-03-18T19:00:00"
    )

    pages = await walk(client, "/schedule")

    assert shown(pages, "schedule_id") == [early, middle, late]


async def test_schedules_at_one_instant_are_shown_once_each_over_pages(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK", "REDDIT", "YOUTUBE", "LINKEDIN"] * 2)
    made = (await client.post(f"/schedule/campaign/{campaign_id}")).json()["schedules"]

    pages = await walk(client, "/schedule", {"limit": 3})

    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert shown(pages, "schedule_id") == [schedule["schedule_id"] for schedule in made]


async def test_schedules_are_filtered_by_brand_status_and_platform(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    tweet, clip = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/campaign/{campaign_id}")
    await client.delete(f"/schedule/post/{clip}")
    (foreign,) = await scheduled(client, await a_brand(client), "2027-03-25T19:00:00")

    async def listed(**query: str | int) -> list[str]:
        return shown(await walk(client, "/schedule", query), "post_id")

    assert await listed(brand_id=brand_id, platform="TIKTOK") == [clip]
    assert await listed(brand_id=brand_id, status="PENDING") == [tweet]
    assert await listed(status="CANCELLED") == [clip]
    assert set(await listed(brand_id=brand_id)) == {tweet, clip}
    assert shown(await walk(client, "/schedule", {"platform": "TWITTER"}), "schedule_id")[-1] == foreign
    assert await listed(brand_id=UNKNOWN) == []


async def test_schedules_are_filtered_by_campaign_and_title(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER", "TIKTOK"])
    made = (await client.post(f"/schedule/campaign/{campaign_id}")).json()["schedules"]
    await scheduled(client, brand_id, "2027-03-25T19:00:00")

    async def listed(**query: str) -> list[str]:
        return shown(await walk(client, "/schedule", query), "schedule_id")

    assert await listed(campaign_id=campaign_id) == [each["schedule_id"] for each in made]
    assert {each["campaign_id"] for each in made} == {campaign_id}
    title = made[0]["title"]
    assert made[0]["schedule_id"] in await listed(q=title[1:].upper())
    assert await listed(q=f"{title}%") == await listed(campaign_id=UNKNOWN) == []
    assert (await client.get("/schedule", params={"q": ""})).status_code == 400


async def test_the_cancelled_ones_of_a_campaign_are_listed_when_asked_for(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    _, clip = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/campaign/{campaign_id}")
    await client.delete(f"/schedule/post/{clip}")

    async def listed(**query: str) -> list[str]:
        answer = await client.get(f"/schedule/campaign/{campaign_id}", params=query)
        return sorted(each["status"] for each in answer.json()["schedules"])

    assert await listed() == await listed(cancelled="false") == ["PENDING"]
    assert await listed(cancelled="true") == ["CANCELLED", "PENDING"]
    assert await listed(status="CANCELLED") == await listed(status="CANCELLED", cancelled="false") == ["CANCELLED"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"from": "2027-03-18T02:00:00Z"}, [1, 2]),
        ({"to": "2027-03-18T02:00:00Z"}, [0]),
        ({"from": "2027-03-18T02:00:00Z", "to": "2027-03-19T02:00:00Z"}, [1]),
        ({"from": "2027-03-17T19:00:00-07:00"}, [1, 2]),
        ({"from": "2027-03-18T07:30:00.000001+05:30"}, [2]),
        ({"from": "2027-03-20T00:00:00Z"}, []),
        ({"from": "2027-03-19T00:00:00Z", "to": "2027-03-17T00:00:00Z"}, []),
    ],
)
async def test_schedules_are_listed_from_an_instant_up_to_another(
    client: httpx2.AsyncClient, window: Mapping[str, str], expected: list[int]
) -> None:
    made = await scheduled(
        client, await a_brand(client), "2027-03-16T19:00:00", "2027-03-17T19:00:00", "2027-03-18T19:00:00"
    )

    answer = await client.get("/schedule", params=window)

    assert shown([answer.json()["items"]], "schedule_id") == [made[nth] for nth in expected]


async def test_a_plus_that_arrives_as_a_space_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/schedule?from=2027-03-17T19:00:00+01:00")

    assert "%2B" in problem(answer, 422, "unreadable_time")["detail"]


async def test_a_list_shows_fifty_items_unless_asked_for_up_to_two_hundred(client: httpx2.AsyncClient) -> None:
    post_ids = await add_posts(client, await a_campaign(client), ["TWITTER"] * 201)

    default = (await client.get("/posts")).json()
    most = (await client.get("/posts", params={"limit": 200})).json()

    assert shown([default["items"]], "post_id") == post_ids[:50]
    assert shown([most["items"]], "post_id") == post_ids[:200]
    rest = (await client.get("/posts", params={"cursor": most["next_cursor"]})).json()
    assert shown([rest["items"]], "post_id") == post_ids[200:]
    assert rest["next_cursor"] is None


async def test_items_registered_while_a_list_is_walked_come_at_its_end(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    first = await add_posts(client, campaign_id, ["TWITTER"] * 3)
    page = (await client.get("/posts", params={"limit": 2})).json()
    later = await add_posts(client, campaign_id, ["TWITTER"])

    rest = (await client.get("/posts", params={"limit": 2, "cursor": page["next_cursor"]})).json()

    assert shown([page["items"], rest["items"]], "post_id") == [*first, *later]


@on_each(
    ("time", "code"),
    [
        ("0001-01-01T00:00:00+14:00", "time_in_past"),
        ("9999-12-31T23:59:59-14:00", "beyond_horizon"),
        ("2199-12-31T23:59:59-23:59", None),
        ("1970-01-01T00:00:00+23:59", None),
    ],
)
async def test_a_window_may_reach_over_all_years_that_posts_can_have(
    client: httpx2.AsyncClient, time: str, code: str | None
) -> None:
    for name in ("from", "to"):
        answer = await client.get("/schedule", params={name: time})

        if code is None:
            assert answer.status_code == 200, said(answer)
        else:
            problem(answer, 422, code)
