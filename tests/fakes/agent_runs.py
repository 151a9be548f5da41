"""Runs and preparations in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketmind_scheduler.adapters.postgres.repositories.run_texts import to_text
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.agent.records import KeptEntry, RunEntry, chained
from marketmind_scheduler.domain.planning.preparation import Preparation
from marketmind_scheduler.ports.clock import Clock
from tests.fakes.rows import View


class InMemoryAgentRuns:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def add(self, entry: RunEntry) -> None:
        rows, at = self._view(), self._clock.now()
        of_brand = [each for each in rows.agent_runs if each.brand_id == entry.brand_id]
        kept = KeptEntry(
            run_id=entry.run_id,
            plan_id=entry.plan_id,
            brand_id=entry.brand_id,
            at=at,
            said=entry.said,
            texts=None if rows.deleted & {entry.campaign_id, entry.brand_id} else entry.texts,
            chain_hash=_link(of_brand[-1].chain_hash if of_brand else None, entry, at),
        )
        rows.agent_runs = (*rows.agent_runs, kept)
        if kept.texts is not None:
            rows.agent_texts = {**rows.agent_texts, kept.chain_hash: (entry.campaign_id, at)}

    async def list(self, plan_id: UUID) -> Sequence[KeptEntry]:
        return [each for each in self._within_reach() if each.plan_id == plan_id]

    async def of_run(self, run_id: UUID) -> Sequence[KeptEntry]:
        return [each for each in self._within_reach() if each.run_id == run_id]

    async def first_broken(self, brand_id: UUID) -> KeptEntry | None:
        previous: str | None = None
        for each in self._within_reach():
            if each.brand_id == brand_id:
                if each.chain_hash != _link(previous, each, each.at):
                    return each
                previous = each.chain_hash
        return None

    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        asking, now = self._view().agent_asking, self._clock.now()
        if brand_id in asking and asking[brand_id][1] > now:
            return False
        asking[brand_id] = run_id, now + within
        return True

    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        asking = self._view().agent_asking
        if brand_id in asking and asking[brand_id][0] == run_id:
            del asking[brand_id]

    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        rows, day = self._view(), self._clock.now().astimezone(UTC).date()
        spent = rows.agent_costs.get((brand_id, day), 0) + cost
        if spent > most:
            return None
        rows.agent_costs[brand_id, day] = spent
        return day

    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        self._view().agent_costs[brand_id, day] += by

    def _within_reach(self) -> Sequence[KeptEntry]:
        return [each for each in self._view().agent_runs if self._reach.covers(each.brand_id)]


def _link(previous: str | None, entry: RunEntry | KeptEntry, at: datetime) -> str:
    return chained(
        previous, str(entry.run_id), str(entry.plan_id), str(entry.brand_id), at.isoformat(), to_text(entry.said)
    )


class InMemoryPreparations:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def begin(
        self, plan_id: UUID, *, brand_id: UUID, campaign_id: UUID, at: datetime, within: timedelta
    ) -> Preparation:
        begun = Preparation(
            plan_id=plan_id,
            brand_id=brand_id,
            campaign_id=campaign_id,
            begun_at=at,
            deadline=self._clock.now() + within,
        )
        self._view().preparations[plan_id] = begun
        return begun

    async def find(self, plan_id: UUID) -> Preparation | None:
        found = self._view().preparations.get(plan_id)
        if found is None or not self._reach.covers(found.brand_id):
            return None
        return replace(found, is_late=found.deadline <= self._clock.now())

    async def fail(self, plan_id: UUID, trouble: tuple[str, str]) -> None:
        if found := self._view().preparations.get(plan_id):
            self._view().preparations[plan_id] = replace(found, trouble=trouble)

    async def end(self, plan_id: UUID) -> None:
        self._view().preparations.pop(plan_id, None)
