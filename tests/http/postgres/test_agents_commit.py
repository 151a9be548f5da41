"""Agents that commit, on PostgreSQL: once under a key, whatever is repeated, cancelled or refused."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from marketmind_scheduler.adapters.http.mcp.desk import Desk
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller, Reach, Scope
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.idempotency import Answer, KeyedRequest, RequestKey
from marketmind_scheduler.ports.storage import Storage
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import ScriptedLanguageModel, configured, filled
from tests.http.mcp.agents import an_agent, refused, told, with_tools
from tests.http.postgres.given import over
from tests.http.steps import App, Json, a_campaign, add_posts, new_id
from tests.loops import on_each


@pytest.fixture
async def campaign_id(client: httpx2.AsyncClient) -> str:
    return await a_campaign(client, posts=["TWITTER", "TIKTOK"])


@pytest.fixture
def app(use_cases: UseCases, idempotency: PostgresIdempotency) -> App:
    return with_tools(use_cases, commits=True, idempotency=idempotency)


@dataclass(frozen=True, slots=True)
class LeftBeforeKept:
    """As where a client leaves when all has been done for it, and its answer is to be kept."""

    idempotency: PostgresIdempotency

    @asynccontextmanager
    async def request(self, key: RequestKey) -> AsyncGenerator[KeyedRequest]:
        async with self.idempotency.request(key) as once:
            yield _Left(once.answer, once.storage)


@dataclass(frozen=True, slots=True)
class _Left:
    answer: Answer | None
    storage: Storage

    async def keep(self, answer: Answer) -> Answer:
        raise asyncio.CancelledError(answer)

    async def release(self) -> None:
        """Nothing is held."""


async def schedules(client: httpx2.AsyncClient, campaign_id: str) -> list[Json]:
    return (await client.get(f"/schedule/campaign/{campaign_id}")).json()["schedules"]


def agreed(plan: Json) -> Json:
    return {"plan_id": plan["plan_id"], "plan_hash": plan["plan_hash"], "idempotency_key": new_id()}


async def test_a_commit_makes_the_times_that_were_shown_once_however_often_it_is_repeated(
    app: App, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    async with an_agent(app) as agent:
        plan = await told(agent, "preview_plan", campaign_id=campaign_id)
        wish = agreed(plan)
        answers = [await told(agent, "commit_plan", **wish) for _ in range(3)]
        at_once = await asyncio.gather(*(agent.call_tool("commit_plan", wish) for _ in range(3)))

    made = await schedules(client, campaign_id)
    assert [each["publish_time"] for each in made] == [each["publish_time"] for each in plan["placements"]]
    assert answers == [answers[0]] * 3
    assert {each.structured_content["code"] for each in at_once if each.is_error} <= {"request_in_progress"}
    assert all(each.structured_content == answers[0] for each in at_once if not each.is_error)


async def test_a_key_is_of_one_wish_and_of_one_caller(
    use_cases: UseCases, idempotency: PostgresIdempotency, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    app = with_tools(use_cases, commits=True, idempotency=idempotency, checks_access=True)
    scopes = (Scope.SCHEDULES_READ, Scope.SCHEDULES_WRITE)
    issued = [
        await use_cases.key_ring.create(new_id(), scopes=scopes, reach=Reach(), expires_at=None) for _ in range(2)
    ]
    one, other = ({"authorization": f"Bearer {each.credential}"} for each in issued)
    wish = {"hold_seconds": 60, "idempotency_key": new_id()}
    other_campaign = await a_campaign(client, posts=["TWITTER"])

    async with an_agent(app, one) as first, an_agent(app, other) as second:
        mine = await told(first, "preview_plan", campaign_id=campaign_id, **wish)
        theirs = await told(second, "preview_plan", campaign_id=other_campaign, **wish)
        await refused(first, "preview_plan", "idempotency_key_reused", campaign_id=other_campaign, **wish)

    assert (mine["campaign_id"], theirs["campaign_id"]) == (campaign_id, other_campaign)


async def test_a_reservation_that_is_asked_for_again_takes_no_other_slots(app: App, campaign_id: str) -> None:
    wish = {"campaign_id": campaign_id, "hold_seconds": 60, "idempotency_key": new_id()}

    async with an_agent(app) as agent:
        first = await told(agent, "preview_plan", **wish)
        again = await told(agent, "preview_plan", **wish)

    assert again == first


async def test_what_was_refused_can_be_asked_again_under_the_same_key(
    app: App, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    async with an_agent(app) as agent:
        plan = await told(agent, "preview_plan", campaign_id=campaign_id)
        wish = agreed(plan)
        await refused(agent, "commit_plan", "plan_hash_differs", **wish | {"plan_hash": "0" * 64})
        committed = await told(agent, "commit_plan", **wish)

    assert len(committed["schedules"]) == 2
    assert len(await schedules(client, campaign_id)) == 2


async def test_an_outdated_plan_is_refused_with_a_fresh_one_that_commits(
    app: App, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    async with an_agent(app) as agent:
        plan = await told(agent, "preview_plan", campaign_id=campaign_id)
        [late] = await add_posts(client, campaign_id, ["TWITTER"])
        placed = plan["placements"][0]["publish_time"]
        await client.post(f"/schedule/post/{late}", json={"timestamp": placed})
        what = await refused(agent, "commit_plan", "plan_outdated", **agreed(plan))
        fresh = await told(agent, "read_plan", plan_id=what["details"]["plan_id"])
        committed = await told(agent, "commit_plan", **agreed(fresh))

    assert len(committed["schedules"]) == 2


async def test_where_agents_may_not_commit_the_tool_is_not_there(
    use_cases: UseCases, idempotency: PostgresIdempotency
) -> None:
    async with an_agent(with_tools(use_cases, idempotency=idempotency)) as agent:
        names = [tool.name for tool in (await agent.list_tools()).tools]

    assert "commit_plan" not in names


@on_each(("scheduler", "has_model"), [*((kind, False) for kind in SchedulerKind), (SchedulerKind.AGENTIC, True)])
async def test_a_preview_that_is_cancelled_has_stored_nothing_whoever_makes_the_plan(
    pool: Pool,
    zones: ZoneCatalog,
    clock: FrozenClock,
    idempotency: PostgresIdempotency,
    client: httpx2.AsyncClient,
    *,
    scheduler: SchedulerKind,
    has_model: bool,
) -> None:
    campaign_id = await a_campaign(client, posts=["TWITTER", "TIKTOK"])
    model = configured(ScriptedLanguageModel(filled), PostgresStorage(pool)) if has_model else None
    use_cases = over(pool, zones, clock, model=model)
    desk = Desk(use_cases=use_cases, idempotency=idempotency, commits=True)
    preview = desk.tools["preview_plan"]
    wish = {"campaign_id": campaign_id, "scheduler": scheduler, "hold_seconds": 60, "idempotency_key": new_id()}
    arguments = httpx2.Request("POST", "http://test", json=wish).content

    async def admitted() -> Caller:
        return Caller(name="agent", scopes=frozenset({Scope.SCHEDULES_READ, Scope.SCHEDULES_WRITE}))

    left = replace(desk, idempotency=LeftBeforeKept(idempotency))
    gone = asyncio.create_task(left.call(preview, arguments, admitted))
    await asyncio.wait([gone])
    assert gone.cancelled()
    told = json.loads((await desk.call(preview, arguments, admitted)).body)
    await use_cases.preparing.get(UUID(told["plan_id"]), wait=timedelta(seconds=20))
    plans = await use_cases.previewing.list(UUID(campaign_id), limit=100, after=None)
    await use_cases.preparing.close()

    assert [str(each.plan_id) for each in plans] == [told["plan_id"]]


async def test_a_commit_that_is_cancelled_has_stored_nothing_and_can_be_repeated(
    use_cases: UseCases, idempotency: PostgresIdempotency, client: httpx2.AsyncClient, campaign_id: str
) -> None:
    desk = Desk(use_cases=use_cases, idempotency=idempotency, commits=True)
    commit = desk.tools["commit_plan"]
    plan = (await client.post(f"/campaigns/{campaign_id}/plans")).json()
    wish = agreed(plan)
    caller = Caller(name="agent", scopes=frozenset({Scope.SCHEDULES_WRITE}))
    arguments = httpx2.Request("POST", "http://test", json=wish).content

    async def admitted() -> Caller:
        return caller

    for turns in range(0, 60, 3):  # of the event loop, until it is cancelled
        call = asyncio.create_task(desk.call(commit, arguments, admitted))
        for _ in range(turns):
            await asyncio.sleep(0)
        if call.done():
            break
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await schedules(client, campaign_id) == []
    done = await desk.call(commit, arguments, admitted)

    assert done.code is None, done.body
    assert len(await schedules(client, campaign_id)) == 2
