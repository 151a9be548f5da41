"""Brands, campaigns and posts, as sibling services register them over HTTP."""

import json
from datetime import timedelta

import httpx2
import pytest

from tests.fakes.clock import FrozenClock
from tests.fakes.rows import Rows
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    a_scheduled_post,
    add_posts,
    new_id,
    problem,
    stored,
    walk,
)

PLATFORMS = ("TWITTER", "YOUTUBE", "INSTAGRAM", "LINKEDIN", "REDDIT", "TIKTOK")
EIGHT_MEGABYTES = 8 * 1024 * 1024


def a_campaign_body(brand_id: str, **changed: str) -> Json:
    body = {"brand_id": brand_id, "name": "Spring launch", "start_date": "2027-03-15", "end_date": "2027-03-21"}
    return body | changed


async def test_a_brand_is_registered_and_read(client: httpx2.AsyncClient) -> None:
    brand_id = new_id()
    body = {"brand_name": "Tee & Söhne", "brand_default_timezone": "Europe/Berlin", "tone_profile": "Kurz. ☕"}

    answer = await client.put(f"/brands/{brand_id}", json=body)

    assert answer.status_code == 201
    assert answer.json() == {
        "brand_id": brand_id,
        **body,
        "on_late": "publish",
        "max_lateness_seconds": 6 * 3600,
        "paused_at": None,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
    }
    assert (await client.get(f"/brands/{brand_id}")).json() == answer.json()


async def test_a_brand_is_replaced_and_its_schedules_keep_their_zone(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    post_id, schedule = await a_scheduled_post(client)
    brand_id = schedule["brand_id"]
    clock.advance(timedelta(hours=1))

    answer = await client.put(
        f"/brands/{brand_id}", json={"brand_name": "Southwind", "brand_default_timezone": "Asia/Tokyo"}
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "brand_id": brand_id,
        "brand_name": "Southwind",
        "brand_default_timezone": "Asia/Tokyo",
        "tone_profile": "",
        "on_late": "publish",
        "max_lateness_seconds": 6 * 3600,
        "paused_at": None,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T13:00:00Z",
        "schedules_otherwise": 1,
        "schedules_link": f"/schedule?brand_id={brand_id}&differs=brand",
    }
    kept = (await client.get(f"/schedule/post/{post_id}")).json()
    assert (kept["publish_time"], kept["timezone"]) == (schedule["publish_time"], schedule["timezone"])


@pytest.mark.parametrize("zone", ["PST", "Atlantis/Poseidonis", "/etc/localtime", ""])
async def test_a_brand_needs_a_zone_that_exists(
    client: httpx2.AsyncClient, storage: InMemoryStorage, zone: str
) -> None:
    body = {"brand_name": "Northwind", "brand_default_timezone": zone}

    answer = await client.put(f"/brands/{new_id()}", json=body)

    problem(answer, 422, "unknown_zone")
    assert not stored(storage).brands


async def test_a_campaign_is_registered_as_a_draft_and_read(client: httpx2.AsyncClient) -> None:
    brand_id, campaign_id = await a_brand(client), new_id()
    body = a_campaign_body(brand_id, goal="Make the new line known")

    answer = await client.put(f"/campaigns/{campaign_id}", json=body)

    assert answer.status_code == 201
    assert answer.json() == {
        "campaign_id": campaign_id,
        **body,
        "status": "DRAFT",
        "post_count": 0,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
        "warnings": [],
    }
    assert (await client.get(f"/campaigns/{campaign_id}")).json() == answer.json()


async def test_a_campaign_is_replaced_and_keeps_its_posts_and_status(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/campaign/{campaign_id}")

    answer = await client.put(
        f"/campaigns/{campaign_id}", json=a_campaign_body(brand_id, name="Autumn", end_date="2027-03-31")
    )

    assert answer.status_code == 200
    campaign = answer.json()
    assert (campaign["name"], campaign["end_date"]) == ("Autumn", "2027-03-31")
    assert (campaign["status"], campaign["post_count"]) == ("SCHEDULED", 2)


@pytest.mark.parametrize(
    ("start", "end"), [("2027-03-15", "2027-03-15"), ("2020-02-29", "2020-03-07"), ("2027-03-01", "2032-02-29")]
)
async def test_a_campaign_may_last_one_day_to_five_years_and_be_past(
    client: httpx2.AsyncClient, start: str, end: str
) -> None:
    body = a_campaign_body(await a_brand(client), start_date=start, end_date=end)

    answer = await client.put(f"/campaigns/{new_id()}", json=body)

    assert answer.status_code == 201
    assert (answer.json()["start_date"], answer.json()["end_date"]) == (start, end)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"end_date": "2027-03-14"}, "dates_reversed"),
        ({"end_date": "2037-03-14"}, "campaign_too_long"),
        ({"start_date": "2027-03-15T00:00:00"}, "unreadable_time"),
        ({"start_date": "15.03.2027"}, "unreadable_time"),
        ({"start_date": "2027-02-30"}, "unreadable_time"),
        ({"start_date": "2027-3-15"}, "unreadable_time"),
        ({"start_date": "20270315"}, "unreadable_time"),
        ({"start_date": "0001-01-01"}, "unreadable_time"),
        ({"end_date": "9999-12-31"}, "unreadable_time"),
        ({"end_date": ""}, "unreadable_time"),
        ({"end_date": "٢٠٢٧-03-15"}, "unreadable_time"),
    ],
)
async def test_a_campaign_needs_two_days_in_order(
    client: httpx2.AsyncClient, storage: InMemoryStorage, changed: dict[str, str], code: str
) -> None:
    body = a_campaign_body(await a_brand(client), **changed)

    answer = await client.put(f"/campaigns/{new_id()}", json=body)

    problem(answer, 422, code)
    assert not stored(storage).campaigns


