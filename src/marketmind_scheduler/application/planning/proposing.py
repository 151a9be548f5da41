"""Asking a scheduler, and holding its plan to what every plan must keep."""

from datetime import timedelta

from marketmind_scheduler.domain.errors import BeyondHorizon, PolicyViolated
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.ports.scheduler import Scheduler


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
