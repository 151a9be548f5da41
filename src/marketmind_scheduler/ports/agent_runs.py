"""What is kept of the runs in which a language model takes part, and what they may cost."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.agent.records import KeptEntry, RunEntry


class AgentRuns(Protocol):
    """Raises StorageUnavailable. Entries are only ever added; their texts are forgotten for their age, or with what
    they speak of."""

    async def add(self, entry: RunEntry) -> None:
        """Keep an entry as the next one of its brand's chain; others of the brand wait until the unit of work ends.
        What speaks of a campaign or brand that was deleted meanwhile is kept without its texts."""
        ...

    async def list(self, plan_id: UUID) -> Sequence[KeptEntry]:
        """All of a plan, in their order."""
        ...

    async def of_run(self, run_id: UUID) -> Sequence[KeptEntry]:
        """All of a run within reach, in their order."""
        ...

    async def first_broken(self, brand_id: UUID) -> KeptEntry | None:
        """The first entry of the brand that is not what the chain says; None: all of them are."""
        ...

    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        """Keep that this run asks for a plan of the brand, for so long at most; False, and nothing is kept, while
        another one does."""
        ...

    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        """Let another run of the brand ask; nothing where another one does already."""
        ...

    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        """Count a cost to the brand's day, by the storage's clock in UTC, and return that; None, and nothing is
        counted, where there would be more than ``most`` of it."""
        ...

    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        """Count so much more to a day of the brand, or less where it is below 0."""
        ...
