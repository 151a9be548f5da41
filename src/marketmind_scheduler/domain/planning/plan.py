"""What a scheduler is given, and what it answers with."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class PostToPlace:
    post_id: UUID
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """All that a scheduler may know. ``first_day`` and ``last_day`` are calendar dates in ``zone``, both included;
    ``posts`` stand in the order in which they were registered. ``kept`` stands on their platforms already, and stays:
    it is planned round."""

    campaign_id: UUID
    brand: BrandContent
    tz_release: str
    first_day: date
    last_day: date
    now: datetime
    posts: tuple[PostToPlace, ...]
    kept: tuple["Placement", ...] = ()

    @property
    def zone(self) -> str:
        return self.brand.default_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One post in one slot."""

    post: PostToPlace
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A proposal: placements in time order. It becomes schedules as a whole or not at all."""

    scheduler: SchedulerKind
    placements: tuple[Placement, ...]
