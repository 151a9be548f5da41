"""In the body of every PUT, what is left out stays as it is stored, and what changes nothing changes nothing."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    add_posts,
    calling,
    document,
    new_id,
    observed,
    problem,
    stored,
)
from tests.loops import telling_all_misses

DECIDES = {"override", "take_schedule", "version"}
"""Fields that say how a change is to be made, and are not stored."""
WHOLE = {
    "/campaigns/{campaign_id}/order",
    "/brands/{brand_id}/policy",
    "/brands/{brand_id}/platform-caps/{platform}",
}
"""What is said as a whole or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Something that a PUT has made, with no field at its default; and the fields that may be empty, with what they
    are then."""

    path: str
    body: Json
    needed: frozenset[str] = frozenset()
    emptied: Mapping[str, object]


@pytest.fixture
async def client(use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(observed(use_cases)) as caller:
        yield caller


@pytest.fixture
async def there(client: httpx2.AsyncClient) -> Mapping[str, Stored]:
    """One of everything that a PUT changes, by the path of the document."""
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    return {
        "/brands/{brand_id}": Stored(
            path=f"/brands/{new_id()}",
            body={
                "brand_name": "Tee & Söhne",
                "brand_default_timezone": "Europe/Berlin",
                "tone_profile": "Kurz",
                "on_late": "skip",
                "max_lateness_seconds": 600,
            },
            needed=frozenset({"brand_name", "brand_default_timezone"}),
            emptied={"tone_profile": ""},
        ),
        "/campaigns/{campaign_id}": Stored(
            path=f"/campaigns/{new_id()}",
            body={
                "brand_id": brand_id,
                "name": "Spring launch",
                "goal": "Sell tea",
                "start_date": "2027-03-15",
                "end_date": "2027-03-21",
            },
            needed=frozenset({"brand_id", "name", "start_date", "end_date"}),
            emptied={"goal": ""},
        ),
        "/posts/{post_id}": Stored(
            path=f"/posts/{new_id()}",
            body={
                "brand_id": brand_id,
                "campaign_id": campaign_id,
                "title": "Meet the new line",
                "s3_url": "s3://tea/meet.mp4",
                "platform": "TIKTOK",
            },
            needed=frozenset({"brand_id", "title", "s3_url", "platform"}),
            emptied={"campaign_id": None},
        ),
    }


def fields_of_puts() -> Mapping[str, frozenset[str]]:
    """The fields of the body of every PUT that registers or changes something, by its path."""
    schemas = document()["components"]["schemas"]
    bodies = {
        path: item["put"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, item in document()["paths"].items()
        if "put" in item and path not in WHOLE
    }
    return {path: frozenset(schemas[name]["properties"]) - DECIDES for path, name in bodies.items()}


async def shown(client: httpx2.AsyncClient, path: str) -> tuple[Json, str]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


async def test_whatever_a_put_leaves_out_stays_as_it_is_stored(
    client: httpx2.AsyncClient, clock: FrozenClock, there: Mapping[str, Stored]
) -> None:
    with telling_all_misses() as trying:
        for path, of in there.items():
            assert (await client.put(of.path, json=of.body)).status_code == 201
            before = await shown(client, of.path)
            clock.advance(timedelta(hours=1))
            for left_out in [frozenset({field}) for field in of.body] + [frozenset(of.body), frozenset[str]()]:
                with trying(path=path, left_out=sorted(left_out)):
                    said = {field: value for field, value in of.body.items() if field not in left_out}

                    answer = await client.put(of.path, json=said)

                    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, *before)
                    assert await shown(client, of.path) == before


async def test_null_empties_what_may_be_empty_and_nothing_else(
    client: httpx2.AsyncClient, there: Mapping[str, Stored]
) -> None:
    with telling_all_misses() as trying:
        for path, of in there.items():
            for field in of.body:
                with trying(path=path, field=field):
                    await client.put(of.path, json=of.body)
                    before, _ = await shown(client, of.path)

                    answer = await client.put(of.path, json={field: None})

                    if field in of.emptied:
                        assert answer.json() == before | {field: of.emptied[field]}
                    else:
                        problem(answer, 400, "malformed")


async def test_whatever_something_new_needs_is_named_where_it_is_missing(
    client: httpx2.AsyncClient, storage: InMemoryStorage, there: Mapping[str, Stored]
) -> None:
    with telling_all_misses() as trying:
        before = stored(storage)
        for path, of in there.items():
            for field in of.needed:
                with trying(path=path, field=field):
                    said = {name: value for name, value in of.body.items() if name != field}

                    refused = problem(await client.put(of.path, json=said), 400, "malformed")

                    assert f"`{field}`" in refused["errors"][0]["message"]
                    assert stored(storage) == before


async def test_something_new_needs_nothing_else(client: httpx2.AsyncClient, there: Mapping[str, Stored]) -> None:
    with telling_all_misses() as trying:
        for path, of in there.items():
            with trying(path=path):
                answer = await client.put(of.path, json={field: of.body[field] for field in of.needed})

                assert answer.status_code == 201, answer.text


def test_every_field_of_every_put_is_tried(there: Mapping[str, Stored]) -> None:
    of_moves = {"/schedule/post/{post_id}": frozenset({"timestamp", "timezone", "disambiguation"})}

    assert fields_of_puts() == {path: frozenset(of.body) for path, of in there.items()} | of_moves


async def test_a_move_keeps_the_zone_and_the_disambiguation_that_it_leaves_out(client: httpx2.AsyncClient) -> None:
    path = f"/schedule/post/{await a_post(client)}"
    named = {"timestamp": "2027-10-31T02:30:00", "timezone": "Europe/Berlin", "disambiguation": "later"}
    await client.post(path, json=named)
    before, tag = await shown(client, path)

    same = await client.put(path, json={"timestamp": named["timestamp"]})

    assert (same.json(), same.headers["etag"]) == (before, tag)
    moved = (await client.put(path, json={"timestamp": "2028-10-29T02:30:00"})).json()
    assert moved["publish_time"] == "2028-10-29T01:30:00Z"
    assert (moved["timezone"], moved["disambiguation"]) == ("Europe/Berlin", "later")
    with_offset = (await client.put(path, json={"timestamp": "2027-03-18T19:00:00-07:00"})).json()
    assert (with_offset["publish_time"], with_offset["timezone"]) == ("2027-03-19T02:00:00Z", "Europe/Berlin")
    inside = (await client.put(path, json={"timestamp": "2027-03-18T19:00:00[Asia/Tokyo]"})).json()
    assert inside["timezone"] == "Asia/Tokyo"


async def test_a_move_follows_the_brands_zone_where_none_was_named_and_where_null_is_sent(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client, zone="Europe/Berlin")
    path = f"/schedule/post/{await a_post(client, brand_id=brand_id)}"
    await client.post(path, json={"timestamp": "2027-03-17T19:00:00"})
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": "Asia/Seoul"})

    followed = (await client.put(path, json={"timestamp": "2027-03-18T19:00:00"})).json()

    assert followed["timezone"] == "Asia/Seoul"
    named = (await client.put(path, json={"timestamp": "2027-03-18T19:00:00", "timezone": "Asia/Seoul"})).json()
    assert named["version"] == followed["version"] + 1, "what is named stays, whatever becomes of the brand's"
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": "Asia/Tokyo"})
    kept = (await client.put(path, json={"timestamp": "2027-03-19T19:00:00"})).json()
    assert kept["timezone"] == "Asia/Seoul"
    cleared = (await client.put(path, json={"timestamp": "2027-03-19T19:00:00", "timezone": None})).json()
    assert cleared["timezone"] == "Asia/Tokyo"


async def test_a_body_of_posts_keeps_what_it_leaves_out_and_names_the_new_one_that_lacks_something(
    client: httpx2.AsyncClient,
) -> None:
    campaign_id = await a_campaign(client)
    [known] = await add_posts(client, campaign_id, ["TIKTOK"])
    path, before = f"/campaigns/{campaign_id}/posts", await shown(client, f"/posts/{known}")

    answer = await client.post(path, json={"posts": [{"post_id": known}]})

    assert (answer.status_code, answer.json()["unchanged"]) == (200, 1)
    assert await shown(client, f"/posts/{known}") == before
    for field in ("title", "s3_url", "platform"):
        new = a_post_body()
        del new[field]
        refused = problem(await client.post(path, json={"posts": [{"post_id": known}, new]}), 400, "malformed")
        assert refused["errors"] == [{"at": "$.posts[1]", "message": f"a new post needs the field `{field}`"}]


async def a_post_of(client: httpx2.AsyncClient, campaign_id: str) -> str:
    [post_id] = await add_posts(client, campaign_id, ["TWITTER"])
    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-17T19:00:00"})
    assert answer.status_code == 201, answer.text
    return post_id


async def test_a_scheduled_post_of_a_paused_campaign_gets_a_new_title_and_stays_held(
    client: httpx2.AsyncClient,
) -> None:
    campaign_id = await a_campaign(client)
    post_id = await a_post_of(client, campaign_id)
    await client.post(f"/campaigns/{campaign_id}/pause")

    answer = await client.put(f"/posts/{post_id}", json={"title": "fixed a typo"})

    assert (answer.status_code, answer.json()["campaign_id"]) == (200, campaign_id)
    assert (await client.get(f"/schedule/post/{post_id}")).json()["holds"] == ["campaign_paused"]


@pytest.mark.parametrize("leaves_for", ["nothing", "another campaign"])
async def test_a_scheduled_post_leaves_its_campaign_only_with_its_schedule(
    client: httpx2.AsyncClient, leaves_for: str
) -> None:
    brand_id = await a_brand(client)
    campaign_id, other = [await a_campaign(client, brand_id=brand_id) for _ in range(2)]
    post_id, to = await a_post_of(client, campaign_id), None if leaves_for == "nothing" else other
    await client.post(f"/campaigns/{campaign_id}/pause")
    schedule = (await client.get(f"/schedule/post/{post_id}")).json()

    refused = problem(await client.put(f"/posts/{post_id}", json={"campaign_id": to}), 409, "scheduled_in_campaign")

    assert refused["details"]["schedule_id"] == schedule["schedule_id"]
    assert refused["details"]["campaign_id"] == campaign_id
    assert (await client.get(f"/schedule/post/{post_id}")).json() == schedule

    taken = await client.put(f"/posts/{post_id}", json={"campaign_id": to, "take_schedule": True})

    assert (taken.status_code, taken.json()["campaign_id"]) == (200, to)
    assert (await client.get(f"/schedule/post/{post_id}")).json()["holds"] == []
    await client.post(f"/campaigns/{campaign_id}/resume")
    assert (await client.get(f"/campaigns/{campaign_id}")).json()["status"] == "DRAFT"
    if to:
        assert (await client.get(f"/campaigns/{to}")).json()["status"] == "SCHEDULED"


async def test_a_scheduled_post_that_has_no_campaign_joins_one_and_one_without_a_schedule_leaves(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_id = await a_post(client, brand_id=brand_id)
    await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-17T19:00:00"})

    joined = await client.put(f"/posts/{post_id}", json={"campaign_id": campaign_id})

    assert joined.json()["campaign_id"] == campaign_id
    assert (await client.get(f"/campaigns/{campaign_id}")).json()["status"] == "SCHEDULED"
    await client.delete(f"/schedule/post/{post_id}")
    assert (await client.put(f"/posts/{post_id}", json={"campaign_id": None})).json()["campaign_id"] is None
