"""What is kept of previews, and of the slots that are held for them."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.planning.preview import Preview, PreviewStatus


class Previews(Protocol):
    """Each method is one or two statements and raises StorageUnavailable. A preview never changes, but for its end.
    ``get`` and ``lock`` raise PlanNotFound, also for what is out of reach, and Gone for what was forgotten."""

    async def get(self, plan_id: UUID) -> Preview: ...

    async def lock(self, plan_id: UUID) -> Preview:
        """Get, and lock until the unit of work ends."""
        ...

    async def list(
        self, campaign_id: UUID, *, limit: int, after: UUID | None, status: PreviewStatus | None = None
    ) -> Sequence[Preview]:
        """Up to ``limit`` previews of a campaign, the latest first, those behind ``after``; with ``status`` only
        those."""
        ...

    async def add(self, preview: Preview) -> Preview:
        """Keep a new preview, and its slots for as long as was asked for; return it with the end of that, by the
        storage's clock."""
        ...

    async def end(self, preview: Preview) -> None:
        """Keep how a preview ended that this unit of work has locked or added, and give back what is held for it."""
        ...

    async def give_back(self, campaign_id: UUID) -> None:
        """Let nothing be held for any preview of a campaign any more."""
        ...

    async def titles(self, preview: Preview) -> Mapping[UUID, str]:
        """What the posts of a preview are called now; empty where one was deleted since."""
        ...

    async def count_held(self, brand_id: UUID) -> int:
        """How many slots of a brand are held now, by the storage's clock."""
        ...
