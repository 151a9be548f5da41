"""A caller who forgot that a plan was committed, and asks for it again, finds what stands."""

from collections.abc import AsyncGenerator, Mapping

import httpx2
import pytest

from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import Json, a_brand, a_campaign, add_posts, calling, in_memory, observed, problem
from tests.http.test_plans import commit, preview

DAILY = {
    "kind": "slots",
    "times": [{"weekday": day, "time": "09:15"} for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")],
}
ASKED: Mapping[str, Json] = {
    "as it is": {},
    "on another grid": {"grid_minutes": 15},
    "for another objective": {"objective": "slot_value"},
    "without trying hours": {"exploration": False},
    "with its slots held": {"hold_seconds": 60},
}


@pytest.fixture
async def solving(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver()))) as caller:
        yield caller


async def planned(client: httpx2.AsyncClient, campaign_id: str, scheduler: str, **asked: object) -> Json:
    """A plan of this campaign, whether it is answered at once or has to be fetched."""
    answer = await client.post(f"/campaigns/{campaign_id}/plans", json={"scheduler": scheduler, **asked})
    assert answer.is_success, answer.text
    return (await client.get(f"/plans/{answer.json()['plan_id']}")).json()


async def the_same_again(client: httpx2.AsyncClient, campaign_id: str, scheduler: str, made: list[Json]) -> None:
    for besides in ({}, {"fill": True}):
        found = await client.post(f"/schedule/campaign/{campaign_id}", json={"scheduler": scheduler, **besides})
        assert found.status_code == 200, (scheduler, besides, found.text)
        assert found.json()["schedules"] == made, (scheduler, besides)


async def test_whatever_was_committed_is_found_by_whoever_asks_its_scheduler_again(solving: httpx2.AsyncClient) -> None:
    for scheduler in SchedulerKind:
        for name, asked in ASKED.items():
            brand_id = await a_brand(solving)
            assert (await solving.put(f"/brands/{brand_id}/policy", json={"rules": [DAILY]})).is_success
            campaign_id = await a_campaign(solving, brand_id=brand_id, posts=["TWITTER", "TIKTOK", "TWITTER"])
            plan = await planned(solving, campaign_id, scheduler, **asked)
            made = (await commit(solving, plan)).json()["schedules"]

            assert (await commit(solving, plan)).status_code == 200, (scheduler, name)
            await the_same_again(solving, campaign_id, scheduler, made)


async def test_it_is_found_when_it_was_filled_in_piece_by_piece(solving: httpx2.AsyncClient) -> None:
    for scheduler in SchedulerKind:
        brand_id = await a_brand(solving)
        assert (await solving.put(f"/brands/{brand_id}/policy", json={"rules": [DAILY]})).is_success
        campaign_id = await a_campaign(solving, brand_id=brand_id, posts=["TWITTER", "TIKTOK", "TWITTER"])
        await commit(solving, await planned(solving, campaign_id, scheduler, grid_minutes=60))
        await add_posts(solving, campaign_id, ["TWITTER", "LINKEDIN"])
        await commit(solving, await planned(solving, campaign_id, scheduler, fill=True, grid_minutes=15))

        made = (await solving.get(f"/schedule/campaign/{campaign_id}")).json()["schedules"]
        assert len(made) == 5
        await the_same_again(solving, campaign_id, scheduler, made)


async def test_a_plan_of_what_stands_already_says_so_and_where_it_was_planned(solving: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(solving, posts=["TWITTER", "TIKTOK"])
    plan = await preview(solving, campaign_id)
    await commit(solving, plan)

    answer = await solving.post(f"/campaigns/{campaign_id}/plans", json={"fill": True})

    refused = problem(answer, 404, "no_posts_to_schedule")
    assert refused["details"]["scheduled"] == 2
    assert f"2 keep the schedules that they have; GET /schedule/campaign/{campaign_id} shows them" in refused["detail"]