async def test_the_brand_of_a_campaign_is_fixed(client: httpx2.AsyncClient, storage: InMemoryStorage) -> None:
    campaign_id = await a_campaign(client)
    body = a_campaign_body(await a_brand(client))
    before = stored(storage)

    answer = await client.put(f"/campaigns/{campaign_id}", json=body)

    assert problem(answer, 409, "fixed_field")["details"]["field"] == "brand_id"
    assert stored(storage) == before


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_post_is_registered_and_read(client: httpx2.AsyncClient, platform: str) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_id = new_id()
    body = {
        "brand_id": brand_id,
        "campaign_id": campaign_id,
        "title": "Meet the new line",
        "s3_url": "s3://tea/meet.mp4",
        "platform": platform,
    }

    answer = await client.put(f"/posts/{post_id}", json=body)

    assert answer.status_code == 201
    post = answer.json()
    assert post.pop("position") >= 1
    assert post == {
        "post_id": post_id,
        **body,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
    }
    assert (await client.get(f"/posts/{post_id}")).json() == answer.json()
    assert (await client.get(f"/campaigns/{campaign_id}")).json()["post_count"] == 1


@pytest.mark.parametrize("campaign", [{}, {"campaign_id": None}], ids=["absent", "null"])
async def test_a_post_needs_no_campaign(client: httpx2.AsyncClient, campaign: Json) -> None:
    content = a_post_body()
    post_id = content.pop("post_id")

    answer = await client.put(f"/posts/{post_id}", json={"brand_id": await a_brand(client), **content, **campaign})

    assert answer.status_code == 201
    assert answer.json()["campaign_id"] is None


async def test_a_post_is_replaced_and_keeps_its_place(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    post_id = await a_post(client, brand_id=brand_id)
    before = (await client.get(f"/posts/{post_id}")).json()
    campaign_id = await a_campaign(client, brand_id=brand_id)
    changed = {"title": "Meet it again", "s3_url": "https://cdn.example/meet.mp4", "campaign_id": campaign_id}

    answer = await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, "platform": "TWITTER", **changed})

    assert answer.status_code == 200
    assert answer.json() == {**before, **changed}


@pytest.mark.parametrize("field", ["brand_id", "platform"])
async def test_brand_and_platform_of_a_post_are_fixed(
    client: httpx2.AsyncClient, storage: InMemoryStorage, field: str
) -> None:
    brand_id, other_brand_id = await a_brand(client), await a_brand(client)
    post_id = await a_post(client, brand_id=brand_id)
    given = {"brand_id": brand_id, "platform": "TWITTER"}
    given[field] = {"brand_id": other_brand_id, "platform": "TIKTOK"}[field]
    before = stored(storage)

    answer = await client.put(f"/posts/{post_id}", json={"title": "Meet", "s3_url": "s3://tea/meet.mp4", **given})

    assert problem(answer, 409, "fixed_field")["details"]["field"] == field
    assert stored(storage) == before


async def test_a_post_and_its_campaign_have_one_brand(client: httpx2.AsyncClient, storage: InMemoryStorage) -> None:
    campaign_id, brand_id = await a_campaign(client), await a_brand(client)
    content = a_post_body()
    post_id = content.pop("post_id")

    answer = await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, "campaign_id": campaign_id, **content})

    assert problem(answer, 422, "brand_mismatch")["details"]["campaign_id"] == campaign_id
    assert not stored(storage).posts


@pytest.mark.parametrize("kind", ["brand", "campaign", "post"])
async def test_what_was_never_registered_is_not_found(client: httpx2.AsyncClient, kind: str) -> None:
    unknown = new_id()

    answer = await client.get(f"/{kind}s/{unknown}")

    refused = problem(answer, 404, f"{kind}_not_found")
    assert refused["details"] == {f"{kind}_id": unknown}
    assert unknown in refused["detail"]


