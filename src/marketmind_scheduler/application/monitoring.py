"""Seeing what happens: the queue at a glance, and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.errors import NeedsEveryBrand, StorageUnavailable
from marketmind_scheduler.ports.metrics import Hearing, Metrics
from marketmind_scheduler.ports.queue_standing import NextPost, QueueStanding, QueueStandings


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    standings: QueueStandings
    metrics: Metrics
    hearing: Hearing | None = None
    reach: Reach = EVERYWHERE

    async def standing(self) -> QueueStanding:
        """How the queue stands; raises StorageUnavailable."""
        return await self.standings.read()

    async def next_posts(self, *, limit: int) -> Sequence[NextPost]:
        """What goes out next, the earliest first; raises StorageUnavailable."""
        return await self.standings.next_posts(limit=limit)

    async def exposition(self, *, openmetrics: bool = False) -> bytes:
        """Metrics in the Prometheus text format or as OpenMetrics 1.0, also while the storage cannot be used. Raises
        NeedsEveryBrand."""
        if self.reach != EVERYWHERE:
            raise NeedsEveryBrand
        try:
            standing = await self.standings.read()
        except StorageUnavailable:
            standing = None
        if self.hearing is not None:
            await self.hearing.hear()
        return self.metrics.exposition(standing, openmetrics=openmetrics)
