"""The schedulers that need nothing but their brief."""

from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Plan


class NaiveScheduler:
    async def propose(self, brief: Brief) -> Plan:
        return plan_naively(brief)
