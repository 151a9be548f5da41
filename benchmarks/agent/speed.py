"""What a run takes besides its model's answers, beside the `engagement` plan of its brief and the alternatives.

The model of these runs answers at once, and nothing is stored. It chooses a plan that is not the best one, so that its
times are explained anew, which takes longest. Times are of the processor, so that whatever else the machine does is not
in them: hence everything is solved in this process.
"""

import json
from collections.abc import Awaitable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from time import monotonic, process_time
from typing import TypeVar
from uuid import UUID

from marketmind_scheduler.adapters.numeric.solver import NumericPlanSolver
from marketmind_scheduler.adapters.numeric.workers import Workers
from marketmind_scheduler.application.agent.alternatives import Solving
from marketmind_scheduler.application.agent.conversation import RunIds
from marketmind_scheduler.application.agent.model import ConfiguredModel
from marketmind_scheduler.application.agent.outcomes import Instruction
from marketmind_scheduler.application.planning.agentic import AgenticScheduler
from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.agent.limits import AgentLimits
from marketmind_scheduler.domain.agent.questions import Answer, Purpose, Question
from marketmind_scheduler.domain.agent.records import RunEntry
from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.entrypoints.wiring.zone_rules import pin_zone_rules

T = TypeVar("T")

SIZES = ((6, 7), (20, 28), (60, 60))
_FIRST = date(2027, 3, 1)
_IDS = RunIds(run_id=UUID(int=1), plan_id=UUID(int=2), brand_id=UUID(int=3), campaign_id=UUID(int=4))
_WORDS = Instruction(words="never between 22 and 7")


async def measure(sizes: Sequence[tuple[int, int]] = SIZES, *, rounds: int = 2) -> None:
    """Prints a row for each size and each kind of run."""
    pin_zone_rules()
    print(f"{'posts':>5} {'days':>5}  {'run':12} {'engagement':>10} {'alternatives':>12} {'run':>7} {'ratio':>6}")
    exact = EngagementScheduler(NumericPlanSolver(_InThisProcess()))
    for posts, days in sizes:
        for name, instruction in (("no words", None), ("with words", _WORDS)):
            found = [await _round(exact, _brief(posts, days), instruction) for _ in range(rounds)]
            plan, alternatives, run = (min(each) for each in zip(*found, strict=True))
            ratio = run / (plan + alternatives)
            print(f"{posts:5} {days:5}  {name:12} {plan:10.2f} {alternatives:12.2f} {run:7.2f} {ratio:6.2f}")


async def _round(
    exact: EngagementScheduler, brief: Brief, instruction: Instruction | None
) -> tuple[float, float, float]:
    """Seconds of the engagement plan, of its alternatives, and of the whole run."""
    plan, of_plan = await _timed(exact.propose(brief))
    solving = Solving(scheduler=exact, brief=brief, exact=plan, min_value=AgentLimits().min_value)
    found, of_alternatives = await _timed(solving.alternatives())
    configured = ConfiguredModel(model=_AtOnce(), book=_Nothing(), name="", host="", monotonic=monotonic)

    async def as_it_stands(patch: Patch) -> Brief:
        return brief.tightened(patch)

    outcome, of_run = await _timed(AgenticScheduler(exact, configured).run(brief, instruction, _IDS, as_it_stands))
    if len(found) > 1 and outcome.part.reason is not None:
        raise RuntimeError(f"the run was no whole one: {outcome.part.reason}")
    return of_plan, of_alternatives, of_run


async def _timed(work: Awaitable[T]) -> tuple[T, float]:
    began = process_time()
    done = await work
    return done, process_time() - began


def _brief(posts: int, days: int) -> Brief:
    platforms = (Platform.TWITTER, Platform.LINKEDIN)
    return Brief(
        campaign_id=_IDS.campaign_id,
        brand=BrandContent(name="Bench", default_zone="Europe/Berlin", tone_profile=""),
        tz_release="",
        first_day=_FIRST,
        last_day=_FIRST + timedelta(days=days - 1),
        now=datetime(2027, 2, 28, tzinfo=UTC),
        posts=tuple(PostToPlace(post_id=UUID(int=9 + nth), platform=platforms[nth % 2]) for nth in range(posts)),
    )


class _InThisProcess(Workers):
    async def run(self, function: str, returned: type[T], *arguments: object) -> T:
        module, _, name = function.partition(":")
        outcome = getattr(import_module(module), name)(*arguments)
        if not isinstance(outcome, returned):
            raise TypeError(f"{function} returned {type(outcome).__name__}, not {returned.__name__}")
        return outcome


class _AtOnce:
    """Understands nights that stay quiet, and chooses the last plan that is not worth most."""

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        del seconds
        choices = {name: each["enum"] for name, each in json.loads(json.dumps(question.schema))["properties"].items()}
        said = {name: of[0] for name, of in choices.items()}
        if question.purpose is Purpose.INTENT:
            said |= {"quiet_from": "22", "quiet_to": "7"}
        else:
            plans = json.loads(question.facts)["plans"]
            said["plan"] = min(plans, key=lambda label: plans[label]["value"])
        return Answer(
            text=json.dumps(said),
            model="at once",
            fingerprint=None,
            tokens_in=1,
            tokens_out=1,
            finish_reason="stop",
            seconds=0,
        )


class _Nothing:
    """Keeps nothing, and allows everything."""

    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        del brand_id, run_id, within
        return True

    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        del brand_id, run_id

    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        del brand_id, cost, most
        return _FIRST

    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        del brand_id, day, by

    async def keep(self, entry: RunEntry) -> None:
        del entry
