"""What is believed of a brand's audience."""

from dataclasses import dataclass

from marketmind_scheduler.application.refitting import Refitting
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.ports.observations import Snapshot
from marketmind_scheduler.ports.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Of a lane, in its brand's zone. Without a ``snapshot`` nothing was learned yet, and the profile is the prior."""

    lane: Lane
    zone: str
    profile: Profile
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audiences:
    storage: Storage
    refitting: Refitting

    async def show(self, lane: Lane) -> Audience:
        """Raises BrandNotFound, Deleted."""
        brand_id, platform = lane
        async with self.storage.reading() as stored:
            brand = await stored.brands.get(brand_id)
            snapshot = await stored.observations.newest(lane)
        profile = snapshot.profile if snapshot else Profile.cold(platform)
        return Audience(lane=lane, zone=brand.content.default_zone, profile=profile, snapshot=snapshot)

    async def refit(self, lane: Lane) -> Audience:
        """Learn now what was observed up to now; raises BrandNotFound, Deleted, SchedulerUnavailable."""
        await self.show(lane)
        await self.refitting.refit(lane)
        return await self.show(lane)
