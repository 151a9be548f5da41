"""Whoever proposes publish times."""

from typing import Protocol

from marketmind_scheduler.domain.planning.instead import Instead, Wish
from marketmind_scheduler.domain.planning.plan import Brief, Plan


class Scheduler(Protocol):
    async def propose(self, brief: Brief) -> Plan:
        """A plan that places each post of the brief once, or says why it is left out; the same for the same brief.

        It stores nothing. Raises a Rejected error when the posts cannot be placed, SchedulerUnavailable.
        """
        ...

    async def instead(self, brief: Brief, plan: Plan, wish: Wish) -> Instead:
        """What would become of a plan of this brief, were one of its posts where somebody wants it; the rules have
        nothing against that beside all but the plan's own posts of the platform. It stores nothing. Raises
        SchedulerUnavailable."""
        ...
