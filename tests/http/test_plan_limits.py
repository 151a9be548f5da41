"""What is planned at once, and what a plan says whose solver failed."""

import asyncio
from collections.abc import Sequence

import httpx2

from marketmind_scheduler.domain.access import EVERYWHERE, Scope
from marketmind_scheduler.domain.planning.problem import LaneChoice, LaneProblem
from marketmind_scheduler.domain.rules.policy import Weekday
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import BrokenPlanSolver, DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import Json, a_brand, a_campaign, a_post_body, calling, in_memory, observed, problem
from tests.http.test_plans import commit, preview


async def test_a_year_is_planned_at_once_and_a_longer_campaign_says_how_long_it_is(client: httpx2.AsyncClient) -> None:
    year = await a_campaign(client, start="2027-03-15", end="2028-03-14", posts=["LINKEDIN"])
    longer = await a_campaign(client, start="2027-03-15", end="2028-03-15", posts=["LINKEDIN"])
    under_way = await a_campaign(client, start="2027-02-01", end="2028-02-29", posts=["LINKEDIN"])

    for scheduler in ("queue", "engagement"):
        for path in (f"/campaigns/{longer}/plans", f"/schedule/campaign/{longer}"):
            refused = problem(await client.post(path, json={"scheduler": scheduler}), 422, "plan_too_large")
            assert refused["details"] == {"campaign_id": longer, "days": 367, "most": 366}
            assert "cut the campaign in two" in refused["detail"]
    for fits in (year, under_way):
        assert len((await preview(client, fits, scheduler="queue"))["unplaced"]) == 1
    assert (await client.post(f"/schedule/campaign/{longer}")).status_code == 201


async def test_ten_thousand_posts_are_planned_at_once_and_one_more_is_too_many(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client)
    platforms = [*["LINKEDIN"] * 5_000, *["REDDIT"] * 5_001]
    for part in (platforms[:5_000], platforms[5_000:]):
        posts = [a_post_body(each) for each in part]
        assert (await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})).status_code == 201

    plans = f"/campaigns/{campaign_id}/plans"
    refused = problem(await client.post(plans, json={"scheduler": "queue"}), 422, "plan_too_large")
    by_rule = problem(await client.post(plans, json={"scheduler": "naive"}), 422, "too_many_posts")

    assert (refused["details"]["posts"], refused["details"]["most"]) == (10_001, 10_000)
    assert by_rule["details"]["posts"] == 5_000
    assert len((await preview(client, campaign_id, scheduler="queue", platforms=["LINKEDIN"]))["unplaced"]) == 5_000


async def test_a_cap_that_leaves_no_room_is_named_by_whoever_cannot_place_posts_with_how_it_is_changed(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    every_noon = {"kind": "slots", "times": [{"weekday": day, "time": "12:00"} for day in Weekday]}
    async with calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver()))) as client:
        for cap in ({"kind": "daily_cap", "posts": 0}, {"kind": "rolling_cap", "posts": 0, "hours": 24}, None):
            campaign_id, brand_id = await a_campaign_of(client, rules=[every_noon, *([cap] if cap else [])])
            own = f"/brands/{brand_id}/platform-caps/LINKEDIN"
            if cap is None:
                body = {"limit": 0, "window": {"kind": "rolling", "seconds": 86_400}, "reason": "not yet"}
                assert (await client.put(own, json=body)).is_success
            for scheduler in ("queue", "engagement", "naive"):
                plan = await preview(client, campaign_id, scheduler=scheduler)
                [said] = {each["sentence"] for each in (*plan["unplaced"], *plan["violations"])}
                where = f"/brands/{brand_id}/policy" if cap else f"{own}, or take it back with DELETE"
                assert f"allows none; change it with PUT {where}" in said
                assert "change the policy" not in said
                assert "add times" not in said


async def a_campaign_of(client: httpx2.AsyncClient, *, rules: Sequence[Json]) -> tuple[str, str]:
    """One post on LINKEDIN, of a brand with these rules."""
    brand_id = await a_brand(client)
    assert (await client.put(f"/brands/{brand_id}/policy", json={"rules": rules})).is_success
    return await a_campaign(client, brand_id=brand_id, posts=["LINKEDIN"]), brand_id


