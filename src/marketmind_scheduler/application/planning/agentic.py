"""The agentic scheduler: the solver makes every plan, a language model understands words and chooses, and whatever
fails ends in the exact plan."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from marketmind_scheduler.application.agent.alternatives import Solving
from marketmind_scheduler.application.agent.conversation import Conversation, RunIds
from marketmind_scheduler.application.agent.model import ConfiguredModel, GaveUp
from marketmind_scheduler.application.agent.outcomes import Instruction, Outcome
from marketmind_scheduler.domain.agent.facts import (
    choice_choices,
    choice_question,
    intent_question,
    labelled,
    seed_of,
)
from marketmind_scheduler.domain.agent.intent import Aim, Intent, intent_choices, intent_of
from marketmind_scheduler.domain.agent.limits import AgentLimits
from marketmind_scheduler.domain.agent.weighing import Weighed, instructed, not_understood
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.agent_part import (
    AgentPart,
    FallbackReason,
    Instructed,
    InstructionStanding,
    ScheduledBy,
)
from marketmind_scheduler.domain.planning.alternatives import is_broken, value_of
from marketmind_scheduler.domain.planning.digests import brief_hash, parts_of
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.planning.instead import Instead, Wish
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan
from marketmind_scheduler.domain.rules.tightening import UNCHANGED, Patch
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.ports.scheduler import Scheduler

BriefNow: TypeAlias = Callable[[Patch], Awaitable[Brief]]
"""The brief as things stand by now, under a patch."""


class ExactScheduler(Scheduler, Protocol):
    """A scheduler that finds the best plan of a brief, also for one that has an emphasis."""

    async def explained(self, plan: Plan, brief: Brief) -> Plan:
        """The plan with what else its posts could have had."""
        ...


@dataclass(frozen=True, slots=True)
class AgenticScheduler:
    """As a scheduler by itself it plans exactly; a model takes part in its runs. Raises what ``exact`` raises."""

    exact: ExactScheduler
    configured: ConfiguredModel | None = None

    async def propose(self, brief: Brief) -> Plan:
        return replace(await self.exact.propose(brief), scheduler=SchedulerKind.AGENTIC)

    async def instead(self, brief: Brief, plan: Plan, wish: Wish) -> Instead:
        return await self.exact.instead(brief, plan, wish)

    async def run(self, brief: Brief, instruction: Instruction | None, ids: RunIds, now: BriefNow) -> Outcome:
        """One run, in at most the seconds of its limits beside the exact plan. Whatever the model does, there is a
        plan; where it has no part in it, the outcome says why. Raises StorageUnavailable, where nothing can be
        kept."""
        configured = self.configured
        limits = configured.limits if configured else AgentLimits()
        run = _Run(self, brief, await self.propose(brief), instruction, ids, min_value=limits.min_value)
        await run.accept()
        if configured is None:
            return run.exact(FallbackReason.NOT_CONFIGURED)
        return await run.beside(now, await _asked(configured, run, ids))


async def _asked(configured: ConfiguredModel, run: "_Run", ids: RunIds) -> Outcome:
    conversation = Conversation(configured, ids, until=configured.monotonic() + configured.limits.seconds_per_run)
    try:
        async with configured.admitted(ids.brand_id, ids.run_id):
            await run.understand(conversation)
            return await run.choose(conversation)
    except GaveUp as gave_up:
        return run.exact(gave_up.reason)
    except TimeoutError:
        return run.exact(FallbackReason.TIMEOUT)
    except SchedulerUnavailable:  # others are planning, so there is nothing to choose from
        return run.exact(FallbackReason.NO_ALTERNATIVES)


class _Run:
    """Where a run stands: the exact plan for what holds so far, and the brief of that."""

    def __init__(
        self,
        scheduler: AgenticScheduler,
        brief: Brief,
        plan: Plan,
        instruction: Instruction | None,
        ids: RunIds,
        *,
        min_value: int,
    ) -> None:
        self._scheduler = scheduler
        self._without = brief
        self._brief = brief
        self._plan = plan
        self._before = value_of(plan, brief)
        self._instruction = instruction
        self._instructed = not_understood(instruction.words) if instruction else None
        self._patch = UNCHANGED
        self._ids = ids
        self._min_value = min_value
        self._seed = seed_of(brief_hash(parts_of(brief)))

    async def accept(self) -> None:
        """Apply what was understood before and agreed to since, at what it costs by now."""
        if self._instruction and (accepted := self._instruction.accepted):
            brief = self._without.tightened(accepted.patch)
            plan = await self._scheduler.propose(brief)
            weighed = self._weighed(plan, brief)
            self._apply(replace(accepted, cost=weighed.cost, left_out=weighed.left_out), brief, plan)

    async def understand(self, conversation: Conversation) -> None:
        """Let the model say what the instruction wants, and apply that or ask back. Raises GaveUp."""
        if self._instruction is None or self._instruction.accepted:
            return
        words = self._instruction.words
        days = (self._without.last_day - self._without.first_day).days + 1
        intent = await conversation.told(
            lambda wrong: intent_question(words, self._without, seed=self._seed, wrong=wrong),
            intent_choices(days),
            lambda said: intent_of(said, self._without.first_day),
        )
        if intent.says_nothing:
            raise GaveUp(FallbackReason.REFUSED_BY_MODEL)
        async with conversation.in_time():
            await self._weigh(words, intent)

    async def choose(self, conversation: Conversation) -> Outcome:
        """Let the model choose among the solver's plans. Raises GaveUp."""
        if self._asks_back:
            return self.exact(None)
        async with conversation.in_time():
            alternatives = await self._solving.alternatives()
        if len(alternatives) == 1:
            return self.exact(FallbackReason.NO_ALTERNATIVES)
        labels = labelled(alternatives, self._seed)
        aim = Aim(self._instructed.aim) if self._instructed and self._instructed.aim else None
        said = await conversation.told(
            lambda wrong: choice_question(labels, aim, self._brief, seed=self._seed, wrong=wrong),
            choice_choices(labels),
            lambda said: said,
        )
        chosen = labels[said["plan"]]
        return self._outcome(chosen.plan, chosen.emphasis, because=said["reason"])

    async def beside(self, now: BriefNow, found: Outcome) -> Outcome:
        """What was found, as far as it can stand beside what others have done meanwhile, and the rest solved again."""
        brief = await now(self._patch)
        if not await asyncio.to_thread(is_broken, found.plan, brief):
            return await self._explained(found)
        self._brief, self._plan = brief, await self._scheduler.propose(brief)
        if found.part.chosen is None:
            return self.exact(found.part.reason)
        rescued = await self._solving.repaired(found.plan)
        if rescued is None:
            return self.exact(FallbackReason.BELOW_THRESHOLD)
        plan, kept = rescued
        by, because = ScheduledBy.AGENTIC_REPAIRED, found.because
        return await self._explained(self._outcome(plan, found.part.chosen, by=by, because=because, kept=kept))

    def exact(self, reason: FallbackReason | None) -> Outcome:
        return self._outcome(self._plan, None, by=ScheduledBy.FALLBACK, reason=reason)

    async def _explained(self, found: Outcome) -> Outcome:
        if found.part.chosen in (None, Emphasis.BEST):
            return found
        return replace(found, plan=await self._scheduler.exact.explained(found.plan, self._brief))

    @property
    def _solving(self) -> Solving:
        return Solving(scheduler=self._scheduler, brief=self._brief, exact=self._plan, min_value=self._min_value)

    @property
    def _asks_back(self) -> bool:
        return bool(self._instructed) and self._instructed.standing is InstructionStanding.NEEDS_ACCEPTANCE

    async def _weigh(self, words: str, intent: Intent) -> None:
        brief = self._without.tightened(intent.patch)
        plan = await self._scheduler.propose(brief)
        if plan.fallback:  # nothing was chosen, so nobody can say what the words would cost
            raise GaveUp(FallbackReason.NO_ALTERNATIVES)
        found = instructed(words, intent, self._weighed(plan, brief), self._without)
        if found.is_applied:
            self._apply(found, brief, plan)
        else:
            self._instructed = found

    def _weighed(self, plan: Plan, brief: Brief) -> Weighed:
        """The plan of this brief beside the one without the instruction."""
        return Weighed(without=self._plan, value_without=self._before, with_it=plan, value_with=value_of(plan, brief))

    def _apply(self, found: Instructed, brief: Brief, plan: Plan) -> None:
        self._instructed = replace(found, standing=InstructionStanding.APPLIED)
        self._patch, self._brief, self._plan = found.patch, brief, plan

    def _outcome(
        self,
        plan: Plan,
        chosen: Emphasis | None,
        *,
        by: ScheduledBy = ScheduledBy.AGENTIC,
        reason: FallbackReason | None = None,
        because: str | None = None,
        kept: Sequence[Placement] = (),
    ) -> Outcome:
        part = AgentPart(
            run_id=self._ids.run_id,
            scheduled_by=by,
            reason=reason,
            value=value_of(plan, self._brief),
            best=value_of(self._plan, self._brief),
            chosen=chosen,
            instructed=self._instructed,
        )
        return Outcome(
            plan=plan,
            brief=self._brief,
            patch=self._patch,
            part=part,
            before=self._before,
            because=because,
            repaired=kept,
        )
