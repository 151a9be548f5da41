"""Plans over HTTP, on PostgreSQL: two who commit at once, and a refusal under a key."""

import asyncio

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import Json, a_brand, a_campaign, add_posts, calling, new_id, observed, problem


@pytest.fixture
async def campaign_id(client: httpx2.AsyncClient) -> str:
    return await a_campaign(client, posts=["TWITTER", "TIKTOK", "TWITTER"])


async def preview(client: httpx2.AsyncClient, campaign_id: str, **asked: object) -> Json:
    answer = await client.post(f"/campaigns/{campaign_id}/plans", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def commit(client: httpx2.AsyncClient, plan: Json) -> httpx2.Response:
    return await client.post(f"/plans/{plan['plan_id']}/commit", json={"plan_hash": plan["plan_hash"]})


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


@pytest.fixture
async def rivals(client: httpx2.AsyncClient) -> list[str]:
    """Campaigns of one brand with one post each, whose first choice is the same slot of the same day."""
    brand_id = await a_brand(client)
    times = [{"weekday": "WE", "time": f"{hour}:00"} for hour in range(10, 14)]
    policy = {"rules": [{"kind": "slots", "times": times}]}
    assert (await client.put(f"/brands/{brand_id}/policy", json=policy)).is_success
    return [
        await a_campaign(client, brand_id=brand_id, start="2027-03-10", end="2027-03-10", posts=["TWITTER"])
        for _ in range(4)
    ]


def instants(answers: list[httpx2.Response], of: str) -> list[str]:
    return [each["publish_time"] for answer in answers if answer.is_success for each in answer.json()[of]]


async def test_of_plans_that_race_for_one_slot_one_is_committed_and_the_others_are_shown_what_is_left(
    client: httpx2.AsyncClient, rivals: list[str]
) -> None:
    for scheduler in ("naive", "queue"):
        plans = [await preview(client, each, scheduler=scheduler) for each in rivals]
        assert len({each["placements"][0]["publish_time"] for each in plans}) == 1

        answers = await asyncio.gather(*(commit(client, each) for each in plans))

        assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
        for each in answers:
            if not each.is_success:
                refused = problem(each, 409, "plan_outdated")["details"]
                assert refused["changed"] == ["occupied"]
                assert "2 TWITTER posts at" in refused["violations"][0]
                fresh = (await client.get(f"/plans/{refused['plan_id']}")).json()
                assert fresh["placements"][0]["publish_time"] != plans[0]["placements"][0]["publish_time"]
        for each in rivals:
            await client.delete(f"/schedule/campaign/{each}")


async def test_a_post_that_takes_a_planned_slot_by_hand_makes_the_plan_outdated(
    client: httpx2.AsyncClient, rivals: list[str]
) -> None:
    plan = await preview(client, rivals[0])
    [post] = await add_posts(client, rivals[1], ["TWITTER"])
    taken = {"timestamp": plan["placements"][0]["publish_time"]}
    assert (await client.post(f"/schedule/post/{post}", json=taken)).status_code == 201

    assert (await client.get(f"/plans/{plan['plan_id']}")).json()["would_commit"] is False
    problem(await commit(client, plan), 409, "plan_outdated")


async def test_slots_that_are_held_at_once_are_held_for_one_plan_each(
    client: httpx2.AsyncClient, rivals: list[str]
) -> None:
    asked = {"scheduler": "queue", "hold_seconds": 600}

    answers = await asyncio.gather(*(client.post(f"/campaigns/{each}/plans", json=asked) for each in rivals))

    assert len(set(instants(list(answers), "placements"))) == len(rivals)
    committed = [await commit(client, each.json()) for each in answers]
    assert [each.status_code for each in committed] == [201] * len(rivals)


async def test_campaigns_that_are_scheduled_at_once_never_have_two_posts_of_a_lane_at_one_instant(
    client: httpx2.AsyncClient, rivals: list[str]
) -> None:
    for scheduler in ("naive", "queue"):
        answers = await asyncio.gather(
            *(client.post(f"/schedule/campaign/{each}", json={"scheduler": scheduler}) for each in rivals)
        )

        assert [each.status_code for each in answers] == [201] * len(rivals)
        assert len(set(instants(list(answers), "schedules"))) == len(rivals)
        for each in rivals:
            await client.delete(f"/schedule/campaign/{each}")
