"""What is kept of plans that are being made."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.planning.preparation import Preparation


class Preparations(Protocol):
    """Each method is one statement and raises StorageUnavailable."""

    async def begin(
        self, plan_id: UUID, *, brand_id: UUID, campaign_id: UUID, at: datetime, within: timedelta
    ) -> Preparation:
        """Keep that a plan is being made, and return it with its deadline, by the storage's clock."""
        ...

    async def find(self, plan_id: UUID) -> Preparation | None:
        """None where nothing is known of it any more, or it is out of reach. Whether it is late is said by the
        storage's clock."""
        ...

    async def fail(self, plan_id: UUID, trouble: tuple[str, str]) -> None:
        """Keep what it has ended with."""
        ...

    async def end(self, plan_id: UUID) -> None:
        """It is a plan now."""
        ...
