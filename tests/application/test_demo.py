"""When the demo data has to be renewed."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.application.demo import DEMO_CAMPAIGN, DEMO_CAMPAIGNS
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from tests.builders import a_brand, a_campaign, a_post, a_schedule, a_slot, given
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage

FIRST_DAY, LAST_DAY = date(2027, 3, 1), date(2027, 3, 7)
LAST_GOOD_SECOND = datetime(2027, 3, 5, 7, 59, 59, tzinfo=UTC)
"""On the fourth, in Los Angeles: three whole days are left, as many as there are posts."""
NOT_ACTIVE_ANY_MORE = (ScheduleStatus.CANCELLED, ScheduleStatus.COMPLETED, ScheduleStatus.MISSED)


async def given_campaign(storage: InMemoryStorage, campaign_id: UUID, *, last_day: date = LAST_DAY) -> Post:
    """A campaign with three posts; the first of them."""
    posts = [a_post(campaign_id=campaign_id) for _ in range(3)]
    campaign = a_campaign(campaign_id=campaign_id, start_date=FIRST_DAY, end_date=last_day)
    await given(storage, a_brand(), campaign, *posts)
    return posts[0]


@pytest.fixture
async def post(storage: InMemoryStorage) -> Post:
    """A post of the first demo campaign; the second one has all the time in the world."""
    await given_campaign(storage, DEMO_CAMPAIGNS[1], last_day=date(2028, 3, 7))
    return await given_campaign(storage, DEMO_CAMPAIGN)


@pytest.mark.usefixtures("post")
async def test_the_demo_goes_on_while_as_many_whole_days_are_left_as_posts(
    use_cases: UseCases, clock: FrozenClock
) -> None:
    clock.set(LAST_GOOD_SECOND)

    assert not await use_cases.demo.is_over()


@pytest.mark.usefixtures("post")
async def test_the_demo_is_over_with_fewer_whole_days_left_than_posts(use_cases: UseCases, clock: FrozenClock) -> None:
    clock.set(LAST_GOOD_SECOND + timedelta(seconds=1))

    assert await use_cases.demo.is_over()


@pytest.mark.usefixtures("post")
async def test_a_demo_that_somebody_deleted_does_not_come_back_by_itself(
    use_cases: UseCases, clock: FrozenClock
) -> None:
    clock.set(LAST_GOOD_SECOND + timedelta(days=30))

    await use_cases.deleting.delete(Doomed(Noun.CAMPAIGN, DEMO_CAMPAIGN))

    assert not await use_cases.demo.is_over()


@pytest.mark.usefixtures("post")
async def test_a_demo_that_is_not_over_can_be_scheduled(use_cases: UseCases, clock: FrozenClock) -> None:
    clock.set(LAST_GOOD_SECOND)

    _, is_new = await use_cases.campaign_scheduling.schedule(
        DEMO_CAMPAIGN, kind=SchedulerKind.NAIVE, platforms=frozenset(Platform)
    )

    assert is_new


@pytest.mark.parametrize("campaign_id", DEMO_CAMPAIGNS)
async def test_the_demo_is_over_when_one_of_its_campaigns_is(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, campaign_id: UUID
) -> None:
    for each in DEMO_CAMPAIGNS:
        await given_campaign(storage, each, last_day=LAST_DAY if each == campaign_id else date(2028, 3, 7))
    clock.set(LAST_GOOD_SECOND + timedelta(seconds=1))

    assert await use_cases.demo.is_over()


@pytest.mark.parametrize("campaign_id", DEMO_CAMPAIGNS)
async def test_the_demo_is_over_when_one_of_its_campaigns_is_gone(
    use_cases: UseCases, storage: InMemoryStorage, campaign_id: UUID
) -> None:
    await given_campaign(storage, campaign_id)

    assert await use_cases.demo.is_over()


async def test_the_demo_goes_on_while_something_of_it_is_scheduled_ahead(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, post: Post
) -> None:
    await given(storage, a_schedule(post, slot=a_slot("2027-03-07T19:00")))
    clock.set(LAST_GOOD_SECOND + timedelta(days=2))

    assert not await use_cases.demo.is_over()


async def test_a_campaign_that_is_over_takes_nothing_from_one_that_has_schedules_ahead(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, post: Post
) -> None:
    await given_campaign(storage, DEMO_CAMPAIGNS[1], last_day=FIRST_DAY)
    await given(storage, a_schedule(post, slot=a_slot("2027-03-07T19:00")))
    clock.set(LAST_GOOD_SECOND)

    assert not await use_cases.demo.is_over()


async def test_a_time_that_has_passed_keeps_no_demo_going(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, post: Post
) -> None:
    await given(storage, a_schedule(post, slot=a_slot("2027-03-04T19:00")))
    clock.set(LAST_GOOD_SECOND + timedelta(days=2))

    assert await use_cases.demo.is_over()


@pytest.mark.parametrize("status", NOT_ACTIVE_ANY_MORE)
async def test_what_will_not_be_sent_keeps_no_demo_going(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, post: Post, status: ScheduleStatus
) -> None:
    await given(storage, a_schedule(post, slot=a_slot("2027-03-07T19:00"), status=status))
    clock.set(LAST_GOOD_SECOND + timedelta(days=2))

    assert await use_cases.demo.is_over()
