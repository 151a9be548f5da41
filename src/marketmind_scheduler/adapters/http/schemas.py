"""What callers send and what they get: the contract's field names, translated by hand to and from the domain."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.application.catalog import PostContent, Registered
from marketmind_scheduler.application.post_scheduling import AskedTime
from marketmind_scheduler.domain.brand import Brand, Lateness, OnLate
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.planning import SchedulerKind
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution

MOST_POSTS_IN_A_BODY = 10_000

DEMO_BRAND = "11111111-1111-1111-1111-111111111111"
DEMO_CAMPAIGN = "22222222-2222-2222-2222-222222222222"
DEMO_POST = "33333333-3333-3333-3333-333333333333"
EXAMPLE_SCHEDULE = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"
_NO_NUL = r"^[^\u0000]*$"
# a host or bucket, then anything without spaces; Python's $ alone would allow a line feed behind it
_MEDIA_URL = r"^(s3|https?)://[A-Za-z0-9._~%:@-]+([/?#][^\u0000-\u0020\u007f]*)?$(?!\n)"

BrandId = Annotated[UUID, Meta(examples=[DEMO_BRAND])]
CampaignId = Annotated[UUID, Meta(examples=[DEMO_CAMPAIGN])]
PostId = Annotated[UUID, Meta(examples=[DEMO_POST])]
ScheduleId = Annotated[UUID, Meta(description="UUIDv7", examples=[EXAMPLE_SCHEDULE])]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_NUL)]
LongText = Annotated[str, Meta(max_length=2000, pattern=_NO_NUL)]
Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=_NO_NUL, examples=["Meet the new line"])]
MediaUrl = Annotated[
    str,
    Meta(
        min_length=6,
        max_length=2048,
        pattern=_MEDIA_URL,
        description="Where the post's media lie: an s3, https or http URL without spaces",
        examples=["s3://marketmind-demo/launch/meet.mp4"],
    ),
]
Day = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=_NO_NUL,
        description="A calendar date in the brand's time zone, YYYY-MM-DD",
        examples=["2030-03-15"],
    ),
]
ZoneName = Annotated[
    str,
    Meta(
        max_length=10_000,
        description="An IANA time zone id; abbreviations such as PST are refused",
        examples=["America/Los_Angeles"],
    ),
]
Timestamp = Annotated[
    str,
    Meta(
        max_length=10_000,
        description=(
            "When to publish. A wall time (`2030-03-18T19:00:00`) is read in `timezone`, else in the brand's zone. "
            "With `Z` or an offset and no zone it is an instant. An offset together with a zone "
            "(`2030-03-18T19:00:00-07:00[America/Los_Angeles]`) must be one the zone uses then."
        ),
        examples=["2030-03-18T19:00:00"],
    ),
]
OnLateChoice = Annotated[
    OnLate,
    Meta(
        description="What happens with a post later than `max_lateness_seconds`: it is published all the same, it is "
        "skipped (MISSED), or held until somebody moves or cancels it"
    ),
]
LatenessSeconds = Annotated[int, Meta(ge=60, le=2**31 - 1, description="How late is still in time", examples=[21_600])]
Moment = Annotated[datetime, Meta(description="An instant in UTC", examples=["2030-03-19T02:00:00Z"])]


class Body(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A request body: unknown fields are refused."""


class BrandIn(Body, frozen=True):
    brand_name: Annotated[Name, Meta(examples=["Demo Brand"])]
    brand_default_timezone: ZoneName
    tone_profile: Annotated[LongText, Meta(examples=["Warm, plain words"])] = ""
    on_late: OnLateChoice = OnLate.PUBLISH
    max_lateness_seconds: LatenessSeconds = 21_600

    def lateness(self) -> Lateness:
        return Lateness(on_late=self.on_late, max_lateness=timedelta(seconds=self.max_lateness_seconds))


class BrandOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    brand_name: Annotated[Name, Meta(examples=["Demo Brand"])]
    brand_default_timezone: ZoneName
    tone_profile: Annotated[LongText, Meta(examples=["Warm, plain words"])]
    on_late: OnLateChoice
    max_lateness_seconds: LatenessSeconds
    paused_at: Annotated[datetime | None, Meta(description="Since when nothing of it is sent; null: it is not paused")]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, brand: Brand) -> Self:
        return cls(
            brand_id=brand.brand_id,
            brand_name=brand.name,
            brand_default_timezone=brand.default_zone,
            tone_profile=brand.tone_profile,
            on_late=brand.lateness.on_late,
            max_lateness_seconds=round(brand.lateness.max_lateness.total_seconds()),
            paused_at=brand.paused_at,
            created_at=brand.created_at,
            updated_at=brand.updated_at,
        )


class CampaignIn(Body, frozen=True):
    brand_id: BrandId
    name: Annotated[Name, Meta(examples=["Spring launch"])]
    start_date: Day
    end_date: Annotated[Day, Meta(description="The last day, included", examples=["2030-03-21"])]
    goal: Annotated[LongText, Meta(examples=["Make the new line known"])] = ""


