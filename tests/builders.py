"""Domain values that are valid by default, so that a test names only what matters to it.

Brands and campaigns have one default id each, so values made by default belong together; every post and every
schedule gets an id of its own.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand, BrandChange, BrandContent, Lateness, OnLate
from marketmind_scheduler.domain.campaign import Campaign, CampaignChange, CampaignStatus
from marketmind_scheduler.domain.planning.plan import Brief, Placement, PostToPlace
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, resolve
from marketmind_scheduler.ports.storage import Storage
from tests.fakes.clock import CountedIds
from tests.stored import put

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ZONE = "America/Los_Angeles"
TZ_RELEASE = "2026f"
BRAND_ID = UUID("b0000000-0000-4000-8000-000000000000")
CAMPAIGN_ID = UUID("c0000000-0000-4000-8000-000000000000")

new_id = CountedIds(since=NOW - timedelta(days=1))
"""An id that nothing else has, older than those that use cases make at ``NOW``."""


def a_brand(
    *,
    brand_id: UUID = BRAND_ID,
    name: str = "Acme",
    default_zone: str = ZONE,
    tone_profile: str = "Plain words",
    on_late: OnLate = OnLate.PUBLISH,
    max_lateness: timedelta = timedelta(hours=6),
    created_at: datetime = NOW,
    updated_at: datetime = NOW,
) -> Brand:
    return Brand(
        brand_id=brand_id,
        content=BrandContent(
            name=name,
            default_zone=default_zone,
            tone_profile=tone_profile,
            lateness=Lateness(on_late=on_late, max_lateness=max_lateness),
        ),
        created_at=created_at,
        updated_at=updated_at,
    )


def a_campaign(
    *,
    campaign_id: UUID = CAMPAIGN_ID,
    brand_id: UUID = BRAND_ID,
    name: str = "Spring launch",
    goal: str = "Make the new line known",
    start_date: date = date(2027, 3, 10),
    end_date: date = date(2027, 3, 19),
    status: CampaignStatus = CampaignStatus.DRAFT,
    post_count: int = 0,
    created_at: datetime = NOW,
    updated_at: datetime = NOW,
) -> Campaign:
    """Ten days, over a change of the clocks in Los Angeles on 14 March."""
    return Campaign(
        campaign_id=campaign_id,
        brand_id=brand_id,
        name=name,
        goal=goal,
        start_date=start_date,
        end_date=end_date,
        status=status,
        post_count=post_count,
        created_at=created_at,
        updated_at=updated_at,
    )


def a_post(
    *,
    post_id: UUID | None = None,
    brand_id: UUID = BRAND_ID,
    campaign_id: UUID | None = None,
    title: str = "Meet the new line",
    s3_url: str = "s3://acme/meet.mp4",
    platform: Platform = Platform.TWITTER,
    position: int = 0,
    created_at: datetime = NOW,
    updated_at: datetime = NOW,
) -> Post:
    """A post of no campaign; its position is given out when it is stored."""
    return Post(
        post_id=post_id or new_id(),
        brand_id=brand_id,
        campaign_id=campaign_id,
        title=title,
        s3_url=s3_url,
        platform=platform,
        position=position,
        created_at=created_at,
        updated_at=updated_at,
    )


def all_of_brand(brand: Brand) -> BrandChange:
    """What a caller says who leaves nothing out."""
    content = brand.content
    return BrandChange(
        name=content.name,
        default_zone=content.default_zone,
        tone_profile=content.tone_profile,
        on_late=content.lateness.on_late,
        max_lateness=content.lateness.max_lateness,
    )


def all_of_campaign(campaign: Campaign) -> CampaignChange:
    return CampaignChange(
        brand_id=campaign.brand_id,
        name=campaign.name,
        goal=campaign.goal,
        start_date=campaign.start_date,
        end_date=campaign.end_date,
    )


def all_of_post(post: Post) -> PostChange:
    return PostChange(
        post_id=post.post_id,
        brand_id=post.brand_id,
        campaign_id=post.campaign_id,
        title=post.title,
        s3_url=post.s3_url,
        platform=post.platform,
    )


def a_slot(
    local_time: str = "2027-03-17T19:00",
    *,
    zone: str = ZONE,
    disambiguation: Disambiguation = Disambiguation.COMPATIBLE,
    tz_release: str = TZ_RELEASE,
) -> Slot:
    return resolve(datetime.fromisoformat(local_time), zone=zone, disambiguation=disambiguation, tz_release=tz_release)


def a_schedule(
    post: Post | None = None,
    *,
    schedule_id: UUID | None = None,
    slot: Slot | None = None,
    status: ScheduleStatus = ScheduleStatus.PENDING,
    retry_count: int = 0,
    scheduler: SchedulerKind | None = None,
    version: int = 1,
    created_at: datetime = NOW,
    updated_at: datetime = NOW,
    is_doubtful: bool = False,
    external_id: str | None = None,
    error: str | None = None,
    retry_of: UUID | None = None,
) -> Schedule:
    """An appointment of ``post``, else of a post that is nowhere stored."""
    post = post or a_post()
    return Schedule(
        schedule_id=schedule_id or new_id(),
        post_id=post.post_id,
        brand_id=post.brand_id,
        platform=post.platform,
        title=post.title,
        campaign_id=post.campaign_id,
        slot=slot or a_slot(),
        status=status,
        retry_count=retry_count,
        scheduler=scheduler,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        is_doubtful=is_doubtful,
        external_id=external_id,
        error=error,
        retry_of=retry_of,
    )


def a_brief(
    *,
    campaign_id: UUID = CAMPAIGN_ID,
    zone: str = ZONE,
    tz_release: str = TZ_RELEASE,
    first_day: date = date(2027, 3, 10),
    last_day: date = date(2027, 3, 19),
    now: datetime = NOW,
    posts: tuple[PostToPlace, ...] | None = None,
    kept: tuple[Placement, ...] = (),
) -> Brief:
    """The campaign of ``a_campaign`` with one post."""
    return Brief(
        campaign_id=campaign_id,
        brand=a_brand(default_zone=zone).content,
        tz_release=tz_release,
        first_day=first_day,
        last_day=last_day,
        now=now,
        posts=(PostToPlace(post_id=new_id(), platform=Platform.TWITTER),) if posts is None else posts,
        kept=kept,
    )


async def given(storage: Storage, *values: Brand | Campaign | Post | Schedule) -> None:
    """Store these values and commit, in an order in which each finds what it refers to."""
    async with storage.unit_of_work() as work:
        for brand in (value for value in values if isinstance(value, Brand)):
            await work.brands.save(brand)
        for campaign in (value for value in values if isinstance(value, Campaign)):
            await work.campaigns.save(campaign)
        if posts := [value for value in values if isinstance(value, Post)]:
            await work.posts.save(posts)
        await work.commit()
    schedules = [value for value in values if isinstance(value, Schedule)]
    await put(storage, sorted((each for each in schedules if not _is_new(each)), key=lambda each: each.is_active))
    if new := [each for each in schedules if _is_new(each)]:
        async with storage.unit_of_work() as work:
            await work.bookings.add(new)
            await work.commit()


def _is_new(schedule: Schedule) -> bool:
    return schedule.status is ScheduleStatus.PENDING and not (schedule.is_doubtful or schedule.retry_count)
