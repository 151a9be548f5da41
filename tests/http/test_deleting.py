"""Deleting, as it is served over the storage in memory."""

from collections.abc import Mapping

import httpx2
import pytest

from tests.fakes.storage import InMemoryStorage
from tests.http.steps import new_id, problem, stored, trigger


@pytest.mark.parametrize("noun", ["campaign", "brand"])
async def test_a_campaign_or_brand_goes_with_all_its_posts(
    client: httpx2.AsyncClient, storage: InMemoryStorage, world: Mapping[str, str], noun: str
) -> None:
    assert (await client.delete(f"/{noun}s/{world[noun]}")).status_code == 204
    assert (await client.delete(f"/{noun}s/{world[noun]}")).status_code == 204

    for path in (f"/posts/{world['post']}", f"/posts/{world['scheduled']}", f"/{noun}s/{world[noun]}"):
        problem(await client.get(path), 410, "gone")
    rows = stored(storage)
    assert {(each.title, each.s3_url) for each in rows.posts.values()} == {("", "")}
    assert [each.schedule.status for each in rows.schedules.values()] == ["CANCELLED"]


async def test_a_post_goes_alone(client: httpx2.AsyncClient, world: Mapping[str, str]) -> None:
    assert (await client.delete(f"/posts/{world['scheduled']}")).status_code == 204

    campaign = (await client.get(f"/campaigns/{world['campaign']}")).json()
    assert (campaign["post_count"], campaign["status"]) == (1, "DRAFT")
    listed = (await client.get("/posts")).json()["items"]
    assert [each["post_id"] for each in listed] == [world["post"]]


@pytest.mark.parametrize("noun", ["post", "campaign", "brand"])
async def test_a_deletion_is_one_event_in_which_nothing_is_said_that_only_a_schedule_has(
    client: httpx2.AsyncClient, world: Mapping[str, str], noun: str
) -> None:
    named = {"post": world["scheduled"], "campaign": world["campaign"], "brand": world["brand"]}
    for _ in range(2):
        assert (await client.delete(f"/{noun}s/{named[noun]}")).status_code == 204
    await trigger(client)

    told = (await client.get("/events", params={"brand_id": world["brand"]})).json()["events"]

    scheduled, cancelled, deleted = told
    assert (cancelled["kind"], scheduled.keys()) == ("schedule.cancelled", cancelled.keys())
    assert deleted.keys() - cancelled.keys() == {"posts", "cancelled"}
    assert {name: value for name, value in deleted.items() if value is not None} == {
        "position": deleted["position"],
        "kind": f"{noun}.deleted",
        "brand_id": world["brand"],
        **({} if noun == "brand" else {"campaign_id": world["campaign"]}),
        **({"post_id": world["scheduled"]} if noun == "post" else {}),
        "posts": 1 if noun == "post" else 2,
        "cancelled": 1,
        "dry_run": False,
        "occurred_at": deleted["occurred_at"],
        "actor": "anybody",
    }


async def test_what_never_was_cannot_be_deleted(client: httpx2.AsyncClient) -> None:
    for noun in ("post", "campaign", "brand"):
        problem(await client.delete(f"/{noun}s/{new_id()}"), 404, f"{noun}_not_found")


async def test_only_forget_can_be_said_of_what_is_unconfirmed(
    client: httpx2.AsyncClient, world: Mapping[str, str]
) -> None:
    refused = problem(await client.delete(f"/posts/{world['post']}?unconfirmed=ignore"), 400, "malformed")
    assert "forget" in refused["detail"]
