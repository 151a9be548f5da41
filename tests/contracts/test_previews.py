"""What is kept of plans: as they were shown, how they ended, and the slots that are held for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import Deleted, PlanNotFound
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import PostToPlace
from marketmind_scheduler.domain.planning.preview import Asked, Preview
from marketmind_scheduler.domain.planning.replanning import Decision
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.retention import PREVIEWS_KEPT
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_brief, a_campaign, a_post, a_schedule, given, new_id
from tests.contracts.worlds import World, cancel

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def a_preview(*posts: Post, hold: timedelta = timedelta(), kept: tuple[Schedule, ...] = ()) -> Preview:
    """The naive plan of these posts."""
    to_place = tuple(PostToPlace(post_id=post.post_id, platform=post.platform) for post in posts)
    brief = a_brief(posts=to_place)
    return Preview.of(
        new_id(),
        brand_id=BRAND_ID,
        asked=Asked(hold=hold),
        brief=brief,
        decision=Decision(kept=kept, given_up=(), open_posts=posts),
        plan=plan_naively(brief),
    )


@pytest.fixture
async def posts(storage: Storage) -> list[Post]:
    return await registered(storage)


async def registered(storage: Storage) -> list[Post]:
    posts = [a_post(campaign_id=CAMPAIGN_ID, title=f"Post {nth}") for nth in range(3)]
    await given(storage, a_brand(), a_campaign(), *posts)
    return posts


async def kept(storage: Storage, preview: Preview) -> Preview:
    async with storage.unit_of_work() as work:
        stored = await work.previews.add(preview)
        await work.commit()
    return stored


async def test_a_preview_is_read_and_locked_as_it_was_kept(storage: Storage, posts: list[Post]) -> None:
    stored = await kept(storage, preview := a_preview(*posts, kept=(a_schedule(),)))

    assert stored == preview
    async with storage.unit_of_work() as work:
        assert await work.previews.get(preview.plan_id) == preview
        assert await work.previews.lock(preview.plan_id) == preview


async def test_what_was_never_kept_or_is_out_of_reach_is_not_found(storage: Storage, posts: list[Post]) -> None:
    preview = await kept(storage, a_preview(*posts))
    elsewhere = storage.within(Reach(frozenset({UUID(int=9)})))

    for there, plan_id in ((storage, new_id()), (elsewhere, preview.plan_id)):
        async with there.unit_of_work() as work:
            with pytest.raises(PlanNotFound):
                await work.previews.get(plan_id)
        async with there.unit_of_work() as work:
            with pytest.raises(PlanNotFound):
                await work.previews.lock(plan_id)


async def test_a_campaigns_previews_are_listed_the_latest_first_page_by_page(
    storage: Storage, posts: list[Post]
) -> None:
    made = [await kept(storage, a_preview(*posts)) for _ in range(3)]
    await kept(storage, replace(a_preview(*posts), campaign_id=new_id()))

    async with storage.reading() as stored:
        first = await stored.previews.list(CAMPAIGN_ID, limit=2, after=None)
        rest = await stored.previews.list(CAMPAIGN_ID, limit=2, after=first[-1].plan_id)

    assert [*first, *rest] == made[::-1]


async def test_how_a_preview_ended_is_kept(storage: Storage, posts: list[Post]) -> None:
    preview = await kept(storage, a_preview(*posts))
    committed = preview.committed([new_id(), new_id()], at=NOW + MINUTE)

    async with storage.unit_of_work() as work:
        await work.previews.lock(preview.plan_id)
        await work.previews.end(committed)
        await work.commit()

    async with storage.reading() as stored:
        assert await stored.previews.get(preview.plan_id) == committed


async def test_slots_are_held_from_the_moment_of_the_storage_until_the_preview_ends(
    storage: Storage, posts: list[Post]
) -> None:
    preview = await kept(storage, a_preview(*posts, hold=MINUTE))
    await kept(storage, a_preview(*posts))

    async with storage.unit_of_work() as work:
        assert preview.expires_at is not None
        assert await work.previews.count_held(BRAND_ID) == 3
        assert await work.previews.count_held(new_id()) == 0
        await work.previews.end(preview.discarded(at=NOW))
        assert await work.previews.count_held(BRAND_ID) == 0


async def test_a_hold_that_has_run_out_holds_nothing(storage: Storage, posts: list[Post]) -> None:
    await kept(storage, a_preview(*posts, hold=-MINUTE))

    async with storage.reading() as stored:
        assert await stored.previews.count_held(BRAND_ID) == 0


async def test_a_preview_shows_the_titles_that_its_posts_have_now(storage: Storage, posts: list[Post]) -> None:
    preview = await kept(storage, a_preview(*posts))
    await given(storage, replace(posts[0], title="Another"))
    async with storage.unit_of_work() as work:
        doomed = Doomed(noun=Noun.POST, object_id=posts[1].post_id)
        await work.erasures.erase(doomed, [posts[1].post_id], cancelled=0, at=NOW)
        await work.commit()

    async with storage.reading() as stored:
        titles = await stored.previews.titles(preview)

    assert [titles[post.post_id] for post in posts] == ["Another", "", "Post 2"]


async def test_plans_are_forgotten_30_days_after_they_ended_or_were_made_and_held(
    world: World,
) -> None:
    posts, storage = await registered(world.storage), world.storage
    open_ = await kept(storage, made_now(a_preview(*posts), await world.now()))
    held = await kept(storage, made_now(a_preview(*posts, hold=DAY), await world.now()))
    discarded = await kept(storage, made_now(a_preview(*posts), await world.now()))
    async with storage.unit_of_work() as work:
        await work.previews.end(discarded.discarded(at=await world.now() + 2 * DAY))
        await work.commit()
    left: list[int] = []
    for _ in range(3):
        left.append(len(await previews_of(storage)))
        await world.pass_time(DAY if len(left) > 1 else PREVIEWS_KEPT)
        await world.upkeep.forget_expired(limit=10)

    assert left == [3, 2, 1]
    assert await previews_of(storage) == []
    for gone in (open_, held, discarded):
        async with storage.unit_of_work() as work:
            with pytest.raises(Deleted):
                await work.previews.get(gone.plan_id)
        async with storage.within(Reach(frozenset())).unit_of_work() as work:
            with pytest.raises(PlanNotFound):
                await work.previews.get(gone.plan_id)


async def test_plans_are_forgotten_in_pieces(world: World) -> None:
    posts, storage = await registered(world.storage), world.storage
    for _ in range(5):
        await kept(storage, made_now(a_preview(*posts), await world.now()))
    await world.pass_time(PREVIEWS_KEPT)

    assert [await world.upkeep.forget_expired(limit=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_committed_plan_stays_while_a_schedule_of_it_is_active(
    world: World,
) -> None:
    posts, storage = await registered(world.storage), world.storage
    preview = await kept(storage, made_now(a_preview(posts[0]), await world.now()))
    async with storage.unit_of_work() as work:
        [made] = await work.bookings.add([a_schedule(posts[0])])
        await work.previews.end(preview.committed([made.schedule_id], at=await world.now()))
        await work.commit()
    await world.pass_time(2 * PREVIEWS_KEPT)
    await world.upkeep.forget_expired(limit=10)
    assert len(await previews_of(storage)) == 1

    await cancel(world, made)
    await world.upkeep.forget_expired(limit=10)

    assert await previews_of(storage) == []


async def test_what_is_held_ends_with_the_post_the_campaign_or_the_brand_that_is_deleted(
    storage: Storage, posts: list[Post]
) -> None:
    for doomed in (
        Doomed(noun=Noun.POST, object_id=posts[0].post_id),
        Doomed(noun=Noun.CAMPAIGN, object_id=CAMPAIGN_ID),
        Doomed(noun=Noun.BRAND, object_id=BRAND_ID),
    ):
        await kept(storage, a_preview(posts[0], hold=DAY))
        await kept(storage, a_preview(posts[1], hold=DAY))
        async with storage.unit_of_work() as work:
            before = await work.previews.count_held(BRAND_ID)
            await work.erasures.erase(doomed, [], cancelled=0, at=NOW)
            left = await work.previews.count_held(BRAND_ID)

        assert (before, left) == (2, 1 if doomed.noun is Noun.POST else 0), doomed.noun
        async with storage.unit_of_work() as work:
            await work.previews.give_back(CAMPAIGN_ID)
            await work.commit()


def made_now(preview: Preview, now: datetime) -> Preview:
    return replace(preview, created_at=now)


async def previews_of(storage: Storage) -> Sequence[Preview]:
    async with storage.reading() as repositories:
        return await repositories.previews.list(CAMPAIGN_ID, limit=10, after=None)
