"""When the profile of a lane is fitted anew."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from marketmind_scheduler.domain.post import Platform

SOON = timedelta(seconds=2)
"""How long what is observed waits to be learned, so that what comes together is learned together."""
LEASE = timedelta(minutes=1)
"""How long a refit belongs to whoever began it; when it runs out, somebody begins anew."""
MOST_LEARNED = 50_000
"""The latest so many observations of a lane are learned from; older ones have lost nearly all their weight."""
_NIGHT_MINUTES = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """A refit that somebody has begun, at ``begun_at`` by the storage's clock. ``zone`` is the brand's."""

    brand_id: UUID
    platform: Platform
    zone: str
    begun_at: datetime
    leased_until: datetime

    @property
    def next_at(self) -> datetime:
        """The next one comes in the first three hours of the next day, UTC: what is old has lost some weight by then.
        Brands take turns, so that not all of them come at midnight."""
        midnight = datetime.combine(self.begun_at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        return midnight + timedelta(minutes=self.brand_id.int % _NIGHT_MINUTES)
