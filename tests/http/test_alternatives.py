"""What else a post could have had, as callers see it."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import Json, a_brand, a_campaign, calling, in_memory, observed
from tests.http.test_plans import preview


@pytest.fixture
async def plan(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> AsyncGenerator[tuple[httpx2.AsyncClient, Json]]:
    """Of two posts that may not go out in the mornings, when the audience is expected."""
    async with calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver()))) as client:
        brand_id = await a_brand(client)
        mornings = {"kind": "quiet_hours", "from": "00:00", "to": "12:00"}
        assert (await client.put(f"/brands/{brand_id}/policy", json={"rules": [mornings]})).is_success
        campaign_id = await a_campaign(client, brand_id=brand_id, posts=["LINKEDIN", "LINKEDIN"])
        yield client, await preview(client, campaign_id, scheduler="engagement", exploration=False)


async def test_a_reason_names_better_times_with_their_rule_and_what_came_next(
    plan: tuple[httpx2.AsyncClient, Json],
) -> None:
    client, shown = plan
    for placement in shown["placements"]:
        reason = placement["reason"]
        assert [each["rule"] for each in reason["binding"]] == ["quiet_hours"] * 3
        assert all(each["multiplier"] > reason["expected_multiplier"] for each in reason["binding"])
        assert len({each["local_time"][:13] for each in reason["binding"]}) == 3
        assert len(reason["runner_ups"]) == 2
        assert all(each["change"] <= 0 for each in reason["runner_ups"])
    assert (await client.get(f"/plans/{shown['plan_id']}")).json() == shown


async def test_a_table_says_it_in_short_and_a_picture_by_another_shape(
    plan: tuple[httpx2.AsyncClient, Json],
) -> None:
    client, shown = plan
    table = (await client.get(f"/plans/{shown['plan_id']}", params={"format": "text"})).text
    picture = (await client.get(f"/plans/{shown['plan_id']}", params={"format": "svg"})).text

    assert table.count(", next ") == 2
    assert "Better hours are closed by quiet_hours for 2 posts." in table
    assert picture.count("<title>came next for Meet the new line (") == picture.count("<path d=") - 1
    assert 'text-anchor="end"' in picture
    assert ">came next</text>" in picture


async def test_a_plan_that_follows_a_rule_has_neither(client: httpx2.AsyncClient) -> None:
    plan = await preview(client, await a_campaign(client, posts=["LINKEDIN"]))

    assert plan["placements"][0]["reason"] is None
