"""Pausing and resuming a brand or a campaign."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.schedule import Hold
from marketmind_scheduler.ports.holds import Holds
from marketmind_scheduler.ports.storage import Storage

Paused: TypeAlias = Expectation[Brand | Campaign]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """All of it can be repeated: pausing what is paused, or resuming what is not, changes nothing. All of it raises
    PreconditionFailed, and changes nothing, where what it finds is not as ``expected``."""

    storage: Storage
    holds: Holds

    async def pause_brand(self, brand_id: UUID, *, expected: Paused = ANYTHING) -> Brand:
        """Once this returns, nothing of the brand begins to be sent until it is resumed; raises BrandNotFound."""
        await self._brand(brand_id)
        await self.holds.place(Hold.BRAND_PAUSED, brand_id, expected=expected)
        return await self._brand(brand_id)

    async def resume_brand(self, brand_id: UUID, *, expected: Paused = ANYTHING) -> Brand:
        """Send again. What fell due meanwhile goes out at a pace, unless it is too late; raises BrandNotFound."""
        await self._brand(brand_id)
        await self.holds.lift(Hold.BRAND_PAUSED, brand_id, paces=PACES, expected=expected)
        return await self._brand(brand_id)

    async def pause_campaign(self, campaign_id: UUID, *, expected: Paused = ANYTHING) -> Campaign:
        """As ``pause_brand``, for one campaign; raises CampaignNotFound."""
        await self._campaign(campaign_id)
        await self.holds.place(Hold.CAMPAIGN_PAUSED, campaign_id, expected=expected)
        return await self._campaign(campaign_id)

    async def resume_campaign(self, campaign_id: UUID, *, expected: Paused = ANYTHING) -> Campaign:
        """As ``resume_brand``, for one campaign; raises CampaignNotFound."""
        await self._campaign(campaign_id)
        await self.holds.lift(Hold.CAMPAIGN_PAUSED, campaign_id, paces=PACES, expected=expected)
        return await self._campaign(campaign_id)

    async def _brand(self, brand_id: UUID) -> Brand:
        async with self.storage.reading() as repositories:
            return await repositories.brands.get(brand_id)

    async def _campaign(self, campaign_id: UUID) -> Campaign:
        async with self.storage.reading() as repositories:
            return await repositories.campaigns.get(campaign_id)