async def test_a_plan_whose_solver_failed_shows_the_naive_times_and_can_be_committed(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    async with calling(observed(in_memory(storage, zones, clock, solver=BrokenPlanSolver()))) as client:
        campaign_id = await a_campaign(client, posts=["LINKEDIN", "LINKEDIN"])
        plan = await preview(client, campaign_id, scheduler="engagement")
        table = await client.get(f"/plans/{plan['plan_id']}", params={"format": "text"})
        committed = await commit(client, plan)

    assert (plan["fallback"], plan["certificate"]) == ("solver_failed", None)
    assert all(each["local_time"].endswith("19:00:00") for each in plan["placements"])
    assert "Mind: the solver failed, so these are the naive rule's times" in table.text
    assert {each["scheduler"] for each in committed.json()["schedules"]} == {"engagement"}


class WaitingPlanSolver(DirectPlanSolver):
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.may_answer = 0, asyncio.Event()

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        self.asked += 1
        await self.may_answer.wait()
        return await super().solve(problems, seconds=seconds)


async def test_a_burst_of_one_caller_leaves_the_solver_to_others_and_is_told_to_wait_for_its_own(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    solver = WaitingPlanSolver()
    use_cases = in_memory(storage, zones, clock, solver=solver)
    keys = [
        await use_cases.key_ring.create(name, scopes={Scope.ADMIN}, reach=EVERYWHERE, expires_at=None)
        for name in ("one", "other")
    ]
    async with calling(observed(use_cases)) as client:
        campaign_id = await a_campaign(client, posts=["LINKEDIN"])
    async with calling(observed(use_cases, checks_access=True)) as client:

        async def asked_by(nth: int, scheduler: str, path: str = f"/campaigns/{campaign_id}/plans") -> httpx2.Response:
            headers = {"authorization": f"Bearer {keys[nth].credential}"}
            return await client.post(path, headers=headers, json={"scheduler": scheduler})

        kinds = ["engagement", "agentic"] * 5
        burst = [asyncio.ensure_future(asked_by(0, kind)) for kind in kinds]
        for _, refused in zip(range(6), asyncio.as_completed(burst), strict=False):
            await refused
        other = asyncio.ensure_future(asked_by(1, "engagement"))
        at_once = problem(
            await asked_by(0, "engagement", f"/schedule/campaign/{campaign_id}"), 503, "scheduler_unavailable"
        )
        by_rule = await asked_by(0, "naive")
        solver.may_answer.set()
        answers = await asyncio.gather(*burst)
        later = await asked_by(0, "engagement")

    assert [each.status_code for each in answers if each.is_success] == [201, 202] * 2
    for refused in (at_once, *(problem(each, 503, "scheduler_unavailable") for each in answers if not each.is_success)):
        assert "4 plans of yours are being made already" in refused["detail"]
    assert ((await other).status_code, by_rule.status_code, later.status_code) == (201, 201, 201)


async def test_without_a_solver_an_engagement_plan_is_refused_and_no_other_stands_in(
    client: httpx2.AsyncClient,
) -> None:
    campaign_id = await a_campaign(client, posts=["LINKEDIN"])

    answer = await client.post(f"/campaigns/{campaign_id}/plans", json={"scheduler": "engagement"})

    problem(answer, 503, "scheduler_unavailable")
    assert (await preview(client, campaign_id))["fallback"] is None


async def test_a_campaign_that_is_over_is_refused_by_whoever_chooses(client: httpx2.AsyncClient) -> None:
    campaign_id = await a_campaign(client, start="2027-02-01", end="2027-02-28", posts=["LINKEDIN"])
    for scheduler in SchedulerKind:
        answer = await client.post(f"/campaigns/{campaign_id}/plans", json={"scheduler": scheduler})

        assert "ended on 2027-02-28" in problem(answer, 422, "campaign_over")["detail"]
