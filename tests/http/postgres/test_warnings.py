"""What a person should know of posts and schedules is said where it is asked for, and where it comes about."""

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.http.postgres.given import set_status
from tests.http.steps import a_brand, a_campaign, a_post, add_posts

SEVEN_PM, EIGHT_PM = "2027-03-17T19:00:00", "2027-03-17T20:00:00"


async def test_two_posts_of_a_lane_at_one_instant_name_each_other_wherever_they_are_shown(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    one, other, elsewhere = [
        await a_post(client, brand_id=each) for each in (brand_id, brand_id, await a_brand(client))
    ]
    first = (await client.post(f"/schedule/post/{one}", json={"timestamp": SEVEN_PM})).json()
    alone = (await client.post(f"/schedule/post/{elsewhere}", json={"timestamp": SEVEN_PM})).json()

    second = (await client.post(f"/schedule/post/{other}", json={"timestamp": SEVEN_PM})).json()

    assert first["warnings"] == alone["warnings"] == []
    assert first["schedule_id"] in second["warnings"][0]
    shown = (await client.get("/schedule", params={"brand_id": brand_id})).json()["items"]
    assert [second["schedule_id"] in each["warnings"][0] for each in shown] == [True, False]
    away = (await client.put(f"/schedule/post/{other}", json={"timestamp": EIGHT_PM})).json()
    assert away["warnings"] == (await client.get(f"/schedules/{first['schedule_id']}")).json()["warnings"] == []
    back = (await client.put(f"/schedule/post/{other}", json={"timestamp": SEVEN_PM})).json()
    assert first["schedule_id"] in back["warnings"][0]


async def test_two_campaigns_of_a_brand_at_seven_say_so(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    first, second = [await a_campaign(client, brand_id=brand_id, posts=["TWITTER"] * 3) for _ in range(2)]
    made = (await client.post(f"/schedule/campaign/{first}")).json()["schedules"]

    beside = (await client.post(f"/schedule/campaign/{second}")).json()["schedules"]

    assert all(each["warnings"] == [] for each in made)
    for one, other in zip(made, beside, strict=True):
        assert one["local_time"].endswith("T19:00:00")
        assert other["local_time"].endswith("T19:00:30")
        assert "another post of the brand had 19:00 on TWITTER already" in other["warnings"][0]


async def test_a_post_that_changes_while_it_is_scheduled_changes_its_schedules_tag(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)
    await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})
    before = await client.get(f"/schedule/post/{post_id}")

    changed = await client.put(f"/posts/{post_id}", json={"title": "Corrected"})

    after = await client.get(f"/schedule/post/{post_id}", headers={"if-none-match": before.headers["etag"]})
    assert (changed.status_code, after.status_code) == (200, 200)
    assert "warnings" not in changed.json()
    assert after.json()["version"] == before.json()["version"] + 1
    assert after.json()["title"] == "Corrected"
    assert changed.headers["etag"] == (await client.get(f"/posts/{post_id}")).headers["etag"]


async def test_a_post_that_changes_when_it_may_be_out_is_answered_with_a_warning(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(client)
    alone, together = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/campaign/{campaign_id}")
    for post_id, status in ((alone, "UNCONFIRMED"), (together, "PUBLISHING")):
        await set_status(tables, post_id, status)
    bulk = {"posts": [{"post_id": together, "title": "Corrected"}]}

    single = (await client.put(f"/posts/{alone}", json={"title": "Corrected"})).json()
    many = (await client.post(f"/campaigns/{campaign_id}/posts", json=bulk)).json()

    for answer, status in ((single, "UNCONFIRMED"), (many, "PUBLISHING")):
        [warning] = answer["warnings"]
        assert status in warning
        assert "what is live may be what it said before" in warning
    for post_id in (alone, together):
        shown = (await client.get(f"/schedule/post/{post_id}")).json()
        assert "what is live may be" in shown["warnings"][0]
