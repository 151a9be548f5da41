"""The metrics of agentic plans: who made them and why, and what their questions took."""

from dataclasses import replace

from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.domain.planning.agent_part import FallbackReason, ScheduledBy
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.language_model import ModelUnavailable
from tests.contracts.test_agent_runs import DECISION, an_exchange
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import ScriptedLanguageModel, filled
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import a_campaign, calling, in_memory, observed

RUNS = "marketmind_scheduler_agent_runs_total"


async def test_each_agentic_plan_is_counted_once_by_who_made_it_and_why(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    registry = CollectorRegistry()
    model = ScriptedLanguageModel(ModelUnavailable(FallbackReason.CUT_OFF, "as a test says"), filled)
    use_cases = in_memory(storage, zones, clock, solver=DirectPlanSolver(), model=model, registry=registry)
    async with calling(observed(use_cases)) as client:
        campaign_id = await a_campaign(client, posts=["LINKEDIN", "LINKEDIN", "TWITTER"])
        plans = f"/campaigns/{campaign_id}/plans"
        for _ in range(3):
            begun = await client.post(plans, json={"scheduler": "agentic", "exploration": False})
            await client.get(begun.headers["location"], params={"wait_seconds": 20})
        await client.post(plans, json={"scheduler": "engagement"})
        shown = (await client.get("/metrics")).text

    assert f'{RUNS}{{reason="cut_off",scheduled_by="fallback"}} 1.0' in shown
    assert f'{RUNS}{{reason="none",scheduled_by="agentic"}} 2.0' in shown
    assert registry.get_sample_value("marketmind_scheduler_agent_value_ratio_count") == 2
    assert _value(registry, "tokens_total", direction="in") == 600
    assert _value(registry, "answer_seconds_count") == 2


async def test_without_a_model_plans_are_counted_as_not_configured(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    async with calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver()))) as client:
        campaign_id = await a_campaign(client, posts=["LINKEDIN"])
        await client.post(f"/campaigns/{campaign_id}/plans", json={"scheduler": "agentic"})
        shown = (await client.get("/metrics")).text

    assert f'{RUNS}{{reason="not_configured",scheduled_by="fallback"}} 1.0' in shown


def test_what_questions_took_is_counted_in_tokens_seconds_and_the_currency_of_the_prices() -> None:
    metered = MeteredRuns(registry := CollectorRegistry())

    metered.asked(an_exchange(cost=1_250_000))
    metered.asked(replace(an_exchange(cost=250_000), reply_hash=None, tokens_in=0, tokens_out=0))

    assert _value(registry, "cost_total", purpose="intent") == 1.5
    assert [_value(registry, "tokens_total", purpose="intent", direction=each) for each in ("in", "out")] == [300, 20]
    assert _value(registry, "answer_seconds_sum", purpose="intent") == 1.234
    assert _value(registry, "answer_seconds_count", purpose="intent") == 1


def test_every_reason_is_there_from_the_start_so_that_its_first_case_is_a_rise() -> None:
    metered = MeteredRuns(registry := CollectorRegistry())
    before = {each: _value(registry, "runs_total", scheduled_by="fallback", reason=each) for each in FallbackReason}

    metered.decided(replace(DECISION, scheduled_by=ScheduledBy.FALLBACK, reason=FallbackReason.BUSY))

    assert before == dict.fromkeys(FallbackReason, 0)
    assert _value(registry, "runs_total", scheduled_by="fallback", reason="busy") == 1


def _value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """The sum over all samples with these labels."""
    return sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"marketmind_scheduler_agent_{name}" and sample.labels.items() >= labels.items()
    )
