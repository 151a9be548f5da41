"""Whoever proposes publish times."""

from typing import Protocol

from marketmind_scheduler.domain.planning.plan import Brief, Plan


class Scheduler(Protocol):
    async def propose(self, brief: Brief) -> Plan:
        """A plan that places each post of the brief once, or says why it is left out; the same for the same brief.

        It stores nothing. Raises a Rejected error when the posts cannot be placed, SchedulerUnavailable.
        """
        ...