async def test_a_campaign_or_post_of_an_unknown_brand_is_refused(
    client: httpx2.AsyncClient, storage: InMemoryStorage
) -> None:
    content = a_post_body()
    post_id = content.pop("post_id")

    campaign = await client.put(f"/campaigns/{new_id()}", json=a_campaign_body(new_id()))
    post = await client.put(f"/posts/{post_id}", json={"brand_id": new_id(), **content})

    problem(campaign, 404, "brand_not_found")
    problem(post, 404, "brand_not_found")
    assert stored(storage) == Rows()


async def test_posts_for_an_unknown_campaign_are_refused(client: httpx2.AsyncClient, storage: InMemoryStorage) -> None:
    content = a_post_body()
    post_id, campaign_id = content["post_id"], new_id()
    alone = {"brand_id": await a_brand(client), "campaign_id": campaign_id, **content}
    del alone["post_id"]

    bulk = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [content]})
    single = await client.put(f"/posts/{post_id}", json=alone)

    problem(bulk, 404, "campaign_not_found")
    problem(single, 404, "campaign_not_found")
    assert not stored(storage).posts


async def test_a_campaigns_posts_are_registered_in_the_given_order(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    posts = [a_post_body(platform) for platform in PLATFORMS]

    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})

    assert answer.status_code == 201
    assert answer.json() == {
        "campaign_id": campaign_id,
        "post_count": 6,
        "created": 6,
        "updated": 0,
        "reordered": 0,
        "unchanged": 0,
    }
    ((*listed,),) = await walk(client, "/posts", {"campaign_id": campaign_id})
    assert [post["post_id"] for post in listed] == [post["post_id"] for post in posts]


async def test_the_same_posts_again_change_nothing(
    client: httpx2.AsyncClient, storage: InMemoryStorage, clock: FrozenClock
) -> None:
    campaign_id = await a_campaign(client)
    body = {"posts": [a_post_body(), a_post_body("TIKTOK")]}
    await client.post(f"/campaigns/{campaign_id}/posts", json=body)
    before = stored(storage)
    clock.advance(timedelta(hours=1))

    answer = await client.post(f"/campaigns/{campaign_id}/posts", json=body)

    assert answer.status_code == 200
    counts = {"created": 0, "updated": 0, "reordered": 0, "unchanged": 2}
    assert answer.json() == {"campaign_id": campaign_id, "post_count": 2, **counts}
    assert stored(storage) == before


async def test_posts_of_a_body_are_created_updated_or_left_as_they_are(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    kept, changed, new = a_post_body(), a_post_body(), a_post_body()
    await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [kept, changed]})
    without_campaign = await a_post(client, brand_id=brand_id)
    joining = {**a_post_body(), "post_id": without_campaign}

    answer = await client.post(
        f"/campaigns/{campaign_id}/posts", json={"posts": [new, kept, {**changed, "title": "Anew"}, joining]}
    )

    assert answer.status_code == 201
    counts = {"created": 1, "updated": 2, "reordered": 0, "unchanged": 1}
    assert answer.json() == {"campaign_id": campaign_id, "post_count": 4, **counts}
    assert (await client.get(f"/posts/{changed['post_id']}")).json()["title"] == "Anew"
    assert (await client.get(f"/posts/{without_campaign}")).json()["campaign_id"] == campaign_id


async def test_a_post_named_twice_in_a_body_is_refused(client: httpx2.AsyncClient, storage: InMemoryStorage) -> None:
    campaign_id = await a_campaign(client)
    post = a_post_body()

    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [post, a_post_body(), post]})

    assert problem(answer, 422, "duplicate_post")["details"] == {"post_id": post["post_id"]}
    assert not stored(storage).posts


async def test_one_post_that_cannot_be_registered_keeps_all_others_out(
    client: httpx2.AsyncClient, storage: InMemoryStorage
) -> None:
    brand_id = await a_brand(client)
    campaign_id, other_campaign_id = [await a_campaign(client, brand_id=brand_id) for _ in range(2)]
    (elsewhere,) = await add_posts(client, other_campaign_id, ["TWITTER"])
    fixed = await a_post(client, brand_id=brand_id)
    before = stored(storage)

    stolen = await client.post(
        f"/campaigns/{campaign_id}/posts", json={"posts": [a_post_body(), {**a_post_body(), "post_id": elsewhere}]}
    )
    changed = await client.post(
        f"/campaigns/{campaign_id}/posts", json={"posts": [a_post_body(), {**a_post_body("TIKTOK"), "post_id": fixed}]}
    )

    details = problem(stolen, 409, "post_in_other_campaign")["details"]
    assert details == {"post_id": elsewhere, "campaign_id": other_campaign_id}
    problem(changed, 409, "fixed_field")
    assert stored(storage) == before


