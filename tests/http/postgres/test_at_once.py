"""Of several who change or register the same thing at once, one wins, and the others are told."""

from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.http.changes import confirm, each_put, elsewhere, pause_brand, pause_campaign, renamed, tag
from tests.http.postgres.given import at_once, stored
from tests.http.steps import LOS_ANGELES, a_post_body, a_scheduled_post, new_id, problem
from tests.http.test_catalog import a_campaign_body

ROUNDS = 12


@each_put
async def test_of_two_who_change_the_same_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    change = await given(client)
    for _ in range(ROUNDS):
        seen = await tag(client, change.path)
        bodies = [{**change.body, **renamed(change.body)} for _ in range(2)]

        answers = await at_once(
            client, (client.put(change.path, json=body, headers={"if-match": seen}) for body in bodies)
        )

        [won] = [answer for answer in answers if answer.status_code == 200]
        [lost] = [answer for answer in answers if answer.status_code != 200]
        assert problem(lost, 412, "precondition_failed")["details"] == {"current": won.headers["etag"]}
        assert (await client.get(change.path)).json() == won.json()


@each_put
async def test_of_two_who_register_the_same_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    there = await given(client)
    for _ in range(ROUNDS):
        path = elsewhere(there.path)
        bodies = [{**there.body, **renamed(there.body)} for _ in range(2)]

        answers = await at_once(
            client, (client.put(path, json=body, headers={"if-none-match": "*"}) for body in bodies)
        )

        assert sorted(answer.status_code for answer in answers) == [201, 412]
        [won] = [answer.json() for answer in answers if answer.status_code == 201]
        assert (await client.get(path)).json() == won


async def test_of_two_who_move_a_post_at_once_exactly_one_wins(client: httpx2.AsyncClient) -> None:
    path = f"/schedule/post/{(await a_scheduled_post(client))[0]}"
    for nth in range(ROUNDS):
        seen = await tag(client, path)
        times = [f"2027-04-{nth + 1:02}T{hour}:00:00" for hour in (10, 11)]

        answers = await at_once(
            client, (client.put(path, json={"timestamp": each}, headers={"if-match": seen}) for each in times)
        )

        assert sorted(answer.status_code for answer in answers) == [200, 412]


@pytest.mark.parametrize("given", [pause_brand, pause_campaign])
async def test_of_two_who_pause_and_resume_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(client)).read
    for _ in range(ROUNDS):
        seen = {"if-match": await tag(client, path)}

        answers = await at_once(client, (client.post(f"{path}/{each}", headers=seen) for each in ("pause", "resume")))

        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_of_two_who_confirm_at_once_exactly_one_wins(caller: httpx2.AsyncClient) -> None:
    for _ in range(ROUNDS // 3):
        change = await confirm(caller)
        seen = {"if-match": await tag(caller, change.read)}

        answers = await at_once(
            caller,
            (caller.post(change.path, json={"published": each}, headers=seen) for each in (True, False)),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_requests_at_once_register_each_thing_once(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    brand_id, campaign_id = new_id(), new_id()
    brand = {"brand_name": "Northwind", "brand_default_timezone": LOS_ANGELES}
    posts = {"posts": [a_post_body() for _ in range(20)]}
    backwards = {"posts": posts["posts"][::-1]}

    brands = await at_once(client, (client.put(f"/brands/{brand_id}", json=brand) for _ in range(20)))
    campaigns = await at_once(
        client, (client.put(f"/campaigns/{campaign_id}", json=a_campaign_body(brand_id)) for _ in range(20))
    )
    bodies = await at_once(
        client, (client.post(f"/campaigns/{campaign_id}/posts", json=body) for body in [posts, backwards] * 10)
    )

    assert {answer.status_code for answer in [*brands, *campaigns, *bodies]} == {200, 201}
    rows = await stored(tables)
    assert [len(rows[table]) for table in ("brands", "campaigns", "posts")] == [1, 1, 20]
