"""The catalog: brands, campaigns and posts, as sibling services register them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.brand import Brand, BrandContent
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import BrandMismatch, DuplicatePost, FixedField, PostInOtherCampaign
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContent:
    """What a caller says of a post."""

    post_id: UUID
    title: str
    s3_url: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of a body of posts: how many were new, changed, or as they stood already."""

    campaign: Campaign
    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Registers and reads. Each ``put_…`` returns what is stored now, and whether it is new; it raises
    PreconditionFailed, and changes nothing, where what it finds is not as ``expected``."""

    storage: Storage
    zones: ZoneCatalog
    clock: Clock

    @repeats_lost_races
    async def put_brand(
        self, brand_id: UUID, content: BrandContent, *, expected: Expectation[Brand] = ANYTHING
    ) -> tuple[Brand, bool]:
        """Register or replace a brand; raises UnknownZone. Existing schedules keep the zone and the lateness they were
        made with."""
        self.zones.check(content.default_zone)
        now = self.clock.now()
        brand = Brand(brand_id=brand_id, content=content, created_at=now, updated_at=now)
        async with self.storage.unit_of_work() as work:
            await work.brands.lock(brand_id)
            found = await work.brands.find(brand_id)
            expected.check(found)
            stored = await (work.brands.save(brand) if found else work.brands.add(brand))
            await work.commit()
        return stored, found is None

    async def get_brand(self, brand_id: UUID) -> Brand:
        async with self.storage.reading() as repositories:
            return await repositories.brands.get(brand_id)

    async def list_brands(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        async with self.storage.reading() as repositories:
            return await repositories.brands.list(limit=limit, after=after)

    @repeats_lost_races
    async def put_campaign(
        self,
        campaign_id: UUID,
        *,
        brand_id: UUID,
        name: str,
        goal: str,
        start_date: date,
        end_date: date,
        expected: Expectation[Campaign] = ANYTHING,
    ) -> tuple[Campaign, bool]:
        """Register a campaign as a DRAFT, or replace its name, goal and dates. Existing schedules stay as they are.

        Raises BrandNotFound, FixedField for another brand, DatesReversed, CampaignTooLong.
        """
        now = self.clock.now()
        campaign = Campaign(
            campaign_id=campaign_id,
            brand_id=brand_id,
            name=name,
            goal=goal,
            start_date=start_date,
            end_date=end_date,
            status=CampaignStatus.DRAFT,
            post_count=0,
            created_at=now,
            updated_at=now,
        )
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            await work.campaigns.lock(campaign_id)
            found = await work.campaigns.find(campaign_id)
            expected.check(found)
            if found and found.brand_id != brand_id:
                raise FixedField("campaign", campaign_id, field="brand_id", current=found.brand_id, given=brand_id)
            stored = await (work.campaigns.save(campaign) if found else work.campaigns.add(campaign))
            await work.commit()
        return stored, found is None

    async def get_campaign(self, campaign_id: UUID) -> Campaign:
        async with self.storage.reading() as repositories:
            return await repositories.campaigns.get(campaign_id)

    async def list_campaigns(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        async with self.storage.reading() as repositories:
            return await repositories.campaigns.list(brand_id=brand_id, status=status, limit=limit, after=after)

    @repeats_lost_races
    async def put_post(
        self,
        content: PostContent,
        *,
        brand_id: UUID,
        campaign_id: UUID | None,
        expected: Expectation[Post] = ANYTHING,
    ) -> tuple[Post, bool]:
        """Register a post, or replace its campaign, title and URL.

        Raises BrandNotFound, CampaignNotFound, BrandMismatch, FixedField for another brand or platform.
        """
        post = self._post(content, brand_id=brand_id, campaign_id=campaign_id)
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            if campaign_id is not None:
                campaign = await work.campaigns.get(campaign_id)
                if campaign.brand_id != brand_id:
                    raise BrandMismatch(campaign_id=campaign_id, campaign_brand_id=campaign.brand_id, brand_id=brand_id)
            found = await _locked(work, content.post_id)
            expected.check(found)
            if found:
                found.check_may_become(post)
                await work.posts.save([post])
                await work.bookings.follow_campaigns([post.post_id])
            else:
                await work.posts.add(post)
            stored = await work.posts.get(post.post_id)
            await work.commit()
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

    @repeats_lost_races
    async def register_posts(self, campaign_id: UUID, contents: Sequence[PostContent]) -> Registered:
        """Register a campaign's posts in the given order, all or nothing; the same body again changes nothing.

        A post without a campaign joins this one. Raises CampaignNotFound, DuplicatePost, FixedField for another
        brand or platform, PostInOtherCampaign.
        """
        given = _by_id(contents)
        async with self.storage.unit_of_work() as work:
            campaign = await work.campaigns.get(campaign_id)
            posts = [self._post(content, brand_id=campaign.brand_id, campaign_id=campaign_id) for content in contents]
            known = {post.post_id: post for post in await work.posts.find_all(given.keys())}
            changed = [post for post in posts if _differs(post, known.get(post.post_id))]
            await work.posts.save(changed)
            if changed:
                await work.bookings.follow_campaigns([post.post_id for post in changed])
            stored = await work.campaigns.get(campaign_id)
            await work.commit()
        created = len(posts) - len(known)
        return Registered(
            campaign=stored,
            created=created,
            updated=len(changed) - created,
            unchanged=len(posts) - len(changed),
        )

    def _post(self, content: PostContent, *, brand_id: UUID, campaign_id: UUID | None) -> Post:
        now = self.clock.now()
        return Post(
            post_id=content.post_id,
            brand_id=brand_id,
            campaign_id=campaign_id,
            title=content.title,
            s3_url=content.s3_url,
            platform=content.platform,
            position=0,
            created_at=now,
            updated_at=now,
        )


async def _locked(work: UnitOfWork, post_id: UUID) -> Post | None:
    return await work.posts.lock(post_id) if await work.posts.find_all([post_id]) else None


def _by_id(contents: Sequence[PostContent]) -> Mapping[UUID, PostContent]:
    given: dict[UUID, PostContent] = {}
    for content in contents:
        if content.post_id in given:
            raise DuplicatePost(content.post_id)
        given[content.post_id] = content
    return given


def _differs(post: Post, known: Post | None) -> bool:
    """Whether a registered post would change; raises when it may not."""
    if known is None:
        return True
    known.check_may_become(post)
    if known.campaign_id not in (None, post.campaign_id):
        raise PostInOtherCampaign(post.post_id, campaign_id=known.campaign_id)
    return (known.campaign_id, known.title, known.s3_url) != (post.campaign_id, post.title, post.s3_url)
