"""What audiences did, and what is believed of them since."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.audience.observations import Observation
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A profile as it was fitted. It never changes; its digest names it."""

    profile: Profile
    digest: str
    fitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedPost:
    """A post as far as it matters to what is observed of it: its lane, and when its latest send ended that went well;
    None: nothing says that it is out."""

    lane: Lane
    published_at: datetime | None


class Observations(Protocol):
    """Each method is one statement and raises StorageUnavailable."""

    async def lock(self, lanes: Collection[Lane]) -> None:
        """Let nobody else add to these lanes until the unit of work ends, and let each be fitted anew soon after."""
        ...

    async def find_all(self, keys: Collection[tuple[UUID, str]]) -> Sequence[Observation]:
        """Those of these that are stored, named by brand and observation."""
        ...

    async def save(self, observations: Sequence[Observation]) -> None:
        """Store them, in the place of what is stored under their ids."""
        ...

    async def posts(self, post_ids: Collection[UUID]) -> Mapping[UUID, ObservedPost]:
        """Those of these posts that are there, and not deleted."""
        ...

    async def outdate(self, brand_id: UUID) -> None:
        """Let every lane of the brand that was ever fitted be fitted anew soon: its zone has changed."""
        ...

    async def newest(self, lane: Lane) -> Snapshot | None:
        """The profile that was fitted last; None before the first."""
        ...
