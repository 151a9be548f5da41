"""Registering and reading brands, campaigns and posts."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignChange, CampaignStatus
from marketmind_scheduler.domain.errors import (
    BrandMismatch,
    BrandNotFound,
    CampaignNotFound,
    CampaignTooLong,
    DatesReversed,
    DuplicatePost,
    FixedField,
    PostInOtherCampaign,
    PostNotFound,
    UnknownZone,
)
from marketmind_scheduler.domain.post import Platform, Post
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    ZONE,
    a_brand,
    a_campaign,
    a_post,
    a_schedule,
    all_of_brand,
    all_of_campaign,
    all_of_post,
    given,
    new_id,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage

DAY = timedelta(days=1)
OTHER_BRAND_ID = UUID(int=1)
OTHER_CAMPAIGN_ID = UUID(int=2)


async def put_brand(use_cases: UseCases, *, default_zone: str = ZONE) -> tuple[Brand, bool]:
    brand, is_new, _ = await use_cases.catalog.put_brand(BRAND_ID, all_of_brand(a_brand(default_zone=default_zone)))
    return brand, is_new


async def put_campaign(use_cases: UseCases, campaign: Campaign) -> tuple[Campaign, bool]:
    return await use_cases.catalog.put_campaign(campaign.campaign_id, all_of_campaign(campaign))


async def put_post(use_cases: UseCases, post: Post) -> tuple[Post, bool]:
    return await use_cases.catalog.put_post(all_of_post(post))


async def test_a_new_brand_is_registered(use_cases: UseCases) -> None:
    brand, is_new = await put_brand(use_cases)

    assert is_new
    assert brand == a_brand()
    assert await use_cases.catalog.get_brand(BRAND_ID) == brand


async def test_a_known_brand_is_replaced_and_keeps_its_creation(use_cases: UseCases, clock: FrozenClock) -> None:
    await put_brand(use_cases)
    clock.advance(DAY)

    brand, is_new = await put_brand(use_cases, default_zone="Europe/Berlin")

    assert not is_new
    assert brand == a_brand(default_zone="Europe/Berlin", created_at=NOW, updated_at=NOW + DAY)
    assert await use_cases.catalog.get_brand(BRAND_ID) == brand


async def test_a_brand_in_an_unknown_zone_is_refused_and_changes_nothing(use_cases: UseCases) -> None:
    await put_brand(use_cases)

    with pytest.raises(UnknownZone):
        await put_brand(use_cases, default_zone="Mars/Olympus_Mons")

    assert await use_cases.catalog.get_brand(BRAND_ID) == a_brand()


async def test_a_brands_new_zone_leaves_alone_what_named_its_own(use_cases: UseCases, storage: InMemoryStorage) -> None:
    post = a_post()
    schedule = a_schedule(post)
    await given(storage, a_brand(), post, schedule)

    await put_brand(use_cases, default_zone="Asia/Tokyo")

    assert await use_cases.post_scheduling.get(post.post_id) == schedule


async def test_a_new_campaign_is_a_draft_without_posts(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand())

    campaign, is_new = await put_campaign(use_cases, a_campaign(status=CampaignStatus.SCHEDULED, post_count=9))

    assert is_new
    assert campaign == a_campaign(status=CampaignStatus.DRAFT, post_count=0)
    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == campaign


async def test_a_known_campaign_is_replaced_and_keeps_status_posts_and_schedules(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock
) -> None:
    post = a_post(campaign_id=CAMPAIGN_ID)
    schedule = a_schedule(post)
    await given(storage, a_brand(), a_campaign(status=CampaignStatus.SCHEDULED), post, schedule)
    clock.advance(DAY)
    new = a_campaign(name="Summer", goal="Sell", start_date=date(2027, 6, 1), end_date=date(2027, 6, 2))

    campaign, is_new = await put_campaign(use_cases, new)

    assert not is_new
    assert campaign == replace(new, status=CampaignStatus.SCHEDULED, post_count=1, updated_at=NOW + DAY)
    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == campaign
    kept = await use_cases.post_scheduling.get(post.post_id)
    assert (kept.slot, kept.version) == (schedule.slot, schedule.version + 1)


async def test_a_campaign_that_is_over_may_be_registered(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand())

    campaign, _ = await put_campaign(use_cases, a_campaign(start_date=date(2020, 1, 1), end_date=date(2020, 1, 1)))

    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == campaign


async def test_a_campaign_of_an_unknown_brand_is_refused(use_cases: UseCases) -> None:
    with pytest.raises(BrandNotFound) as refused:
        await put_campaign(use_cases, a_campaign())

    assert refused.value.details == {"brand_id": BRAND_ID}
    with pytest.raises(CampaignNotFound):
        await use_cases.catalog.get_campaign(CAMPAIGN_ID)


async def test_a_campaign_never_changes_its_brand(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), a_campaign())

    with pytest.raises(FixedField) as refused:
        await put_campaign(use_cases, a_campaign(brand_id=OTHER_BRAND_ID, name="New"))

    assert refused.value.details == {
        "id": CAMPAIGN_ID,
        "field": "brand_id",
        "current": BRAND_ID,
        "given": OTHER_BRAND_ID,
    }
    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == a_campaign()


@pytest.mark.parametrize(
    ("start_date", "end_date", "refusal"),
    [
        (date(2027, 3, 2), date(2027, 3, 1), DatesReversed),
        (date(2027, 1, 1), date(2032, 1, 2), CampaignTooLong),
    ],
)
async def test_dates_that_cannot_be_planned_are_refused(
    use_cases: UseCases, storage: InMemoryStorage, start_date: date, end_date: date, refusal: type[Exception]
) -> None:
    await given(storage, a_brand(), a_campaign())

    with pytest.raises(refusal):
        await use_cases.catalog.put_campaign(
            CAMPAIGN_ID, CampaignChange(name="New", goal="New", start_date=start_date, end_date=end_date)
        )

    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == a_campaign()


async def test_a_campaign_may_last_five_years_to_the_day(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand())

    _, is_new = await put_campaign(use_cases, a_campaign(start_date=date(2027, 1, 1), end_date=date(2032, 1, 1)))

    assert is_new


@pytest.mark.parametrize("campaign_id", [None, CAMPAIGN_ID])
async def test_a_new_post_is_registered(
    use_cases: UseCases, storage: InMemoryStorage, campaign_id: UUID | None
) -> None:
    await given(storage, a_brand(), a_campaign())
    post = a_post(campaign_id=campaign_id)

    stored, is_new = await put_post(use_cases, post)

    assert is_new
    assert stored == replace(post, position=stored.position)
    assert await use_cases.catalog.get_post(post.post_id) == stored


@pytest.mark.parametrize("campaign_id", [None, OTHER_CAMPAIGN_ID])
async def test_a_known_post_is_replaced_and_may_change_its_campaign(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock, campaign_id: UUID | None
) -> None:
    post = a_post(campaign_id=CAMPAIGN_ID)
    await given(storage, a_brand(), a_campaign(), a_campaign(campaign_id=OTHER_CAMPAIGN_ID), post)
    before = await use_cases.catalog.get_post(post.post_id)
    clock.advance(DAY)

    stored, is_new = await put_post(use_cases, replace(post, campaign_id=campaign_id, title="New", s3_url="s3://new"))

    assert not is_new
    assert stored == replace(before, campaign_id=campaign_id, title="New", s3_url="s3://new", updated_at=NOW + DAY)
    assert await use_cases.catalog.get_post(post.post_id) == stored


POST = a_post(campaign_id=CAMPAIGN_ID)


@pytest.mark.parametrize(
    ("post", "refusal"),
    [
        (a_post(brand_id=new_id()), BrandNotFound),
        (a_post(campaign_id=new_id()), CampaignNotFound),
        (a_post(brand_id=OTHER_BRAND_ID, campaign_id=CAMPAIGN_ID), BrandMismatch),
        (replace(POST, brand_id=OTHER_BRAND_ID, campaign_id=None), FixedField),
        (replace(POST, platform=Platform.REDDIT), FixedField),
    ],
    ids=["unknown brand", "unknown campaign", "campaign of another brand", "another brand", "another platform"],
)
async def test_a_post_that_contradicts_what_is_registered_is_refused_and_changes_nothing(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, refusal: type[Exception]
) -> None:
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), a_campaign(), POST)
    before = await use_cases.catalog.get_post(POST.post_id)

    with pytest.raises(refusal):
        await put_post(use_cases, replace(post, title="New"))

    assert await all_posts(use_cases) == [before]


@pytest.mark.parametrize(
    ("read", "missing"),
    [("get_brand", BrandNotFound), ("get_campaign", CampaignNotFound), ("get_post", PostNotFound)],
)
async def test_what_was_never_registered_is_not_found(use_cases: UseCases, read: str, missing: type[Exception]) -> None:
    with pytest.raises(missing):
        await getattr(use_cases.catalog, read)(new_id())


async def all_posts(use_cases: UseCases) -> list[Post]:
    return list(
        await use_cases.catalog.list_posts(brand_id=None, campaign_id=None, platform=None, limit=100, after=None)
    )


async def test_posts_are_registered_in_their_order_and_counted(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand(), a_campaign())
    posts = [a_post(platform=platform, title=platform) for platform in reversed(Platform)]

    registered = await use_cases.campaign_posts.register(CAMPAIGN_ID, [all_of_post(post) for post in reversed(posts)])

    assert (registered.created, registered.updated, registered.unchanged) == (6, 0, 0)
    assert registered.campaign == a_campaign(post_count=6)
    stored = await all_posts(use_cases)
    assert stored == [
        replace(post, campaign_id=CAMPAIGN_ID, position=each.position)
        for post, each in zip(reversed(posts), stored, strict=True)
    ]


async def test_the_same_posts_again_change_nothing(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock
) -> None:
    await given(storage, a_brand(), a_campaign())
    contents = [all_of_post(a_post()), all_of_post(a_post())]
    await use_cases.campaign_posts.register(CAMPAIGN_ID, contents)
    before = await all_posts(use_cases)
    clock.advance(DAY)

    registered = await use_cases.campaign_posts.register(CAMPAIGN_ID, contents)

    assert (registered.created, registered.updated, registered.unchanged) == (0, 0, 2)
    assert registered.campaign == a_campaign(post_count=2)
    assert await all_posts(use_cases) == before


async def test_new_changed_and_unchanged_posts_are_told_apart(
    use_cases: UseCases, storage: InMemoryStorage, clock: FrozenClock
) -> None:
    unchanged, retitled, moved_file, joining = (a_post(campaign_id=CAMPAIGN_ID) for _ in range(4))
    joining = replace(joining, campaign_id=None)
    await given(storage, a_brand(), a_campaign(), unchanged, retitled, moved_file, joining)
    clock.advance(DAY)
    given_now = [
        a_post(),
        unchanged,
        replace(retitled, title="New"),
        replace(moved_file, s3_url="s3://new"),
        joining,
    ]

    registered = await use_cases.campaign_posts.register(CAMPAIGN_ID, [all_of_post(post) for post in given_now])

    assert (registered.created, registered.updated, registered.unchanged) == (1, 3, 1)
    assert registered.campaign.post_count == 5
    after = await all_posts(use_cases)
    assert [post.post_id for post in after] == [post.post_id for post in given_now]
    assert [(post.campaign_id, post.title, post.s3_url) for post in after[1:]] == [
        (CAMPAIGN_ID, unchanged.title, unchanged.s3_url),
        (CAMPAIGN_ID, "New", retitled.s3_url),
        (CAMPAIGN_ID, moved_file.title, "s3://new"),
        (CAMPAIGN_ID, joining.title, joining.s3_url),
    ]


async def test_no_posts_are_nothing_to_register(use_cases: UseCases, storage: InMemoryStorage) -> None:
    await given(storage, a_brand(), a_campaign())

    registered = await use_cases.campaign_posts.register(CAMPAIGN_ID, [])

    assert (registered.created, registered.updated, registered.unchanged) == (0, 0, 0)


OF_OTHER_CAMPAIGN = a_post(campaign_id=OTHER_CAMPAIGN_ID)
OF_OTHER_BRAND = a_post(brand_id=OTHER_BRAND_ID)


@pytest.mark.parametrize(
    ("posts", "refusal"),
    [
        ([POST, POST], DuplicatePost),
        ([replace(POST, platform=Platform.REDDIT)], FixedField),
        ([OF_OTHER_BRAND], FixedField),
        ([OF_OTHER_CAMPAIGN], PostInOtherCampaign),
    ],
    ids=["one post twice", "another platform", "a post of another brand", "a post of another campaign"],
)
async def test_one_post_that_is_refused_keeps_all_posts_out(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post], refusal: type[Exception]
) -> None:
    other_campaign = a_campaign(campaign_id=OTHER_CAMPAIGN_ID)
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), a_campaign(), other_campaign)
    known = a_post(campaign_id=CAMPAIGN_ID)
    await given(storage, known, POST, OF_OTHER_CAMPAIGN, OF_OTHER_BRAND)
    before = await all_posts(use_cases)
    contents = [all_of_post(each) for each in (a_post(), replace(known, title="New"), *posts)]

    with pytest.raises(refusal):
        await use_cases.campaign_posts.register(CAMPAIGN_ID, contents)

    assert await all_posts(use_cases) == before


async def test_posts_of_an_unknown_campaign_are_refused(use_cases: UseCases) -> None:
    with pytest.raises(CampaignNotFound):
        await use_cases.campaign_posts.register(CAMPAIGN_ID, [all_of_post(a_post())])

    assert not await all_posts(use_cases)


async def test_lists_are_passed_on_with_their_filters_and_their_page(
    use_cases: UseCases, storage: InMemoryStorage
) -> None:
    brands = [a_brand(brand_id=UUID(int=number)) for number in (1, 2, 3)]
    campaigns = [a_campaign(campaign_id=UUID(int=number), brand_id=UUID(int=2)) for number in (1, 2, 3)]
    posts = [a_post(brand_id=UUID(int=2), campaign_id=UUID(int=1), platform=Platform.TIKTOK) for _ in range(3)]
    other_campaign = a_campaign(campaign_id=UUID(int=9), brand_id=UUID(int=3))
    await given(storage, *brands, *campaigns, other_campaign, a_post(brand_id=UUID(int=2)), *posts)
    stored = [await use_cases.catalog.get_post(post.post_id) for post in posts]

    listed_brands = await use_cases.catalog.list_brands(limit=1, after=UUID(int=1))
    listed_campaigns = await use_cases.catalog.list_campaigns(
        brand_id=UUID(int=2), status=CampaignStatus.DRAFT, limit=1, after=UUID(int=2)
    )
    no_campaigns = await use_cases.catalog.list_campaigns(
        brand_id=None, status=CampaignStatus.PAUSED, limit=1, after=None
    )
    listed_posts = await use_cases.catalog.list_posts(
        brand_id=UUID(int=2),
        campaign_id=UUID(int=1),
        platform=Platform.TIKTOK,
        limit=1,
        after=stored[0].position,
    )

    assert listed_brands == [brands[1]]
    assert listed_campaigns == [campaigns[2]]
    assert not no_campaigns
    assert listed_posts == [stored[1]]
