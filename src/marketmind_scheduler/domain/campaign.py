"""A campaign: what a brand wants out between two calendar dates."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.errors import CampaignTooLong, DatesReversed, FixedField, ScheduledInCampaign
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept, needed
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import days_in

MOST_CAMPAIGN_DAYS = 1827  # five years
PUBLISHED = frozenset({ScheduleStatus.COMPLETED})
FINISHED = PUBLISHED | {ScheduleStatus.FAILED, ScheduleStatus.MISSED}
"""What has gone its way; a CANCELLED schedule leaves its post as if it had never been scheduled."""


class CampaignStatus(StrEnum):
    DRAFT = "DRAFT"  # nothing of it is scheduled
    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"  # some of it is published, some is still to come
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"  # nothing is left to do
    CANCELLED = "CANCELLED"


UNDER_WAY = frozenset({CampaignStatus.SCHEDULED, CampaignStatus.ACTIVE, CampaignStatus.PAUSED})
"""Something of it is ahead. What is over of it stays as long: asked for again, its plan is compared with all it had."""


def status_of(*, is_paused: bool, is_active: bool, is_published: bool, is_finished: bool) -> CampaignStatus:
    """Where a campaign stands: paused, or by whether one of its schedules is active, PUBLISHED, FINISHED."""
    if is_paused:
        return CampaignStatus.PAUSED
    if is_active:
        return CampaignStatus.ACTIVE if is_published else CampaignStatus.SCHEDULED
    return CampaignStatus.COMPLETED if is_finished else CampaignStatus.DRAFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What a brand wants out from ``start_date`` to ``end_date``, both included, in the brand's zone.

    Making one raises DatesReversed or CampaignTooLong where its dates cannot be planned.
    """

    campaign_id: UUID
    brand_id: UUID
    name: str
    goal: str
    start_date: date
    end_date: date
    status: CampaignStatus
    post_count: int
    created_at: datetime
    updated_at: datetime
    zone: str = field(default="UTC", compare=False)  # its brand's, as the storage knows

    @property
    def days(self) -> tuple[datetime, datetime]:
        """When it begins and is over."""
        return days_in(self.start_date, self.end_date, self.zone)

    def __post_init__(self) -> None:
        days = (self.end_date - self.start_date).days + 1
        if days < 1:
            raise DatesReversed(start_date=self.start_date, end_date=self.end_date)
        if days > MOST_CAMPAIGN_DAYS:
            raise CampaignTooLong(days=days, most=MOST_CAMPAIGN_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChange:
    """What a caller says of a campaign."""

    brand_id: UUID | Unsaid = UNSAID
    name: str | Unsaid = UNSAID
    goal: str | Unsaid = UNSAID
    start_date: date | Unsaid = UNSAID
    end_date: date | Unsaid = UNSAID

    def over(self, stored: Campaign | None, *, campaign_id: UUID, now: datetime) -> Campaign:
        """The campaign as it is after this: ``stored`` itself where nothing of it changes. Raises FieldMissing,
        FixedField for another brand, DatesReversed, CampaignTooLong."""
        if stored is None:
            return self._new(campaign_id, now)
        if kept(self.brand_id, stored.brand_id) != stored.brand_id:
            raise FixedField("campaign", campaign_id, field="brand_id", current=stored.brand_id, given=self.brand_id)
        changed = replace(
            stored,
            name=kept(self.name, stored.name),
            goal=kept(self.goal, stored.goal),
            start_date=kept(self.start_date, stored.start_date),
            end_date=kept(self.end_date, stored.end_date),
        )
        return stored if changed == stored else replace(changed, updated_at=now)

    def _new(self, campaign_id: UUID, now: datetime) -> Campaign:
        return Campaign(
            campaign_id=campaign_id,
            brand_id=needed(self.brand_id, "campaign", "brand_id"),
            name=needed(self.name, "campaign", "name"),
            goal=kept(self.goal, ""),
            start_date=needed(self.start_date, "campaign", "start_date"),
            end_date=needed(self.end_date, "campaign", "end_date"),
            status=CampaignStatus.DRAFT,
            post_count=0,
            created_at=now,
            updated_at=now,
        )


def check_may_leave(post: Post, *, to: UUID | None, active: Schedule | None) -> None:
    """A post does not leave its campaign behind the back of what holds and cancels its schedule: raises
    ScheduledInCampaign."""
    if post.campaign_id not in (None, to) and active is not None:
        raise ScheduledInCampaign(
            post.post_id, campaign_id=post.campaign_id, schedule_id=active.schedule_id, status=active.status
        )
