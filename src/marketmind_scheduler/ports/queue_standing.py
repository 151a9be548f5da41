"""How the queue stands, for people and for metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform

MOST_COUNTED = 10_001
"""Nothing is counted further than this, however long the queue is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformStanding:
    """Counts up to MOST_COUNTED. ``late`` is due for more than a minute; ``failed`` and ``missed`` are those of the
    last 24 hours; ``next_due_in`` is negative while something is overdue."""

    platform: Platform
    waiting: int
    due: int
    late: int
    in_flight: int
    held: int
    unconfirmed: int
    failed: int
    missed: int
    next_due_in: timedelta | None
    oldest_unconfirmed: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """``oldest_event_to_sequence``: how long the first event waits that cannot be read yet; None where each can."""

    platforms: Sequence[PlatformStanding]
    events_to_sequence: int
    oldest_event_to_sequence: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPost:
    """One of the posts that go out next. ``due_in`` is negative while it is overdue."""

    schedule_id: UUID
    post_id: UUID
    title: str
    brand_id: UUID
    brand_name: str
    platform: Platform
    publish_time: datetime
    due_in: timedelta


class QueueStandings(Protocol):
    async def read(self) -> QueueStanding:
        """How the queue stands now, each platform in the order of the enum; raises StorageUnavailable. Its cost does
        not grow with the queue."""
        ...

    async def next_posts(self, *, limit: int) -> Sequence[NextPost]:
        """What goes out next of all that is not held, the earliest first; raises StorageUnavailable. Its cost does not
        grow with the queue."""
        ...
