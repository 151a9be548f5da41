"""One post at the time that a scheduler finds for it, on PostgreSQL: many at once, under a key, and every rule."""

import asyncio

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.postgres.doors import CLOSINGS, Way, a_single_post
from tests.http.steps import Json, a_brand, a_post, calling, new_id, observed, problem

HOURLY: Json = {
    "kind": "slots",
    "times": [{"weekday": day, "time": f"{hour:02}:00"} for day in ("MO", "TU", "WE", "TH") for hour in range(24)],
}


@pytest.mark.parametrize("scheduler", ["queue", "engagement"])
async def test_posts_that_are_placed_at_once_all_find_places_of_their_own(
    client: httpx2.AsyncClient, scheduler: str
) -> None:
    brand_id = await a_brand(client)
    rules = [HOURLY, {"kind": "min_gap", "minutes": 90}]
    await client.put(f"/brands/{brand_id}/policy", json={"rules": rules})
    posts = [await a_post(client, brand_id=brand_id, platform="LINKEDIN") for _ in range(12)]

    answers = await asyncio.gather(
        *(client.post(f"/schedule/post/{each}", json={"scheduler": scheduler}) for each in posts)
    )

    assert [each.status_code for each in answers] == [201] * len(posts)
    assert len({each.json()["publish_time"] for each in answers}) == len(posts)
    left = await client.get("/schedule", params={"brand_id": brand_id, "breaks_policy": True})
    assert left.json()["items"] == []


async def test_one_post_that_is_asked_for_at_once_is_placed_once(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client, brand_id=await a_brand(client))

    answers = await asyncio.gather(
        *(client.post(f"/schedule/post/{post_id}", json={"scheduler": "engagement"}) for _ in range(5))
    )

    assert sorted(each.status_code for each in answers) == [200, 200, 200, 200, 201]
    assert len({str(each.json()) for each in answers}) == 1


async def test_no_rule_is_broken_where_only_a_time_that_it_closes_is_left(client: httpx2.AsyncClient) -> None:
    for name, closing in CLOSINGS.items():
        single = await a_single_post(client)
        at = single.leads_to.isoformat()
        way = Way(
            brand_id=single.brand_id,
            method="POST",
            path=single.path,
            body={"scheduler": "engagement", "not_before": at, "not_after": at},
            leads_to=single.leads_to,
        )
        await closing.stand_beside(client, way)
        await closing.put(client, way)

        refused = await way.taken(client)
        passed_over = await way.taken(client, override=[closing.kind])

        assert problem(refused, 422, "policy_violated")["details"]["unplaced"], name
        if closing.beside == "TWITTER":  # two posts of a lane never stand at one instant
            problem(passed_over, 422, "policy_violated")
        else:
            assert passed_over.status_code == 201, (name, passed_over.text)
            assert passed_over.json()["override"] == [closing.kind]


async def test_a_key_makes_one_placement_of_a_request_that_is_sent_twice(
    use_cases: UseCases, idempotency: PostgresIdempotency, client: httpx2.AsyncClient
) -> None:
    post_id = await a_post(client, brand_id=await a_brand(client))
    headers = {"Idempotency-Key": new_id()}

    async with calling(observed(use_cases, idempotency=idempotency)) as keyed:
        first, again = [
            await keyed.post(f"/schedule/post/{post_id}", json={"scheduler": "engagement"}, headers=headers)
            for _ in range(2)
        ]

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
