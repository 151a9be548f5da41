"""What agents say to the tools, decoded as strictly as bodies are."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.adapters.http.shapes.fields import Body, BrandId, CampaignId, PostId
from marketmind_scheduler.adapters.http.shapes.plan_commits import CommitIn
from marketmind_scheduler.adapters.http.shapes.plans import PlanId, PlanIn
from marketmind_scheduler.adapters.http.words.taken import told_as
from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.zones import ZoneCatalog

WallTime = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
        extra=told_as(
            "a wall time without an offset, such as 2030-03-18T19:00:00; `timezone` says whose clock shows it"
        ),
        description="A wall time as clocks in `timezone` show it, YYYY-MM-DDTHH:MM:SS, with neither `Z` nor an offset",
        examples=["2030-03-18T19:00:00"],
    ),
]
Timezone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="The IANA time zone id of that clock. Where a person names none, ask them, or take the brand's: "
        "`brand_default_timezone` in find_brands",
        examples=["America/Los_Angeles"],
    ),
]
IdempotencyKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        extra=told_as("1 to 255 visible ASCII characters; a UUID is a good one"),
        description="A text of your own for this one wish; a UUID is a good one. The same call again under the same "
        "key has the same answer and no second effect",
        examples=["0d9f0c1e-7f0b-4f5e-9f57-2f6f3c1f9a10"],
    ),
]


class Time(Body, frozen=True):
    local_time: WallTime
    timezone: Timezone

    def asked(self) -> AskedTime:
        return AskedTime(text=self.local_time, zone=self.timezone)

    def instant(self, zones: ZoneCatalog) -> datetime:
        """Raises what ``read_slot`` raises."""
        return self.asked().slot(self.timezone, zones).publish_time

    def in_one_text(self) -> str:
        """As RFC 9557 writes it."""
        return f"{self.local_time}[{self.timezone}]"


class Page(Body, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100, description="How many to return at most")] = 20
    cursor: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description="`next_cursor` of the page before, with all else the same"),
    ] = None


class FindBrands(Page, frozen=True):
    """Every brand that exists for the caller."""


class FindCampaigns(Page, frozen=True):
    brand_id: Annotated[UUID | None, Meta(description="Only this brand's")] = None
    status: Annotated[CampaignStatus | None, Meta(description="Only those with this status")] = None


class FindPosts(Page, frozen=True):
    brand_id: Annotated[UUID | None, Meta(description="Only this brand's")] = None
    campaign_id: Annotated[UUID | None, Meta(description="Only this campaign's, in its order")] = None
    platform: Annotated[Platform | None, Meta(description="Only on this platform")] = None


class ListSchedules(Page, frozen=True):
    brand_id: Annotated[UUID | None, Meta(description="Only this brand's")] = None
    campaign_id: Annotated[UUID | None, Meta(description="Only this campaign's")] = None
    platform: Annotated[Platform | None, Meta(description="Only on this platform")] = None
    status: Annotated[ScheduleStatus | None, Meta(description="Only those with this status")] = None
    not_before: Annotated[Time | None, Meta(description="Only from this time on")] = None
    before: Annotated[Time | None, Meta(description="Only up to this time, which is not included")] = None


class ExplainSchedule(Body, frozen=True):
    schedule_id: Annotated[UUID | None, Meta(description="This schedule, whatever became of it")] = None
    post_id: Annotated[
        UUID | None, Meta(description="Instead: the active schedule of this post, else its latest one")
    ] = None


class PreviewPlan(PlanIn, frozen=True, kw_only=True):
    campaign_id: CampaignId
    idempotency_key: IdempotencyKey | None = None

    def check_key(self) -> None:
        """A call that takes something needs a key. Raises Malformed."""
        if self.hold_seconds and self.idempotency_key is None:
            raise Malformed(
                "it is missing, and hold_seconds takes slots: a call that is repeated without it would take others too",
                at="$.idempotency_key",
            )


class ReadPlan(Body, frozen=True):
    plan_id: PlanId


class WhyNotThen(Time, frozen=True, kw_only=True):
    plan_id: PlanId
    post_id: Annotated[PostId, Meta(description="A post that the plan places or leaves out")]


class CheckTime(Time, frozen=True, kw_only=True):
    post_id: PostId


class ReadAudience(Body, frozen=True):
    brand_id: BrandId
    platform: Annotated[Platform, Meta(description="On which platform")]


class CommitPlan(CommitIn, frozen=True, kw_only=True):
    plan_id: PlanId
    idempotency_key: IdempotencyKey
