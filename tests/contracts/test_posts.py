"""What PostRepository promises."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.errors import PostNotFound
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.ports.storage import LostRace, Storage
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, given, new_id

ALL = frozenset(Platform)
OTHER_BRAND_ID = UUID(int=1)
OTHER_CAMPAIGN_ID = UUID(int=2)


async def test_a_post_is_read_as_it_was_saved_but_for_its_position(storage: Storage) -> None:
    post = a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK, updated_at=NOW + timedelta(microseconds=1))

    await given(storage, a_brand(), a_campaign(), post)

    async with storage.reading() as stored:
        found = await stored.posts.get(post.post_id)
        assert found == replace(post, position=found.position)
        assert await stored.posts.lock(post.post_id) == found


async def test_an_unknown_post_is_not_found(storage: Storage) -> None:
    await given(storage, a_brand(), a_post())
    unknown = new_id()

    async with storage.unit_of_work() as work:
        assert await work.posts.find_all([unknown]) == []
        with pytest.raises(PostNotFound) as not_got:
            await work.posts.get(unknown)
        with pytest.raises(PostNotFound) as not_locked:
            await work.posts.lock(unknown)

    assert not_got.value.details == not_locked.value.details == {"post_id": unknown}


async def test_those_that_exist_are_found_among_many_ids(storage: Storage) -> None:
    here, also_here, not_asked_for = a_post(), a_post(), a_post()
    await given(storage, a_brand(), here, also_here, not_asked_for)

    async with storage.reading() as stored:
        found = await stored.posts.find_all([also_here.post_id, new_id(), here.post_id])
        none = await stored.posts.find_all([])

    assert {post.post_id for post in found} == {here.post_id, also_here.post_id}
    assert not none


async def test_ten_thousand_posts_keep_the_order_in_which_they_are_given(storage: Storage) -> None:
    backwards = sorted((new_id() for _ in range(10_000)), reverse=True)

    await given(
        storage, a_brand(), a_campaign(), *(a_post(post_id=each, campaign_id=CAMPAIGN_ID) for each in backwards)
    )

    async with storage.reading() as stored:
        listed = await stored.posts.list_of_campaign(CAMPAIGN_ID, platforms=ALL)
    assert [post.post_id for post in listed] == backwards


async def test_posts_saved_later_stand_behind_and_posts_saved_again_keep_their_place(storage: Storage) -> None:
    first, second, third = (a_post(campaign_id=CAMPAIGN_ID) for _ in range(3))
    await given(storage, a_brand(), a_campaign(), second)
    await given(storage, third)

    await given(storage, first, replace(third, title="New"), replace(second, title="New"))

    async with storage.reading() as stored:
        listed = await stored.posts.list_of_campaign(CAMPAIGN_ID, platforms=ALL)
    assert [(post.post_id, post.title) for post in listed] == [
        (second.post_id, "New"),
        (third.post_id, "New"),
        (first.post_id, first.title),
    ]


@pytest.mark.parametrize("campaign_id", [OTHER_CAMPAIGN_ID, None])
async def test_saving_a_post_again_replaces_campaign_title_and_url_only(
    storage: Storage, campaign_id: UUID | None
) -> None:
    later = NOW + timedelta(days=1)
    post = a_post(campaign_id=CAMPAIGN_ID)
    other_campaign = a_campaign(campaign_id=OTHER_CAMPAIGN_ID)
    await given(storage, a_brand(), a_campaign(), other_campaign, post)
    async with storage.reading() as stored:
        before = await stored.posts.get(post.post_id)

    await given(
        storage,
        a_post(
            post_id=post.post_id,
            campaign_id=campaign_id,
            title="How it is made",
            s3_url="s3://acme/made.mp4",
            platform=Platform.REDDIT,
            position=12,
            created_at=later,
            updated_at=later,
        ),
    )

    async with storage.reading() as stored:
        assert await stored.posts.get(post.post_id) == replace(
            before, campaign_id=campaign_id, title="How it is made", s3_url="s3://acme/made.mp4", updated_at=later
        )


async def test_a_post_of_another_brand_is_not_overwritten(storage: Storage) -> None:
    post = a_post()
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), post)

    with pytest.raises(LostRace):
        await given(storage, a_post(post_id=post.post_id, brand_id=OTHER_BRAND_ID, title="Mine"))

    async with storage.reading() as stored:
        assert (await stored.posts.get(post.post_id)).title == post.title


async def test_only_posts_that_change_are_touched(storage: Storage) -> None:
    later = NOW + timedelta(days=1)
    of_campaign = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(4)]
    renamed, refiled, leaving, left_alone = of_campaign
    joining, without_campaign = a_post(), a_post()
    await given(storage, a_brand(), a_campaign(), *of_campaign, joining, without_campaign)

    await given(
        storage,
        replace(renamed, title="New", updated_at=later),
        replace(refiled, s3_url="s3://new", updated_at=later),
        replace(leaving, campaign_id=None, updated_at=later),
        replace(joining, campaign_id=CAMPAIGN_ID, updated_at=later),
        replace(left_alone, updated_at=later),
        replace(without_campaign, updated_at=later),
    )

    async with storage.reading() as stored:
        touched = [(await stored.posts.get(post.post_id)).updated_at for post in (renamed, refiled, leaving, joining)]
        untouched = [(await stored.posts.get(post.post_id)).updated_at for post in (left_alone, without_campaign)]
    assert touched == [later] * 4
    assert untouched == [NOW] * 2


@pytest.mark.parametrize(
    ("platforms", "chosen"),
    [
        (ALL, [0, 1, 2]),
        ({Platform.TWITTER}, [0, 2]),
        ({Platform.TIKTOK, Platform.REDDIT}, [1]),
        ({Platform.REDDIT}, []),
        (set[Platform](), []),
    ],
)
async def test_the_posts_of_a_campaign_on_some_platforms_come_in_the_order_of_registration(
    storage: Storage, platforms: set[Platform], chosen: list[int]
) -> None:
    ids = sorted((new_id() for _ in range(3)), reverse=True)
    posts = [
        a_post(post_id=ids[0], campaign_id=CAMPAIGN_ID),
        a_post(post_id=ids[1], campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK),
        a_post(post_id=ids[2], campaign_id=CAMPAIGN_ID),
    ]
    elsewhere = a_post(campaign_id=OTHER_CAMPAIGN_ID)
    await given(
        storage, a_brand(), a_campaign(), a_campaign(campaign_id=OTHER_CAMPAIGN_ID), a_post(), elsewhere, *posts
    )

    async with storage.unit_of_work() as work:
        listed = await work.posts.list_of_campaign(CAMPAIGN_ID, platforms=platforms)
        locked = await work.posts.lock_of_campaign(CAMPAIGN_ID, platforms=platforms)

    assert [post.post_id for post in listed] == [ids[index] for index in chosen]
    assert list(locked) == [ids[index] for index in chosen]


async def test_posts_are_listed_in_the_order_of_registration_page_by_page(storage: Storage) -> None:
    ids = sorted((new_id() for _ in range(5)), reverse=True)
    await given(storage, a_brand(), *(a_post(post_id=post_id) for post_id in ids))

    async def page(after: int | None) -> Sequence[Post]:
        async with storage.reading() as stored:
            return await stored.posts.list(brand_id=None, campaign_id=None, platform=None, limit=2, after=after)

    first = await page(None)
    second = await page(first[-1].position)
    last = await page(second[-1].position)

    pages = [[post.post_id for post in each] for each in (first, second, last)]
    assert pages == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.parametrize(
    ("brand_id", "campaign_id", "platform", "chosen"),
    [
        (None, None, None, [0, 1, 2, 3]),
        (BRAND_ID, None, None, [0, 1, 2]),
        (OTHER_BRAND_ID, None, None, [3]),
        (None, CAMPAIGN_ID, None, [1, 2]),
        (None, None, Platform.TIKTOK, [2, 3]),
        (BRAND_ID, CAMPAIGN_ID, Platform.TIKTOK, [2]),
        (OTHER_BRAND_ID, CAMPAIGN_ID, None, []),
    ],
)
async def test_posts_are_listed_by_brand_campaign_and_platform(
    storage: Storage, brand_id: UUID | None, campaign_id: UUID | None, platform: Platform | None, chosen: list[int]
) -> None:
    posts = [
        a_post(),
        a_post(campaign_id=CAMPAIGN_ID),
        a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK),
        a_post(brand_id=OTHER_BRAND_ID, platform=Platform.TIKTOK),
    ]
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), a_campaign(), *posts)

    async with storage.reading() as stored:
        listed = await stored.posts.list(
            brand_id=brand_id, campaign_id=campaign_id, platform=platform, limit=10, after=None
        )

    assert [post.post_id for post in listed] == [posts[index].post_id for index in chosen]
