"""Brands, campaigns and posts as they are sent and shown."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from marketmind_scheduler.adapters.http.shapes.fields import (
    Body,
    BrandId,
    CampaignId,
    Cursor,
    Day,
    LongText,
    MediaUrl,
    Moment,
    Name,
    PostId,
    Title,
)
from marketmind_scheduler.adapters.http.shapes.unset import said, text
from marketmind_scheduler.domain.campaign import Campaign, CampaignChange, CampaignStatus
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.saying import UNSAID
from marketmind_scheduler.domain.written_times import read_day


class CampaignIn(Body, frozen=True):
    """What is left out stays as it is stored. A new campaign needs its brand, its name and its days."""

    brand_id: BrandId | UnsetType = UNSET
    name: Annotated[Name, Meta(examples=["Spring launch"])] | UnsetType = UNSET
    start_date: Day | UnsetType = UNSET
    end_date: Annotated[Day, Meta(description="The last day, included", examples=["2030-03-21"])] | UnsetType = UNSET
    goal: Annotated[LongText, Meta(examples=["Make the new line known"])] | UnsetType | None = UNSET

    def said(self) -> CampaignChange:
        """Raises UnreadableTime."""
        return CampaignChange(
            brand_id=said(self.brand_id),
            name=said(self.name),
            goal=text(self.goal),
            start_date=UNSAID if self.start_date is UNSET else read_day(self.start_date),
            end_date=UNSAID if self.end_date is UNSET else read_day(self.end_date),
        )


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
    warnings: Annotated[
        list[str], Meta(description="What to know about it: schedules that lie outside its days", examples=[[]])
    ]
    schedules_outside: (
        Annotated[int, Meta(ge=1, description="PENDING schedules outside its days; left out where none is")] | UnsetType
    ) = UNSET
    schedules_link: Annotated[str, Meta(description="Lists them")] | UnsetType = UNSET

    @classmethod
    def of(cls, campaign: Campaign, outside: int = 0) -> Self:
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
            warnings=_of_those_outside(campaign, outside),
            schedules_outside=outside or UNSET,
            schedules_link=f"/schedule?campaign_id={campaign.campaign_id}&differs=dates" if outside else UNSET,
        )


def _of_those_outside(campaign: Campaign, outside: int) -> list[str]:
    if not outside:
        return []
    days = f"{campaign.start_date} to {campaign.end_date}"
    shift = f"give it its old days back and let POST /campaigns/{campaign.campaign_id}/shift move both together"
    return [f"{outside} of its PENDING schedules lie outside its days, {days}; move them, or {shift}"]


class PostIn(Body, frozen=True):
    """What is left out stays as it is stored. A new post needs its brand, title, media and platform."""

    brand_id: BrandId | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    s3_url: MediaUrl | UnsetType = UNSET
    platform: Platform | UnsetType = UNSET
    campaign_id: CampaignId | UnsetType | None = UNSET
    take_schedule: Annotated[
        bool,
        Meta(description="Where it leaves its campaign: take its active schedule along, and whatever holds it not"),
    ] = False

    def said(self, post_id: UUID) -> PostChange:
        return PostChange(
            post_id=post_id,
            brand_id=said(self.brand_id),
            campaign_id=said(self.campaign_id),
            title=said(self.title),
            s3_url=said(self.s3_url),
            platform=said(self.platform),
        )


class PostOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    brand_id: BrandId
    campaign_id: CampaignId | None
    title: Title
    s3_url: MediaUrl
    platform: Platform
    position: Annotated[int, Meta(ge=1, description="Rises in the order of its campaign's posts", examples=[1])]
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


class ChangedPostOut(PostOut, frozen=True, kw_only=True, omit_defaults=True):
    warnings: Annotated[
        list[str],
        Meta(description="Only where it changed after a send of it had begun: what is live may be what it said before"),
    ] = []

    @classmethod
    def of_changed(cls, post: Post) -> Self:
        return cls(**asdict(PostOut.of(post)), warnings=list(post.warnings))


class CampaignPage(Struct, frozen=True, kw_only=True):
    items: list[CampaignOut]
    next_cursor: Cursor


class PostPage(Struct, frozen=True, kw_only=True):
    items: list[PostOut]
    next_cursor: Cursor
