"""The demo data's only rule: its campaigns can be scheduled at any time."""

from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.domain.errors import Gone
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.wall_clock import local_day
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import Repositories, Storage

DEMO_CAMPAIGN = UUID("22222222-2222-2222-2222-222222222222")
DEMO_CAMPAIGNS = (DEMO_CAMPAIGN, UUID("77777777-7777-7777-7777-777777777777"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    storage: Storage
    clock: Clock

    async def is_over(self) -> bool:
        """Whether the demo data should be renewed: nothing of it is scheduled ahead, and a demo campaign is gone or has
        fewer days left than posts. What somebody deleted of it does not come back by itself."""
        async with self.storage.reading() as repositories:
            if any([await self._has_schedules_ahead(each, repositories) for each in DEMO_CAMPAIGNS]):
                return False
            try:
                return any([await self._is_short_of_days(each, repositories) for each in DEMO_CAMPAIGNS])
            except Gone:
                return False

    async def _has_schedules_ahead(self, campaign_id: UUID, repositories: Repositories) -> bool:
        ahead = ScheduleFilter(campaign_id=campaign_id, status=ScheduleStatus.PENDING, from_time=self.clock.now())
        return bool(await repositories.schedules.list(ahead, limit=1, after=None))

    async def _is_short_of_days(self, campaign_id: UUID, repositories: Repositories) -> bool:
        campaign = await repositories.campaigns.find(campaign_id)
        if campaign is None:
            return True
        brand = await repositories.brands.get(campaign.brand_id)
        today = local_day(self.clock.now(), brand.content.default_zone)
        return (campaign.end_date - today).days < campaign.post_count
