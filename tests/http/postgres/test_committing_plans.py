"""Plans over HTTP, on PostgreSQL: two who commit at once, and a refusal under a key."""

import asyncio

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import Json, a_campaign, add_posts, calling, new_id, observed, problem


@pytest.fixture
async def campaign_id(client: httpx2.AsyncClient) -> str:
    return await a_campaign(client, posts=["TWITTER", "TIKTOK", "TWITTER"])


async def preview(client: httpx2.AsyncClient, campaign_id: str, **asked: object) -> Json:
    answer = await client.post(f"/campaigns/{campaign_id}/plans", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_of_many_who_commit_one_plan_at_once_one_makes_the_schedules_and_the_others_find_them(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id, hold_seconds=3600)
    url, body = f"/plans/{plan['plan_id']}/commit", {"plan_hash": plan["plan_hash"]}

    answers = await asyncio.gather(*(client.post(url, json=body) for _ in range(5)))

    assert sorted(each.status_code for each in answers) == [200, 200, 200, 200, 201]
    assert len({str(each.json()["schedules"]) for each in answers}) == 1


async def test_of_two_plans_of_one_campaign_committed_at_once_one_is_outdated(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plans = [await preview(client, campaign_id) for _ in range(2)]

    answers = await asyncio.gather(
        *(client.post(f"/plans/{each['plan_id']}/commit", json={"plan_hash": each["plan_hash"]}) for each in plans)
    )

    assert sorted(each.status_code for each in answers) == [201, 409]


async def test_a_fresh_preview_stays_though_the_request_that_made_it_is_refused_under_a_key(
    use_cases: UseCases, idempotency: PostgresIdempotency, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    plan = await preview(client, campaign_id)
    [late] = await add_posts(client, campaign_id, ["TWITTER"])

    async with calling(observed(use_cases, idempotency=idempotency)) as keyed:
        answer = await keyed.post(
            f"/plans/{plan['plan_id']}/commit",
            json={"plan_hash": plan["plan_hash"]},
            headers={"idempotency-key": new_id()},
        )

    fresh_id = problem(answer, 409, "plan_outdated")["details"]["plan_id"]
    fresh = (await client.get(f"/plans/{fresh_id}")).json()
    assert late in [each["post_id"] for each in fresh["placements"]]
