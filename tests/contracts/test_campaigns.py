"""What CampaignRepository promises."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import CampaignNotFound
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given, new_id


async def test_a_campaign_is_read_as_it_was_saved(storage: Storage) -> None:
    campaign = a_campaign(status=CampaignStatus.PAUSED, updated_at=NOW + timedelta(microseconds=1))

    await given(storage, a_brand(), campaign)

    async with storage.reading() as stored:
        assert await stored.campaigns.get(CAMPAIGN_ID) == campaign
        assert await stored.campaigns.find(CAMPAIGN_ID) == campaign


async def test_an_unknown_campaign_is_not_found(storage: Storage) -> None:
    await given(storage, a_brand(), a_campaign())
    unknown = new_id()

    async with storage.reading() as stored:
        assert await stored.campaigns.find(unknown) is None
        with pytest.raises(CampaignNotFound) as missing:
            await stored.campaigns.get(unknown)

    assert missing.value.details == {"campaign_id": unknown}


async def test_the_posts_of_a_campaign_are_counted_whatever_was_saved(storage: Storage) -> None:
    other = a_campaign(campaign_id=new_id())
    posts = [a_post(campaign_id=CAMPAIGN_ID), a_post(campaign_id=CAMPAIGN_ID)]
    await given(storage, a_brand(), a_campaign(), other, *posts, a_post(campaign_id=other.campaign_id), a_post())

    async with storage.unit_of_work() as work:
        saved = await work.campaigns.save(a_campaign(post_count=7))
        found = await work.campaigns.find(CAMPAIGN_ID)
        listed = await work.campaigns.list(brand_id=None, status=None, limit=10, after=None)

    assert saved.post_count == 2
    assert found == saved
    assert {campaign.campaign_id: campaign.post_count for campaign in listed} == {
        CAMPAIGN_ID: 2,
        other.campaign_id: 1,
    }


async def test_saving_a_campaign_again_replaces_name_goal_and_dates_only(storage: Storage) -> None:
    later = NOW + timedelta(days=1)
    other_brand = a_brand(brand_id=new_id())
    await given(storage, a_brand(), other_brand, a_campaign(status=CampaignStatus.SCHEDULED))

    async with storage.unit_of_work() as work:
        saved = await work.campaigns.save(
            a_campaign(
                brand_id=other_brand.brand_id,
                name="Summer launch",
                goal="Sell the old line",
                start_date=date(2027, 6, 1),
                end_date=date(2027, 6, 2),
                status=CampaignStatus.DRAFT,
                created_at=later,
                updated_at=later,
            )
        )
        await work.commit()

    expected = a_campaign(
        brand_id=BRAND_ID,
        name="Summer launch",
        goal="Sell the old line",
        start_date=date(2027, 6, 1),
        end_date=date(2027, 6, 2),
        status=CampaignStatus.SCHEDULED,
        created_at=NOW,
        updated_at=later,
    )
    assert saved == expected
    async with storage.reading() as stored:
        assert await stored.campaigns.get(CAMPAIGN_ID) == expected


async def follow_schedules(storage: Storage, campaign_id: UUID) -> None:
    async with storage.unit_of_work() as work:
        await work.campaigns.lock(campaign_id)
        await work.campaigns.follow_schedules(campaign_id)
        await work.commit()


async def find(storage: Storage, campaign_id: UUID) -> Campaign | None:
    async with storage.reading() as stored:
        return await stored.campaigns.find(campaign_id)


@pytest.mark.parametrize(
    ("schedules", "status"),
    [
        (["PENDING"], "SCHEDULED"),
        (["PUBLISHING"], "SCHEDULED"),
        (["UNCONFIRMED", "FAILED", "MISSED"], "SCHEDULED"),
        (["PENDING", "COMPLETED"], "ACTIVE"),
        (["UNCONFIRMED", "COMPLETED", "CANCELLED"], "ACTIVE"),
        (["COMPLETED", "FAILED", "MISSED", "CANCELLED"], "COMPLETED"),
        (["FAILED"], "COMPLETED"),
        (["MISSED"], "COMPLETED"),
    ],
)
async def test_a_campaign_follows_the_schedules_of_its_own_posts(
    storage: Storage, schedules: list[str], status: str
) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID) for _ in schedules]
    other, elsewhere = a_campaign(campaign_id=new_id()), a_post()
    stored = [a_schedule(post, status=ScheduleStatus(each)) for post, each in zip(posts, schedules, strict=True)]
    await given(storage, a_brand(), a_campaign(), other, *posts, elsewhere, *stored, a_schedule(elsewhere))

    await follow_schedules(storage, CAMPAIGN_ID)
    await follow_schedules(storage, other.campaign_id)

    changed = await find(storage, CAMPAIGN_ID)
    assert changed is not None
    assert changed.updated_at != NOW
    assert changed == a_campaign(status=CampaignStatus(status), post_count=len(posts), updated_at=changed.updated_at)
    assert await find(storage, other.campaign_id) == other


@pytest.mark.parametrize("schedules", [[], [ScheduleStatus.CANCELLED]])
async def test_a_campaign_is_a_draft_while_nothing_of_it_is_to_be_sent_or_was(
    storage: Storage, schedules: list[ScheduleStatus]
) -> None:
    post = a_post(campaign_id=CAMPAIGN_ID)
    cancelled = [a_schedule(post, status=each) for each in schedules]
    await given(storage, a_brand(), a_campaign(status=CampaignStatus.ACTIVE), post, *cancelled)

    await follow_schedules(storage, CAMPAIGN_ID)

    changed = await find(storage, CAMPAIGN_ID)
    assert changed is not None
    assert changed.status is CampaignStatus.DRAFT


async def test_a_campaign_whose_status_stays_is_not_touched(storage: Storage) -> None:
    await given(storage, a_brand(), a_campaign())

    await follow_schedules(storage, CAMPAIGN_ID)

    assert await find(storage, CAMPAIGN_ID) == a_campaign()


async def test_campaigns_are_listed_by_id_page_by_page(storage: Storage) -> None:
    await given(storage, a_brand(), *(a_campaign(campaign_id=UUID(int=number)) for number in (4, 1, 5, 3, 2)))

    async with storage.reading() as stored:
        first = await stored.campaigns.list(brand_id=None, status=None, limit=2, after=None)
        second = await stored.campaigns.list(brand_id=None, status=None, limit=2, after=UUID(int=2))
        last = await stored.campaigns.list(brand_id=None, status=None, limit=2, after=UUID(int=4))

    pages = [[campaign.campaign_id.int for campaign in page] for page in (first, second, last)]
    assert pages == [[1, 2], [3, 4], [5]]


OTHER_BRAND_ID = UUID(int=2)


@pytest.mark.parametrize(
    ("brand_id", "status", "chosen"),
    [
        (None, None, [1, 2, 3, 4]),
        (BRAND_ID, None, [1, 3]),
        (None, CampaignStatus.SCHEDULED, [3, 4]),
        (OTHER_BRAND_ID, CampaignStatus.SCHEDULED, [4]),
        (BRAND_ID, CampaignStatus.CANCELLED, []),
    ],
)
async def test_campaigns_are_listed_by_brand_and_status(
    storage: Storage, brand_id: UUID | None, status: CampaignStatus | None, chosen: list[int]
) -> None:
    scheduled = CampaignStatus.SCHEDULED
    await given(
        storage,
        a_brand(),
        a_brand(brand_id=OTHER_BRAND_ID),
        a_campaign(campaign_id=UUID(int=1)),
        a_campaign(campaign_id=UUID(int=2), brand_id=OTHER_BRAND_ID),
        a_campaign(campaign_id=UUID(int=3), status=scheduled),
        a_campaign(campaign_id=UUID(int=4), brand_id=OTHER_BRAND_ID, status=scheduled),
    )

    async with storage.reading() as stored:
        listed = await stored.campaigns.list(brand_id=brand_id, status=status, limit=10, after=None)

    assert [campaign.campaign_id.int for campaign in listed] == chosen


async def places(storage: Storage) -> Mapping[UUID, int]:
    async with storage.reading() as stored:
        listed = await stored.posts.list_of_campaign(CAMPAIGN_ID, platforms=frozenset(Platform))
    return {post.post_id: post.position for post in listed}


async def test_posts_take_among_themselves_the_order_that_is_given_and_others_keep_their_places(
    storage: Storage,
) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(6)]
    await given(storage, a_brand(), a_campaign(), *posts)
    before, (first, second, third, fourth, *others) = await places(storage), [post.post_id for post in posts]

    async with storage.unit_of_work() as work:
        await work.campaigns.arrange([fourth, second, first], now=NOW + timedelta(days=1))
        await work.commit()

    after = await places(storage)
    assert list(after) == [fourth, second, third, first, *others]
    assert sorted(after.values()) == sorted(before.values())
    async with storage.reading() as stored:
        changed = {post.post_id for post in await stored.posts.find_all(list(before)) if post.updated_at > NOW}
    assert changed == {fourth, first}


async def test_ten_thousand_posts_are_turned_round_at_once(storage: Storage) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(10_000)]
    await given(storage, a_brand(), a_campaign(), *posts)
    backwards = [post.post_id for post in reversed(posts)]

    async with storage.unit_of_work() as work:
        await work.campaigns.arrange(backwards, now=NOW)
        await work.commit()

    assert list(await places(storage)) == backwards
