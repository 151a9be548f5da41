"""What is still known of schedules that were forgotten for their age."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID


class Forgotten(Protocol):
    """A post is named by whoever has found it within their reach. Asked behind what stands, for what stands may be
    forgotten meanwhile."""

    async def published(self, post_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Of these posts those that a forgotten schedule has COMPLETED, each with the latest such."""
        ...

    async def latest_of(self, post_id: UUID) -> UUID | None:
        """The post's latest forgotten schedule."""
        ...
