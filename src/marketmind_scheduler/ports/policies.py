"""What is kept of rules: policies in all their versions, and the brands' own caps of platforms.

Every method is one statement, and raises StorageUnavailable when the storage cannot be used. A brand is looked up
before, for nothing is out of reach here but lists.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import PlatformCap
from marketmind_scheduler.domain.rules.policy import Policy


class PolicyRepository(Protocol):
    async def get(self, brand_id: UUID, *, version: int | None = None) -> Policy:
        """The policy in this version, else in its latest; version 0, without rules, is there for every brand. Raises
        PolicyVersionNotFound."""
        ...

    async def add(self, policy: Policy) -> None:
        """Append a version; raises LostRace where it is there already. Who acts is noted with it."""
        ...

    async def caps_of(self, brand_id: UUID) -> Sequence[PlatformCap]:
        """The brand's own caps that stand, by platform; their source is why they were set."""
        ...

    async def set_cap(self, brand_id: UUID, platform: Platform, cap: PlatformCap | None, *, at: datetime) -> None:
        """Append what holds on this platform from now on; None: the brand's own cap is taken back. Lock the brand's
        lanes first. Who acts is noted with it."""
        ...

    async def ruled_brands(self, *, among: Collection[UUID]) -> Sequence[UUID]:
        """The brands among these that have a policy with rules or a cap of their own, by id; those out of reach or
        deleted are left out."""
        ...