class CampaignOut(Struct, frozen=True, kw_only=True):
    campaign_id: CampaignId
    brand_id: BrandId
    name: Annotated[Name, Meta(examples=["Spring launch"])]
    goal: Annotated[LongText, Meta(examples=["Make the new line known"])]
    start_date: Annotated[date, Meta(description="The first day, in the brand's zone", examples=["2030-03-15"])]
    end_date: Annotated[date, Meta(description="The last day, included", examples=["2030-03-21"])]
    status: Annotated[
        CampaignStatus,
        Meta(
            description="DRAFT until a post is scheduled, ACTIVE from the first published one, COMPLETED when nothing "
            "is left to do"
        ),
    ]
    post_count: Annotated[int, Meta(ge=0, description="How many posts are registered", examples=[3])]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        return cls(
            campaign_id=campaign.campaign_id,
            brand_id=campaign.brand_id,
            name=campaign.name,
            goal=campaign.goal,
            start_date=campaign.start_date,
            end_date=campaign.end_date,
            status=campaign.status,
            post_count=campaign.post_count,
            created_at=campaign.created_at,
            updated_at=campaign.updated_at,
        )


class PostIn(Body, frozen=True):
    brand_id: BrandId
    title: Title
    s3_url: MediaUrl
    platform: Platform
    campaign_id: CampaignId | None = None

    def content(self, post_id: UUID) -> PostContent:
        return PostContent(post_id=post_id, title=self.title, s3_url=self.s3_url, platform=self.platform)


class CampaignPostIn(Body, frozen=True):
    post_id: PostId
    title: Title
    s3_url: MediaUrl
    platform: Platform

    def content(self) -> PostContent:
        return PostContent(post_id=self.post_id, title=self.title, s3_url=self.s3_url, platform=self.platform)


class CampaignPostsIn(Body, frozen=True):
    posts: Annotated[list[CampaignPostIn], Meta(min_length=1, max_length=MOST_POSTS_IN_A_BODY)]


class CampaignPostsOut(Struct, frozen=True, kw_only=True):
    campaign_id: CampaignId
    post_count: Annotated[int, Meta(ge=0, description="How many posts the campaign has now", examples=[3])]
    created: Annotated[int, Meta(ge=0, description="Posts of this body that are new", examples=[3])]
    updated: Annotated[int, Meta(ge=0, description="Posts that changed", examples=[0])]
    unchanged: Annotated[int, Meta(ge=0, description="Posts that stood as given already", examples=[0])]

    @classmethod
    def of(cls, registered: Registered) -> Self:
        return cls(
            campaign_id=registered.campaign.campaign_id,
            post_count=registered.campaign.post_count,
            created=registered.created,
            updated=registered.updated,
            unchanged=registered.unchanged,
        )


class PostOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    brand_id: BrandId
    campaign_id: CampaignId | None
    title: Title
    s3_url: MediaUrl
    platform: Platform
    position: Annotated[int, Meta(ge=1, description="Rises in the order of registration", examples=[1])]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, post: Post) -> Self:
        return cls(
            post_id=post.post_id,
            brand_id=post.brand_id,
            campaign_id=post.campaign_id,
            title=post.title,
            s3_url=post.s3_url,
            platform=post.platform,
            position=post.position,
            created_at=post.created_at,
            updated_at=post.updated_at,
        )


class TimeIn(Body, frozen=True):
    timestamp: Timestamp
    timezone: ZoneName | None = None
    disambiguation: Annotated[
        Disambiguation,
        Meta(description="What to do when the wall time does not exist or exists twice", examples=["compatible"]),
    ] = Disambiguation.COMPATIBLE

    def asked(self) -> AskedTime:
        return AskedTime(text=self.timestamp, zone=self.timezone, disambiguation=self.disambiguation)


class SchedulePostIn(TimeIn, frozen=True):
    allow_repost: Annotated[bool, Meta(description="Publish it again although it is out already")] = False


class MovePostIn(TimeIn, frozen=True):
    version: (
        Annotated[int, Meta(ge=1, le=2**31 - 1, description="Refuse unless this is the current version")] | None
    ) = None


class ScheduleCampaignIn(Body, frozen=True):
    scheduler: Annotated[SchedulerKind, Meta(description="Who chooses the times")] = SchedulerKind.NAIVE
    platforms: Annotated[
        Sequence[Platform], Meta(min_length=1, max_length=len(Platform), description="Default: all platforms")
    ] = tuple(Platform)
    replace: Annotated[bool, Meta(description="Cancel what is PENDING and plan the campaign anew")] = False


