"""Where a run keeps what it asks, and reserves what it may cost."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.agent.records import Exchange, RunEntry
from marketmind_scheduler.ports.run_observer import RunObserver
from marketmind_scheduler.ports.storage import Storage


class RunBook(Protocol):
    """Raises StorageUnavailable. Each call stands by itself, whatever becomes of its run."""

    def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> Awaitable[bool]:
        """As ``AgentRuns.start_asking``."""
        ...

    def stop_asking(self, brand_id: UUID, run_id: UUID) -> Awaitable[None]:
        """As ``AgentRuns.stop_asking``."""
        ...

    def reserve(self, brand_id: UUID, cost: int, *, most: int) -> Awaitable[date | None]:
        """As ``AgentRuns.reserve``."""
        ...

    def correct(self, brand_id: UUID, day: date, *, by: int) -> Awaitable[None]:
        """As ``AgentRuns.correct``."""
        ...

    def keep(self, entry: RunEntry) -> Awaitable[None]:
        """As ``AgentRuns.add``."""
        ...


@dataclass(frozen=True, slots=True)
class StoredRunBook:
    """What it has kept of a question, ``observer`` sees."""

    storage: Storage
    observer: RunObserver

    @repeats_lost_races
    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        async with self.storage.unit_of_work() as work:
            is_first = await work.agent_runs.start_asking(brand_id, run_id, within=within)
            await work.commit()
        return is_first

    @repeats_lost_races
    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        async with self.storage.unit_of_work() as work:
            await work.agent_runs.stop_asking(brand_id, run_id)
            await work.commit()

    @repeats_lost_races
    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        async with self.storage.unit_of_work() as work:
            day = await work.agent_runs.reserve(brand_id, cost, most=most)
            await work.commit()
        return day

    @repeats_lost_races
    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        async with self.storage.unit_of_work() as work:
            await work.agent_runs.correct(brand_id, day, by=by)
            await work.commit()

    @repeats_lost_races
    async def keep(self, entry: RunEntry) -> None:
        async with self.storage.unit_of_work() as work:
            await work.agent_runs.add(entry)
            await work.commit()
        if isinstance(entry.said, Exchange):
            self.observer.asked(entry.said)
