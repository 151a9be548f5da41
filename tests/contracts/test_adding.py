"""What ``add`` promises of brands, campaigns and posts: to insert, and never to replace."""

from collections.abc import Awaitable, Callable

import pytest

from marketmind_scheduler.ports.storage import LostRace, Storage, UnitOfWork
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given

Add = Callable[[UnitOfWork], Awaitable[object]]

FIRST, SECOND = a_post(title="First"), a_post(title="Second")
ADDITIONS: dict[str, Add] = {
    "brand": lambda work: work.brands.add(a_brand(name="New")),
    "campaign": lambda work: work.campaigns.add(a_campaign(name="New")),
    "post": lambda work: work.posts.add(SECOND),
}


async def test_what_is_added_is_stored_as_it_was_given(storage: Storage) -> None:
    async with storage.unit_of_work() as work:
        brand = await work.brands.add(a_brand())
        campaign = await work.campaigns.add(a_campaign())
        await work.posts.add(FIRST)
        await work.posts.add(SECOND)
        await work.commit()

    assert (brand, campaign) == (a_brand(), a_campaign())
    async with storage.reading() as stored:
        assert await stored.brands.get(BRAND_ID) == a_brand()
        assert await stored.campaigns.get(CAMPAIGN_ID) == a_campaign()
        listed = await stored.posts.list(brand_id=None, campaign_id=None, platform=None, limit=10, after=None)
    assert [post.title for post in listed] == ["First", "Second"]


@pytest.mark.parametrize("kind", ADDITIONS)
async def test_what_is_there_already_is_not_added_and_stays_as_it_is(storage: Storage, kind: str) -> None:
    await given(storage, a_brand(), a_campaign(), SECOND)

    with pytest.raises(LostRace):
        async with storage.unit_of_work() as work:
            await ADDITIONS[kind](work)

    async with storage.reading() as stored:
        assert await stored.brands.get(BRAND_ID) == a_brand()
        assert await stored.campaigns.get(CAMPAIGN_ID) == a_campaign()
        assert (await stored.posts.get(SECOND.post_id)).title == "Second"