async def test_ten_thousand_posts_are_registered_in_order(client: httpx2.AsyncClient, storage: InMemoryStorage) -> None:
    campaign_id = await a_campaign(client)
    posts = [a_post_body(PLATFORMS[nth % 6]) for nth in range(10_000)]

    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})

    assert answer.status_code == 201
    assert answer.json()["post_count"] == 10_000
    registered = sorted(stored(storage).posts.values(), key=lambda post: post.position)
    assert [str(post.post_id) for post in registered] == [post["post_id"] for post in posts]


async def test_more_than_ten_thousand_posts_in_a_body_are_refused(
    client: httpx2.AsyncClient, storage: InMemoryStorage
) -> None:
    campaign_id = await a_campaign(client)

    answer = await client.post(
        f"/campaigns/{campaign_id}/posts", json={"posts": [a_post_body() for _ in range(10_001)]}
    )

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "$.posts"
    assert not stored(storage).posts


@pytest.mark.parametrize(("surplus", "status"), [(0, 201), (1, 413)])
async def test_a_body_of_posts_may_have_eight_megabytes(
    client: httpx2.AsyncClient, storage: InMemoryStorage, surplus: int, status: int
) -> None:
    campaign_id = await a_campaign(client)
    body = json.dumps({"posts": [a_post_body()]}).encode()
    body += b" " * (EIGHT_MEGABYTES - len(body) + surplus)

    answer = await client.post(
        f"/campaigns/{campaign_id}/posts", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == status, answer.text
    if status == 413:
        problem(answer, 413, "body_too_large")
    assert len(stored(storage).posts) == (status == 201)


async def order_of(client: httpx2.AsyncClient, campaign_id: str) -> list[str]:
    pages = await walk(client, "/posts", {"campaign_id": campaign_id})
    return [post["post_id"] for page in pages for post in page]


async def test_a_body_in_another_order_orders_its_posts_among_themselves(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    bodies = [a_post_body() for _ in range(4)]
    path, [first, second, third, fourth] = f"/campaigns/{campaign_id}/posts", [each["post_id"] for each in bodies]
    await client.post(path, json={"posts": bodies})

    answer = await client.post(path, json={"posts": [bodies[2], bodies[1], bodies[0]]})

    assert answer.status_code == 200
    counts = {name: answer.json()[name] for name in ("created", "updated", "reordered", "unchanged")}
    assert counts == {"created": 0, "updated": 0, "reordered": 2, "unchanged": 1}
    assert await order_of(client, campaign_id) == [third, second, first, fourth]
    again = await client.post(path, json={"posts": [bodies[2], bodies[1], bodies[0]]})
    assert (again.json()["reordered"], again.json()["unchanged"]) == (0, 3)


async def test_a_new_post_takes_the_place_that_its_body_gives_it(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    first, second, new = (a_post_body() for _ in range(3))
    await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [first, second]})

    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": [first, new, second]})

    assert {name: answer.json()[name] for name in ("created", "reordered")} == {"created": 1, "reordered": 0}
    assert await order_of(client, campaign_id) == [each["post_id"] for each in (first, new, second)]


async def test_all_posts_of_a_campaign_are_put_in_order_and_planned_so(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER"] * 3)
    backwards = [*reversed(await order_of(client, campaign_id))]

    answer = await client.put(f"/campaigns/{campaign_id}/order", json={"post_ids": backwards})

    assert answer.status_code == 200
    assert answer.json() == {"campaign_id": campaign_id, "post_count": 3, "reordered": 2}
    assert await order_of(client, campaign_id) == backwards
    again = await client.put(f"/campaigns/{campaign_id}/order", json={"post_ids": backwards})
    assert again.json()["reordered"] == 0
    planned = (await client.post(f"/schedule/campaign/{campaign_id}")).json()["schedules"]
    assert [each["post_id"] for each in planned] == backwards


async def test_an_order_that_misses_a_post_or_names_a_foreign_one_is_refused_and_names_it(
    client: httpx2.AsyncClient, storage: InMemoryStorage
) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"] * 2)
    first, second = await order_of(client, campaign_id)
    foreign, path, before = await a_post(client, brand_id=brand_id), f"/campaigns/{campaign_id}/order", stored(storage)

    missing = problem(await client.put(path, json={"post_ids": [second]}), 422, "order_incomplete")
    also_foreign = problem(await client.put(path, json={"post_ids": [foreign, second, first]}), 422, "order_incomplete")
    problem(await client.put(path, json={"post_ids": [first, first, second]}), 422, "duplicate_post")

    assert (missing["details"]["missing"], missing["details"]["foreign"]) == ([first], [])
    assert (also_foreign["details"]["missing"], also_foreign["details"]["foreign"]) == ([], [foreign])
    assert stored(storage) == before