class ScheduleOut(Struct, frozen=True, kw_only=True):
    schedule_id: ScheduleId
    post_id: PostId
    brand_id: BrandId
    platform: Platform
    publish_time: Moment
    publish_time_local: Annotated[
        str,
        Meta(
            description="The same instant in `timezone`, as RFC 9557 text",
            examples=["2030-03-18T19:00:00-07:00[America/Los_Angeles]"],
        ),
    ]
    status: Annotated[
        ScheduleStatus,
        Meta(
            description="PENDING, PUBLISHING and UNCONFIRMED are active, one at most for a post; the others are final"
        ),
    ]
    retry_count: Annotated[int, Meta(ge=0, description="How many sends had to be repeated", examples=[0])]
    holds: Annotated[
        list[Hold], Meta(description="Why it is not sent though it may be due: paused, or held for being late")
    ]
    doubtful: Annotated[bool, Meta(description="An earlier send of it may be out, though it is active")]
    external_id: Annotated[str | None, Meta(description="What the platform calls the published post")]
    error: Annotated[str | None, Meta(description="Why the latest attempt did not succeed")]
    retry_of: Annotated[UUID | None, Meta(description="The FAILED or MISSED schedule that this one makes good for")]
    intent: Annotated[IntentKind, Meta(description="Whether a wall time or an instant was asked for")]
    local_time: Annotated[
        str | None,
        Meta(
            description="The wall time as asked, without an offset; null for an instant",
            examples=["2030-03-18T19:00:00"],
        ),
    ]
    timezone: ZoneName
    disambiguation: Disambiguation | None
    resolution: Annotated[Resolution, Meta(description="How the wall time became an instant")]
    tz_release: Annotated[str, Meta(description="The IANA release whose rules were used", examples=["2026f"])]
    scheduler: Annotated[SchedulerKind | None, Meta(description="Who chose the time; null: a caller did")]
    version: Annotated[int, Meta(ge=1, description="Rises with every change", examples=[1])]
    warnings: Annotated[
        list[str], Meta(description="What to know about this time: moved, chosen, odd zone", examples=[[]])
    ]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        slot, intent = schedule.slot, schedule.slot.intent
        return cls(
            schedule_id=schedule.schedule_id,
            post_id=schedule.post_id,
            brand_id=schedule.brand_id,
            platform=schedule.platform,
            publish_time=slot.publish_time,
            publish_time_local=slot.local_text(),
            status=schedule.status,
            retry_count=schedule.retry_count,
            holds=sorted(schedule.holds),
            doubtful=schedule.is_doubtful,
            external_id=schedule.external_id,
            error=schedule.error,
            retry_of=schedule.retry_of,
            intent=intent.kind,
            local_time=None if intent.local_time is None else intent.local_time.isoformat(),
            timezone=intent.zone,
            disambiguation=intent.disambiguation,
            resolution=intent.resolution,
            tz_release=intent.tz_release,
            scheduler=schedule.scheduler,
            version=schedule.version,
            warnings=list(slot.warnings()),
            created_at=schedule.created_at,
            updated_at=schedule.updated_at,
        )


class CampaignSchedulesOut(Struct, frozen=True, kw_only=True):
    campaign_id: CampaignId
    schedules: Annotated[list[ScheduleOut], Meta(description="In time order")]

    @classmethod
    def of(cls, campaign_id: UUID, schedules: Sequence[Schedule]) -> Self:
        return cls(campaign_id=campaign_id, schedules=[ScheduleOut.of(schedule) for schedule in schedules])


Cursor = Annotated[
    str | None, Meta(description="Send it as `cursor` to get what follows; null when nothing does", examples=["MzM"])
]


class CampaignSchedulePage(CampaignSchedulesOut, frozen=True, kw_only=True):
    next_cursor: Cursor


class BrandPage(Struct, frozen=True, kw_only=True):
    items: list[BrandOut]
    next_cursor: Cursor


class CampaignPage(Struct, frozen=True, kw_only=True):
    items: list[CampaignOut]
    next_cursor: Cursor


class PostPage(Struct, frozen=True, kw_only=True):
    items: list[PostOut]
    next_cursor: Cursor


class SchedulePage(Struct, frozen=True, kw_only=True):
    items: Annotated[list[ScheduleOut], Meta(description="In time order")]
    next_cursor: Cursor


class ServiceOut(Struct, frozen=True, kw_only=True):
    service: Annotated[str, Meta(examples=["marketmind-scheduler"])]
    version: Annotated[str, Meta(examples=["0.1.0"])]
    status: Annotated[str, Meta(examples=["running"])]
    endpoints: Annotated[
        dict[str, str],
        Meta(
            description="What is offered, by method and path",
            examples=[{"POST /schedule/post/{post_id}": "Schedule a post", "GET /docs": "Explore and try the API"}],
        ),
    ]


class HealthOut(Struct, frozen=True, kw_only=True):
    status: Annotated[str, Meta(examples=["healthy"])]
    timestamp: Moment


class ReadinessOut(Struct, frozen=True, kw_only=True):
    status: Annotated[str, Meta(examples=["ready"])]
    timestamp: Moment
    checks: Annotated[dict[str, str], Meta(examples=[{"database": "ok", "schema": "ok", "time_zones": "ok"}])]
    tz_release: Annotated[str, Meta(description="The release of the time zone rules in use", examples=["2026f"])]


class ProblemKindOut(Struct, frozen=True, kw_only=True):
    code: Annotated[str, Meta(examples=["already_scheduled"])]
    status: Annotated[int, Meta(examples=[409])]
    meaning: Annotated[str, Meta(examples=["The post has an active schedule at another time."])]
