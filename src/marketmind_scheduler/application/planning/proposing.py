"""Asking a scheduler, and holding its plan to what every plan must keep."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from marketmind_scheduler.application.planning.cases import Case
from marketmind_scheduler.domain.errors import BeyondHorizon, PolicyViolated
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.rules.judging import violations as broken_rules
from marketmind_scheduler.domain.rules.violations import Violation, Wanted
from marketmind_scheduler.ports.scheduler import Scheduler

_MANY = 500  # are judged beside the event loop


async def proposed(scheduler: Scheduler, brief: Brief, *, horizon: timedelta) -> Plan:
    """The plan of this scheduler for this brief. Raises PolicyViolated where it breaks a promise, BeyondHorizon, and
    what the scheduler raises: TooManyPosts, CampaignOver."""
    plan = await scheduler.propose(brief)
    if broken := violations(plan, brief):
        raise PolicyViolated(broken)
    last = max((placement.slot for placement in plan.placements), key=lambda slot: slot.publish_time, default=None)
    if last and last.publish_time > brief.now + horizon:
        raise BeyondHorizon(last.local_text(), latest=brief.now + horizon)
    return plan


def check_whole(plan: Plan) -> None:
    """Raise PolicyViolated where a plan that is to be stored leaves out a post or breaks a rule."""
    if plan.is_incomplete:
        told = [each.told() for each in plan.violations]
        raise PolicyViolated(plan.faults(), told, unplaced=[each.told() for each in plan.unplaced])


async def judged(plan: Plan, case: Case) -> Plan:
    """The plan with what it breaks of the brand's rules."""
    wanted = [
        Wanted(post_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in plan.placements
    ]
    judge = partial(broken_rules, wanted, case.beside, case.rules, now=case.now)
    found = await asyncio.to_thread(judge) if len(wanted) > _MANY else judge()
    return replace(plan, violations=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """Why a plan's times cannot stand as things are: what it breaks of the promises of every plan, a sentence each, and
    of the brand's rules."""

    promises: Sequence[str]
    rules: Sequence[Violation]

    def sentences(self) -> Sequence[str]:
        return [*self.promises, *(each.sentence for each in self.rules)]


async def in_the_way(plan: Plan, brief: Brief, case: Case) -> InTheWay:
    """What stands against the plan now."""
    return InTheWay(promises=violations(plan, brief), rules=(await judged(plan, case)).violations)
