"""Lanes as they stand, locked while somebody looks whether a time may be taken there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A PENDING schedule, the place that it takes, and the rules that it may break."""

    schedule_id: UUID
    place: Wanted
    overridden: frozenset[RuleKind]


class Lanes(Protocol):
    """Each method is one statement, and raises StorageUnavailable; what is locked stays so until the unit of work
    ends. Whoever locks lanes, and posts, brands or campaigns besides, locks posts first and brands last."""

    async def lock(self, lanes: Mapping[UUID, Collection[Platform]]) -> Mapping[UUID, BrandRules]:
        """Let nobody else into these lanes, nor into any of a brand with rules that count several platforms together;
        return each brand's rules. Of a brand without platforms nothing is locked. The rules are those of the moment
        before: ``occupied`` makes sure of them."""
        ...

    async def lock_brand(self, brand_id: UUID) -> None:
        """Let nobody else into any lane of the brand."""
        ...

    async def occupied(
        self,
        rules: BrandRules,
        *,
        platforms: Collection[Platform],
        begin: datetime,
        end: datetime,
        besides: Collection[UUID] = (),
    ) -> Sequence[Occupied]:
        """What stands on these platforms of the rules' brand between these instants, both included, ``besides`` these
        schedules: what is active, what is COMPLETED, and what is held for a plan, unless it is one of a campaign among
        ``besides``. Raises LostRace where the brand has other rules by now."""
        ...

    async def elsewhere(
        self, brand_id: UUID, *, platforms: Collection[Platform], begin: datetime, end: datetime
    ) -> Mapping[Platform, Sequence[datetime]]:
        """When anything goes out on these platforms for all brands but this one, between these instants, both included:
        what ``occupied`` counts, as often as there is, ascending; of each platform, and without saying whose it is."""
        ...

    async def ahead(self, brand_id: UUID) -> Sequence[Ahead]:
        """All PENDING schedules of the brand, by publish time."""
        ...
