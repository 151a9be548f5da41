"""The schedulers: rules that need nothing but their brief, and one that asks a solver."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from marketmind_scheduler.application.planning.again import chosen_again
from marketmind_scheduler.application.planning.alternatives import with_alternatives
from marketmind_scheduler.application.planning.budget import PLAN_SECONDS, SAYING_SECONDS, WHY_SECONDS, Budget
from marketmind_scheduler.application.planning.engagement import Making
from marketmind_scheduler.domain.errors import Rejected, SchedulerUnavailable
from marketmind_scheduler.domain.planning.floor import naive_instead
from marketmind_scheduler.domain.planning.instead import Instead, Wish, by_rule
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.planning.queueing import plan_by_queue
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.ports.plan_solver import PlanSolver
from marketmind_scheduler.unhurried import aside


class NaiveScheduler:
    async def propose(self, brief: Brief) -> Plan:
        return await aside(partial(plan_naively, brief), len(brief.posts))

    async def instead(self, brief: Brief, plan: Plan, wish: Wish) -> Instead:
        return by_rule(plan_naively, brief, plan, wish)


class QueueScheduler:
    async def propose(self, brief: Brief) -> Plan:
        return await asyncio.to_thread(plan_by_queue, brief)

    async def instead(self, brief: Brief, plan: Plan, wish: Wish) -> Instead:
        return await asyncio.to_thread(by_rule, plan_by_queue, brief, plan, wish)


@dataclass(frozen=True, slots=True)
class EngagementScheduler:
    """The best open slots of each lane, by what is believed of its hours, within PLAN_SECONDS. Where the solver fails,
    a campaign gets the naive rule's times. Raises SchedulerUnavailable. ``monotonic`` reads seconds."""

    solver: PlanSolver
    monotonic: Callable[[], float] = time.monotonic

    async def propose(self, brief: Brief) -> Plan:
        try:
            return await Making(self.solver, self._within(PLAN_SECONDS)).planned(brief)
        except SchedulerUnavailable as unavailable:
            if brief.is_of_one or not unavailable.broke:  # a schedule by itself could not say that it is instead
                raise
            return _without_solver(brief, unavailable)

    async def instead(self, brief: Brief, plan: Plan, wish: Wish) -> Instead:
        return await chosen_again(self.solver, brief, plan, wish, budget=self._within(WHY_SECONDS))

    async def explained(self, plan: Plan, brief: Brief) -> Plan:
        """The plan with what else its posts could have had, as ``with_alternatives`` says."""
        return await with_alternatives(plan, brief, self.solver, budget=self._within(SAYING_SECONDS))

    def _within(self, seconds: float) -> Budget:
        return Budget.of(seconds, self.monotonic)


def _without_solver(brief: Brief, failed: SchedulerUnavailable) -> Plan:
    try:
        return naive_instead(brief, SchedulerKind.ENGAGEMENT)
    except Rejected:  # the naive rule cannot place them either
        raise failed from None
