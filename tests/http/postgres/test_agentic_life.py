"""One agentic plan from its words to its schedules, over HTTP and on PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.agent.questions import Purpose, Question
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import ScriptedLanguageModel, configured, filled
from tests.http.postgres.given import over
from tests.http.steps import Json, a_campaign, calling, observed, problem

WORDS = "only late in the evening, please"
LATE_HOURS = {23, 0, 1, 2, 3, 4}


def understanding_late_hours(question: Question) -> str:
    return filled(question, **({"quiet_from": "5", "quiet_to": "23"} if question.purpose is Purpose.INTENT else {}))


@pytest.fixture
async def planning(pool: Pool, zones: ZoneCatalog, clock: FrozenClock) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of a service whose model takes every instruction for one of late hours."""
    model = configured(ScriptedLanguageModel(understanding_late_hours), PostgresStorage(pool))
    async with calling(observed(over(pool, zones, clock, model=model))) as calls:
        yield calls


@pytest.fixture
async def campaign_id(client: httpx2.AsyncClient) -> str:
    return await a_campaign(client, posts=["LINKEDIN", "LINKEDIN", "TWITTER"])


async def asked(client: httpx2.AsyncClient, campaign_id: str, **more: object) -> Json:
    body = {"scheduler": "agentic", "exploration": False, "instruction": WORDS, **more}
    begun = await client.post(f"/campaigns/{campaign_id}/plans", json=body)
    assert begun.status_code == 202, begun.text
    assert begun.headers["location"] == f"/plans/{begun.json()['plan_id']}"
    return begun.json()


async def ready(client: httpx2.AsyncClient, begun: Json) -> Json:
    return (await client.get(f"/plans/{begun['plan_id']}", params={"wait_seconds": 25})).json()


async def commit(client: httpx2.AsyncClient, plan: Json, **more: object) -> httpx2.Response:
    return await client.post(f"/plans/{plan['plan_id']}/commit", json={"plan_hash": plan["plan_hash"], **more})


def times(placed: Sequence[Json]) -> list[tuple[str, str]]:
    return sorted((each["post_id"], each["publish_time"]) for each in placed)


async def test_an_instruction_is_prepared_understood_asked_back_accepted_and_committed_as_shown(
    planning: httpx2.AsyncClient, campaign_id: str
) -> None:
    begun = await asked(planning, campaign_id)
    shown = await ready(planning, begun)
    refused = problem(await commit(planning, shown), 409, "instruction_not_followed")
    accepted = await ready(planning, await asked(planning, campaign_id, accept_patch=shown["patch_hash"]))
    committed = await commit(planning, accepted)
    again = await commit(planning, accepted)
    standing = (await planning.get("/schedule", params={"campaign_id": campaign_id})).json()["items"]
    runs = (await planning.get(f"/plans/{accepted['plan_id']}/runs")).json()["items"]

    assert (begun["status"], shown["status"], shown["instruction"]) == ("preparing", "open", "needs_acceptance")
    assert {each["field"]: each["asked"] for each in shown["understood"]}["quiet_hours"] == "05:00 to 23:00"
    assert (shown["would_commit"], shown["instruction_cost"] > 0.05) == (False, True)
    assert refused["details"]["patch_hash"] == shown["patch_hash"]
    assert (accepted["instruction"], accepted["scheduled_by"], accepted["reason"]) == ("applied", "agentic", None)
    assert {int(each["local_time"][11:13]) for each in accepted["placements"]} <= LATE_HOURS
    assert (committed.status_code, again.status_code) == (201, 200)
    assert times(standing) == times(committed.json()["schedules"]) == times(accepted["placements"])
    assert {each["status"] for each in standing} == {"PENDING"}
    assert [each["decision"] and each["decision"]["plan_hash"] for each in runs][-1] == accepted["plan_hash"]


async def test_a_wish_that_is_dropped_by_name_leaves_the_plan_that_was_shown_without_it(
    planning: httpx2.AsyncClient, campaign_id: str
) -> None:
    shown = await ready(planning, await asked(planning, campaign_id))
    committed = await commit(planning, shown, ignore_instruction=True)

    assert committed.status_code == 201, committed.text
    assert times(committed.json()["schedules"]) == times(shown["placements"])
    assert not {int(each["local_time"][11:13]) for each in shown["placements"]} <= LATE_HOURS


async def test_without_a_model_it_is_the_exact_plan_at_once_and_its_wish_is_dropped_by_name_only(
    client: httpx2.AsyncClient, campaign_id: str
) -> None:
    exact = await client.post(f"/campaigns/{campaign_id}/plans", json={"scheduler": "engagement", "exploration": False})

    plan = await asked(client, campaign_id)
    refused = problem(await commit(client, plan), 409, "instruction_not_followed")
    committed = await commit(client, plan, ignore_instruction=True)

    assert (plan["status"], plan["scheduled_by"], plan["reason"]) == ("open", "fallback", "not_configured")
    assert (plan["instruction"], refused["details"]["instruction"]) == ("not_understood", "not_understood")
    assert times(plan["placements"]) == times(exact.json()["placements"])
    assert committed.status_code == 201, committed.text
