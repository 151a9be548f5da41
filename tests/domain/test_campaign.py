"""A campaign has at least one day and no more than can be planned, and stands where its schedules are."""

from datetime import date, timedelta

import pytest

from marketmind_scheduler.domain.campaign import MOST_CAMPAIGN_DAYS, CampaignStatus, status_of
from marketmind_scheduler.domain.errors import CampaignTooLong, DatesReversed
from tests.builders import a_campaign

FIRST_DAY = date(2027, 3, 10)


def last_day_of(days: int) -> date:
    return FIRST_DAY + timedelta(days=days - 1)


@pytest.mark.parametrize("days", [1, 2, MOST_CAMPAIGN_DAYS])
def test_a_campaign_of_one_day_to_five_years_can_be_made(days: int) -> None:
    assert a_campaign(start_date=FIRST_DAY, end_date=last_day_of(days)).end_date == last_day_of(days)


@pytest.mark.parametrize("days", [0, -5])
def test_a_campaign_cannot_end_before_it_starts(days: int) -> None:
    with pytest.raises(DatesReversed, match="comes before start_date 2027-03-10"):
        a_campaign(start_date=FIRST_DAY, end_date=last_day_of(days))


def test_a_campaign_longer_than_five_years_cannot_be_planned() -> None:
    with pytest.raises(CampaignTooLong, match="spans 1828 days; at most 1827 can be planned"):
        a_campaign(start_date=FIRST_DAY, end_date=last_day_of(MOST_CAMPAIGN_DAYS + 1))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ("", CampaignStatus.DRAFT),
        ("active", CampaignStatus.SCHEDULED),
        ("active, finished", CampaignStatus.SCHEDULED),
        ("active, published, finished", CampaignStatus.ACTIVE),
        ("published, finished", CampaignStatus.COMPLETED),
        ("finished", CampaignStatus.COMPLETED),
    ],
)
def test_a_campaign_stands_where_its_schedules_are_unless_it_is_paused(found: str, status: CampaignStatus) -> None:
    is_there = {f"is_{name}": name in found for name in ("active", "published", "finished")}

    assert status_of(is_paused=False, **is_there) is status
    assert status_of(is_paused=True, **is_there) is CampaignStatus.PAUSED
