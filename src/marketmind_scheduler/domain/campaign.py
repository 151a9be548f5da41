"""A campaign: what a brand wants out between two calendar dates."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.errors import CampaignTooLong, DatesReversed
from marketmind_scheduler.domain.schedule import ScheduleStatus

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

    def __post_init__(self) -> None:
        days = (self.end_date - self.start_date).days + 1
        if days < 1:
            raise DatesReversed(start_date=self.start_date, end_date=self.end_date)
        if days > MOST_CAMPAIGN_DAYS:
            raise CampaignTooLong(days=days, most=MOST_CAMPAIGN_DAYS)
