"""Appointments of single posts: what decides is read in one look."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A post as it stood at one moment, with all that decides whether it may get a schedule, but for what stands beside
    it: its brand's rules, the newest zone rules that were used, whether a schedule of it is active, and whether one is
    COMPLETED or was when it was forgotten. ``versions`` are the storage's own of the post and of its brand."""

    post: Post
    rules: BrandRules
    newest_release: str | None
    is_scheduled: bool
    is_published: bool
    versions: tuple[int, int]


class PostBookings(Protocol):
    """Each method is one statement, and raises StorageUnavailable."""

    async def look(self, post_id: UUID) -> Look:
        """Raises PostNotFound, Deleted. Nothing is locked."""
        ...

    async def add(self, schedule: Schedule) -> Schedule:
        """As ``Bookings.add`` does one, and with all that is shown of it."""
        ...

    async def add_as_seen(self, schedule: Schedule, look: Look, *, allow_repost: bool) -> Schedule | None:
        """As ``add``, if it still is as ``look`` found it: the post, its brand and the brand's rules as they were, no
        newer zone rules used than those of a wall time, and, unless ``allow_repost``, the post not published; else
        nothing is made, and None returned. None as well where somebody has the post locked; whoever changes its brand
        is waited for."""
        ...
