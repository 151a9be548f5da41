"""The catalog: brands, campaigns and posts, as sibling services register them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.application.campaign_statuses import follow_schedules
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.domain.brand import Brand, BrandChange
from marketmind_scheduler.domain.campaign import Campaign, CampaignChange, CampaignStatus, check_may_leave
from marketmind_scheduler.domain.errors import BrandMismatch
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.saying import Unsaid
from marketmind_scheduler.domain.schedule import Hold, what_is_live
from marketmind_scheduler.domain.sources import Difference, changed
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.schedules import ScheduleFilter, outside_of
from marketmind_scheduler.ports.storage import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Registers and reads. Each ``put_…`` keeps what the caller leaves unsaid, and touches nothing where nothing
    changes. It returns what is stored now, and whether it is new; it raises PreconditionFailed, and changes nothing,
    where what it finds is not as ``expected``."""

    storage: Storage
    zones: ZoneCatalog
    clock: Clock

    @repeats_lost_races
    async def put_brand(
        self, brand_id: UUID, said: BrandChange, *, expected: Expectation[Brand] = ANYTHING
    ) -> tuple[Brand, bool, int]:
        """Register or change a brand; raises UnknownZone, FieldMissing. Existing schedules keep the zone, by whichever
        of its names the brand calls it, and the lateness they were made with; those PENDING that stand otherwise by
        this change are told of it. Returns how many they are, too."""
        if not isinstance(said.default_zone, Unsaid):
            self.zones.check(said.default_zone)
        async with self.storage.unit_of_work() as work:
            await work.brands.lock(brand_id)
            found = await work.brands.find(brand_id)
            expected.check(found)
            brand = said.over(found, brand_id=brand_id, now=self.clock.now())
            if found and brand == found:
                return found, False, 0
            stored = await (work.brands.save(brand) if found else work.brands.add(brand))
            said_otherwise = changed(found.content, brand.content) if found else frozenset[Difference]()
            if Difference.ZONE in said_otherwise:
                zone = brand.content.default_zone
                await work.derivations.rename_zone(brand_id, zone, other_names=self.zones.other_names_of(zone))
                await work.observations.outdate(brand_id)
            chosen = ScheduleFilter(brand_id=brand_id, differs=said_otherwise)
            otherwise = await work.derivations.tell_changed(chosen) if said_otherwise else 0
            await work.commit()
        return stored, found is None, otherwise

    async def get_brand(self, brand_id: UUID) -> Brand:
        async with self.storage.reading() as repositories:
            return await repositories.brands.get(brand_id)

    async def list_brands(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        async with self.storage.reading() as repositories:
            return await repositories.brands.list(limit=limit, after=after)

    @repeats_lost_races
    async def put_campaign(
        self, campaign_id: UUID, said: CampaignChange, *, expected: Expectation[Campaign] = ANYTHING
    ) -> tuple[Campaign, bool]:
        """Register a campaign as a DRAFT, or change its name, goal and dates. Existing schedules stay as they are, and
        those PENDING that lie outside its new days are told of it.

        Raises BrandNotFound, FieldMissing, FixedField for another brand, DatesReversed, CampaignTooLong.
        """
        async with self.storage.unit_of_work() as work:
            if not isinstance(said.brand_id, Unsaid):
                await work.brands.get(said.brand_id)
            await work.campaigns.lock(campaign_id)
            found = await work.campaigns.find(campaign_id)
            expected.check(found)
            campaign = said.over(found, campaign_id=campaign_id, now=self.clock.now())
            if found and campaign == found:
                return found, False
            stored = await (work.campaigns.save(campaign) if found else work.campaigns.add(campaign))
            await work.brands.get(stored.brand_id)  # which may have been deleted before we made it a part
            if found and stored.days != found.days:
                await work.derivations.tell_changed(outside_of(stored))
            await work.commit()
        return stored, found is None

    async def get_campaign(self, campaign_id: UUID) -> Campaign:
        async with self.storage.reading() as repositories:
            return await repositories.campaigns.get(campaign_id)

    async def count_outside(self, campaigns: Sequence[Campaign]) -> Mapping[UUID, int]:
        """How many PENDING schedules of each campaign lie outside its days."""
        async with self.storage.reading() as repositories:
            return await repositories.derivations.count_outside({each.campaign_id: each.days for each in campaigns})

    async def list_campaigns(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        async with self.storage.reading() as repositories:
            return await repositories.campaigns.list(brand_id=brand_id, status=status, limit=limit, after=after)

    @repeats_lost_races
    async def put_post(
        self, said: PostChange, *, take_schedule: bool = False, expected: Expectation[Post] = ANYTHING
    ) -> tuple[Post, bool]:
        """Register a post, or change its campaign, title and URL; where a send of it has begun, ``warnings`` say that
        what is live may be what it said before. With ``take_schedule`` it takes its active schedule
        along to its new campaign; without, it does not leave the old one while it has one.

        Raises BrandNotFound, CampaignNotFound, BrandMismatch, FieldMissing, FixedField for another brand or platform,
        ScheduledInCampaign.
        """
        async with self.storage.unit_of_work() as work:
            if not isinstance(said.brand_id, Unsaid):
                await work.brands.get(said.brand_id)
            campaign = await work.campaigns.get(said.campaign_id) if isinstance(said.campaign_id, UUID) else None
            found = await _locked(work, said.post_id)
            expected.check(found)
            post = said.over(found, now=self.clock.now())
            if found and post == found:
                return found, False
            if campaign and campaign.brand_id != post.brand_id:
                raise BrandMismatch(
                    campaign_id=campaign.campaign_id, campaign_brand_id=campaign.brand_id, brand_id=post.brand_id
                )
            if found:
                warnings = await _change(work, found, post, take_schedule=take_schedule)
            else:
                warnings = ()
                await work.posts.add(post)
            await _check_still_there(work, post)
            stored = replace(await work.posts.get(post.post_id), warnings=warnings)
            await work.commit()
        if found and found.campaign_id != stored.campaign_id:
            await follow_schedules(self.storage, (found.campaign_id, stored.campaign_id))
        return stored, found is None

    async def get_post(self, post_id: UUID) -> Post:
        async with self.storage.reading() as repositories:
            return await repositories.posts.get(post_id)

    async def list_posts(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        async with self.storage.reading() as repositories:
            return await repositories.posts.list(
                brand_id=brand_id, campaign_id=campaign_id, platform=platform, limit=limit, after=after
            )


async def _locked(work: UnitOfWork, post_id: UUID) -> Post | None:
    return await work.posts.lock(post_id) if await work.posts.find_all([post_id]) else None


async def _check_still_there(work: UnitOfWork, post: Post) -> None:
    """Raises Gone where its brand or campaign was deleted before it became a part of it, which waits for that."""
    await work.brands.get(post.brand_id)
    if post.campaign_id is not None:
        await work.campaigns.get(post.campaign_id)


async def _change(work: UnitOfWork, found: Post, post: Post, *, take_schedule: bool) -> tuple[str, ...]:
    """Store what changes of a post; return what is to be said of its schedule."""
    standing = await work.schedules.standing_of_post(post.post_id)
    active = next((each for each in standing if each.is_active), None)
    if not take_schedule:
        check_may_leave(found, to=post.campaign_id, active=active)
    await work.posts.save([post])
    if post.campaign_id != found.campaign_id:
        await work.bookings.follow_campaigns([post.post_id])
        if active and Hold.CAMPAIGN_PAUSED in active.holds:  # as when a pause ends
            await take_turns(work, [active], now=post.updated_at, age=timedelta())
    told = () if post.says_the_same_as(found) else await work.bookings.tell_post_changed([post.post_id])
    return tuple(what_is_live(told))
