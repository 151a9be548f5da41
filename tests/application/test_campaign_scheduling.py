"""Scheduling, listing and cancelling whole campaigns."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.schedulers import NaiveScheduler
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    CampaignNotFound,
    CampaignOver,
    NoPostsToSchedule,
    PolicyViolated,
    SchedulerError,
    StorageUnavailable,
    TooManyPosts,
    UnknownZone,
)
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import ACTIVE, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.schedules import ScheduleFilter
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    a_brand,
    a_brief,
    a_campaign,
    a_post,
    a_schedule,
    a_slot,
    given,
    new_id,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.rows import in_time_order
from tests.fakes.scheduler import Answer, ScriptedScheduler
from tests.fakes.storage import InMemoryStorage
from tests.stored import as_cancelled

NAIVE = SchedulerKind.NAIVE
ALL = frozenset(Platform)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, MIDDLE, LAST = "2027-03-10T19:00", "2027-03-15T19:00", "2027-03-19T19:00"
"""Where the naive scheduler places three posts in ten days."""
BY_HAND = "2027-03-12T08:30:00"
PENDING = ScheduleStatus.PENDING
OUT = (ScheduleStatus.COMPLETED, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED)


async def schedule(
    scheduling: CampaignScheduling,
    *,
    platforms: Collection[Platform] = ALL,
    renewal: Renewal = Renewal.NOTHING,
) -> tuple[Sequence[Schedule], bool]:
    return await scheduling.schedule(CAMPAIGN_ID, kind=NAIVE, platforms=platforms, renewal=renewal)


async def schedule_post(use_cases: UseCases, post: Post, text: str = BY_HAND) -> Schedule:
    asked = AskedTime(text=text, zone=None, disambiguation=Disambiguation.COMPATIBLE)
    made, _ = await use_cases.post_scheduling.schedule(post.post_id, asked, allow_repost=False)
    return made


async def move_post(use_cases: UseCases, post: Post, text: str = BY_HAND) -> Schedule:
    asked = AskedTime(text=text, zone=None, disambiguation=Disambiguation.COMPATIBLE)
    return await use_cases.post_scheduling.move(post.post_id, asked, version=None)


async def settle(
    storage: InMemoryStorage, made: Schedule, status: ScheduleStatus = ScheduleStatus.COMPLETED
) -> Schedule:
    """Put a schedule where only the dispatcher puts it."""
    settled = replace(made, status=status)
    with storage.changing() as rows:
        rows.schedules[made.schedule_id] = replace(rows.schedules[made.schedule_id], schedule=settled, due_at=None)
    return settled


async def everything(storage: InMemoryStorage) -> Sequence[Schedule]:
    async with storage.reading() as stored:
        return await stored.schedules.list(ScheduleFilter(), limit=1000, after=None)


async def status_of_campaign(use_cases: UseCases) -> CampaignStatus:
    return (await use_cases.catalog.get_campaign(CAMPAIGN_ID)).status


def times(schedules: Sequence[Schedule]) -> Sequence[Slot]:
    return [each.slot for each in schedules]


@pytest.fixture
def scheduling(use_cases: UseCases) -> CampaignScheduling:
    return use_cases.campaign_scheduling


@pytest.fixture
async def posts(storage: InMemoryStorage) -> list[Post]:
    """The three posts of a campaign of ten days, on one platform."""
    registered = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(3)]
    await given(storage, a_brand(), a_campaign(), *registered)
    return registered


@pytest.fixture
async def made(scheduling: CampaignScheduling, posts: list[Post]) -> Sequence[Schedule]:
    """The schedules of the three posts, made at ``NOW``."""
    del posts
    schedules, _ = await schedule(scheduling)
    return schedules


async def test_every_post_of_a_campaign_is_scheduled(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post], zones: ZoneCatalog
) -> None:
    schedules, is_new = await schedule(scheduling)

    assert is_new
    assert schedules == [
        a_schedule(
            post,
            schedule_id=each.schedule_id,
            slot=a_slot(local_time, tz_release=zones.release),
            scheduler=SchedulerKind.NAIVE,
        )
        for post, local_time, each in zip(posts, (FIRST, MIDDLE, LAST), schedules, strict=True)
    ]
    assert await everything(storage) == schedules


async def test_each_platform_is_spread_over_all_days_and_the_answer_is_in_time_order(
    scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    tweets = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(3)]
    clips = [a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK) for _ in range(2)]
    await given(storage, a_brand(), a_campaign(), *clips, *tweets)

    schedules, _ = await schedule(scheduling)

    by_day = [(each.post_id, each.slot.local_text()[:10]) for each in schedules]
    assert by_day == [
        (clips[0].post_id, "2027-03-10"),
        (tweets[0].post_id, "2027-03-10"),
        (tweets[1].post_id, "2027-03-15"),
        (clips[1].post_id, "2027-03-19"),
        (tweets[2].post_id, "2027-03-19"),
    ]


@pytest.mark.usefixtures("posts")
async def test_a_scheduled_campaign_says_so(
    use_cases: UseCases, scheduling: CampaignScheduling, clock: FrozenClock
) -> None:
    clock.advance(HOUR)

    await schedule(scheduling)

    campaign = await use_cases.catalog.get_campaign(CAMPAIGN_ID)
    assert campaign == a_campaign(status=CampaignStatus.SCHEDULED, post_count=3, updated_at=NOW + HOUR)


async def test_a_campaign_under_way_uses_the_days_that_are_left(
    scheduling: CampaignScheduling, posts: list[Post], clock: FrozenClock
) -> None:
    clock.set(datetime(2027, 3, 17, 12, tzinfo=UTC))

    schedules, _ = await schedule(scheduling)

    assert [each.post_id for each in schedules] == [post.post_id for post in posts]
    assert [each.slot.local_text()[:10] for each in schedules] == ["2027-03-17", "2027-03-18", "2027-03-19"]


@pytest.mark.parametrize("call", ["schedule", "list", "cancel"])
async def test_a_campaign_that_was_never_registered_is_not_found(scheduling: CampaignScheduling, call: str) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "schedule": lambda: schedule(scheduling),
        "list": lambda: scheduling.list(CAMPAIGN_ID, status=None, platform=None, limit=10, after=None),
        "cancel": lambda: scheduling.cancel(CAMPAIGN_ID),
    }

    with pytest.raises(CampaignNotFound) as missing:
        await calls[call]()

    assert missing.value.details == {"campaign_id": CAMPAIGN_ID}


async def test_a_campaign_without_posts_has_nothing_to_schedule(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    await given(storage, a_brand(), a_campaign(), a_post())

    with pytest.raises(NoPostsToSchedule) as refused:
        await schedule(scheduling)

    assert refused.value.details["campaign_id"] == CAMPAIGN_ID
    assert await status_of_campaign(use_cases) is CampaignStatus.DRAFT


@pytest.mark.usefixtures("posts")
async def test_a_campaign_without_posts_on_the_chosen_platforms_has_nothing_to_schedule(
    scheduling: CampaignScheduling,
) -> None:
    with pytest.raises(NoPostsToSchedule) as refused:
        await schedule(scheduling, platforms={Platform.YOUTUBE, Platform.REDDIT})

    assert refused.value.details["platforms"] == ["REDDIT", "YOUTUBE"]


async def test_a_campaign_that_is_all_out_has_nothing_to_schedule_anew(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post]
) -> None:
    out = [a_schedule(post, status=status) for post, status in zip(posts, OUT, strict=True)]
    await given(storage, *out)

    with pytest.raises(NoPostsToSchedule) as refused:
        await schedule(scheduling, renewal=Renewal.REPLACE)

    assert refused.value.details["out_already"] == 3
    assert await everything(storage) == out


REFUSED_DAYS = [
    (date(2027, 3, 10), date(2027, 3, 11), TooManyPosts),
    (date(2027, 2, 1), date(2027, 2, 28), CampaignOver),
    (date(2033, 1, 1), date(2033, 1, 31), BeyondHorizon),
    (date(2032, 2, 1), date(2032, 3, 31), BeyondHorizon),
]


@pytest.mark.parametrize(("first_day", "last_day", "refusal"), REFUSED_DAYS)
@pytest.mark.usefixtures("posts")
async def test_days_that_the_posts_cannot_have_are_refused_and_nothing_is_stored(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    first_day: date,
    last_day: date,
    refusal: type[Exception],
) -> None:
    await given(storage, a_campaign(start_date=first_day, end_date=last_day))

    with pytest.raises(refusal):
        await schedule(scheduling)

    assert not await everything(storage)
    assert await status_of_campaign(use_cases) is CampaignStatus.DRAFT


@pytest.mark.parametrize(("first_day", "last_day", "refusal"), REFUSED_DAYS)
async def test_a_replacement_that_is_refused_leaves_what_stands(
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    made: Sequence[Schedule],
    first_day: date,
    last_day: date,
    refusal: type[Exception],
) -> None:
    await given(storage, a_campaign(start_date=first_day, end_date=last_day))

    with pytest.raises(refusal):
        await schedule(scheduling, renewal=Renewal.REPLACE)

    assert await everything(storage) == made


@pytest.mark.usefixtures("posts")
async def test_a_plan_may_reach_to_the_horizon_and_no_further(use_cases: UseCases, storage: InMemoryStorage) -> None:
    last = a_slot(LAST).publish_time
    just_enough = replace(use_cases.campaign_scheduling, horizon=last - NOW)
    too_near = replace(use_cases.campaign_scheduling, horizon=last - NOW - timedelta(microseconds=1))

    with pytest.raises(BeyondHorizon) as refused:
        await schedule(too_near)
    stored_then = await everything(storage)
    _, is_new = await schedule(just_enough)

    assert refused.value.details["latest"] == last - timedelta(microseconds=1)
    assert not stored_then
    assert is_new


@pytest.mark.usefixtures("posts")
async def test_a_brand_whose_zone_this_release_does_not_have_is_refused(
    scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    await given(storage, a_brand(default_zone="Mars/Olympus_Mons"))

    with pytest.raises(UnknownZone):
        await schedule(scheduling)

    assert not await everything(storage)


async def test_the_same_request_again_finds_the_first_schedules(
    scheduling: CampaignScheduling, storage: InMemoryStorage, made: Sequence[Schedule]
) -> None:
    again = await schedule(scheduling)

    assert again == (made, False)
    assert await everything(storage) == made


@pytest.mark.parametrize("later", [HOUR, 10 * DAY, 30 * DAY], ids=["soon", "under way", "over"])
async def test_the_same_request_finds_its_schedules_when_time_has_moved_on(
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    made: Sequence[Schedule],
    clock: FrozenClock,
    later: timedelta,
) -> None:
    clock.advance(later)

    assert await schedule(scheduling) == (made, False)
    assert await everything(storage) == made


@pytest.mark.parametrize("status", OUT)
async def test_the_same_request_finds_its_schedules_when_the_first_post_is_out(
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    made: Sequence[Schedule],
    clock: FrozenClock,
    status: ScheduleStatus,
) -> None:
    out = await settle(storage, made[0], status)
    clock.set(made[0].publish_time + HOUR)

    assert await schedule(scheduling) == ([out, *made[1:]], False)
    assert await everything(storage) == [out, *made[1:]]


async def test_replacing_with_nothing_changed_finds_the_first_schedules(
    scheduling: CampaignScheduling, storage: InMemoryStorage, made: Sequence[Schedule], clock: FrozenClock
) -> None:
    clock.advance(HOUR)

    assert await schedule(scheduling, renewal=Renewal.REPLACE) == (made, False)
    assert await everything(storage) == made


@pytest.mark.usefixtures("posts")
async def test_a_campaign_scheduled_under_way_finds_its_schedules_again(
    scheduling: CampaignScheduling, clock: FrozenClock
) -> None:
    clock.set(datetime(2027, 3, 17, 12, tzinfo=UTC))
    made, _ = await schedule(scheduling)
    clock.advance(2 * DAY)

    assert await schedule(scheduling) == (made, False)


Change = Callable[[UseCases, InMemoryStorage, list[Post]], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "a post was moved": lambda use_cases, _, posts: move_post(use_cases, posts[1]),
    "a post was cancelled": lambda use_cases, _, posts: use_cases.post_scheduling.cancel(posts[1].post_id),
    "a post was registered": lambda _, storage, __: given(storage, a_post(campaign_id=CAMPAIGN_ID)),
    "a post has left": lambda _, storage, posts: given(storage, replace(posts[0], campaign_id=None)),
    "the days changed": lambda _, storage, __: given(storage, a_campaign(end_date=date(2027, 3, 20))),
    "the zone changed": lambda _, storage, __: given(storage, a_brand(default_zone="America/Tijuana")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.usefixtures("made")
async def test_a_campaign_that_has_changed_since_is_not_scheduled_again_by_accident(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    change: Change,
) -> None:
    await change(use_cases, storage, posts)
    before = await everything(storage)

    with pytest.raises(CampaignAlreadyScheduled):
        await schedule(scheduling)

    assert await everything(storage) == before


async def test_the_refusal_says_how_many_posts_are_scheduled(
    scheduling: CampaignScheduling, storage: InMemoryStorage, made: Sequence[Schedule]
) -> None:
    await given(storage, a_post(campaign_id=CAMPAIGN_ID))

    with pytest.raises(CampaignAlreadyScheduled) as refused:
        await schedule(scheduling)

    assert refused.value.details == {"campaign_id": CAMPAIGN_ID, "scheduled": len(made), "posts": 4}


async def test_a_post_scheduled_by_hand_keeps_the_campaign_from_being_scheduled(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post]
) -> None:
    by_hand = await schedule_post(use_cases, posts[0])

    with pytest.raises(CampaignAlreadyScheduled) as refused:
        await schedule(scheduling)

    assert refused.value.details["scheduled"] == 1
    assert await everything(storage) == [by_hand]


async def test_times_chosen_by_hand_are_not_the_schedulers_even_where_they_are_the_same(
    use_cases: UseCases, scheduling: CampaignScheduling, posts: list[Post]
) -> None:
    for post, local_time in zip(posts, (FIRST, MIDDLE, LAST), strict=True):
        await schedule_post(use_cases, post, f"{local_time}:00")

    with pytest.raises(CampaignAlreadyScheduled):
        await schedule(scheduling)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_replacing_cancels_what_is_pending_and_plans_all_posts_anew(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    made: Sequence[Schedule],
    clock: FrozenClock,
    change: Change,
) -> None:
    await change(use_cases, storage, posts)
    async with storage.reading() as stored:
        pending = await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=ALL)
        members = await stored.posts.list_of_campaign(CAMPAIGN_ID, platforms=ALL)
    clock.advance(HOUR)

    renewed, is_new = await schedule(scheduling, renewal=Renewal.REPLACE_CHOSEN)

    assert is_new
    assert [each.post_id for each in renewed] == [post.post_id for post in members]
    assert {each.created_at for each in renewed} == {NOW + HOUR}
    after = {each.schedule_id: each for each in await everything(storage)}
    assert [after[each.schedule_id] for each in pending] == [as_cancelled(each, now=NOW + HOUR) for each in pending]
    assert [after[each.schedule_id] for each in renewed] == renewed
    assert len(after) == len(renewed) + len(made)


@pytest.mark.usefixtures("made")
async def test_a_replacement_is_found_again(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    posts: list[Post],
    clock: FrozenClock,
) -> None:
    moved = await move_post(use_cases, posts[1])
    clock.advance(HOUR)
    renewed, _ = await schedule(scheduling, renewal=Renewal.REPLACE)

    assert await schedule(scheduling) == (in_time_order([moved, *renewed]), False)


async def test_a_replacement_is_found_again_when_a_post_was_out_before_it(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    made: Sequence[Schedule],
    clock: FrozenClock,
) -> None:
    out = await settle(storage, made[0], ScheduleStatus.COMPLETED)
    clock.set(made[0].publish_time + HOUR)
    moved = await move_post(use_cases, posts[1])
    renewed, _ = await schedule(scheduling, renewal=Renewal.REPLACE)

    clock.advance(HOUR)

    assert await schedule(scheduling) == (in_time_order([out, moved, *renewed]), False)


@pytest.mark.parametrize("status", OUT)
async def test_replacing_leaves_posts_alone_that_are_out_or_being_sent(
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    made: Sequence[Schedule],
    clock: FrozenClock,
    status: ScheduleStatus,
) -> None:
    out = await settle(storage, made[0], status)
    clock.set(made[0].publish_time + HOUR)
    await given(storage, a_campaign(end_date=date(2027, 3, 20)))

    renewed, is_new = await schedule(scheduling, renewal=Renewal.REPLACE)

    assert is_new
    assert [each.post_id for each in renewed] == [posts[1].post_id, posts[2].post_id]
    assert [each.slot.local_text()[:10] for each in renewed] == ["2027-03-11", "2027-03-20"]
    stored = await everything(storage)
    assert [each for each in stored if each.post_id == posts[0].post_id] == [out]


async def test_replacing_leaves_the_repost_of_a_published_post_alone(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post]
) -> None:
    published = a_schedule(posts[0], status=ScheduleStatus.COMPLETED, slot=a_slot("2027-03-02T19:00"))
    repost = a_schedule(posts[0], slot=a_slot("2027-03-08T19:00"))
    await given(storage, published, repost)

    renewed, _ = await schedule(scheduling, renewal=Renewal.REPLACE)

    assert [each.post_id for each in renewed] == [posts[1].post_id, posts[2].post_id]
    assert await everything(storage) == [published, repost, *renewed]


@pytest.mark.parametrize("status", sorted(frozenset(ScheduleStatus) - ACTIVE - {ScheduleStatus.COMPLETED}))
async def test_what_did_not_go_out_is_no_obstacle(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post], status: ScheduleStatus
) -> None:
    earlier = a_schedule(posts[0], status=status)
    await given(storage, earlier)

    schedules, is_new = await schedule(scheduling)

    assert is_new
    assert [each.post_id for each in schedules] == [post.post_id for post in posts]
    assert earlier in await everything(storage)


async def test_what_a_person_chose_stays_where_it_is_and_the_rest_is_planned_round_it(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    clock: FrozenClock,
) -> None:
    chosen = await schedule_post(use_cases, posts[1], "2027-03-10T08:15:00")
    clock.advance(HOUR)

    filled, is_new = await schedule(scheduling, renewal=Renewal.FILL)

    assert is_new
    assert [(each.post_id, each.slot.local_text()[:16]) for each in filled] == [
        (posts[0].post_id, "2027-03-11T19:00"),
        (posts[2].post_id, "2027-03-19T19:00"),
    ]
    stands = in_time_order([chosen, *filled])
    assert await everything(storage) == stands
    for renewal in (Renewal.FILL, Renewal.REPLACE, Renewal.NOTHING):
        assert await schedule(scheduling, renewal=renewal) == (stands, False)
    renewed, _ = await schedule(scheduling, renewal=Renewal.REPLACE_CHOSEN)
    assert {each.post_id for each in renewed} == {post.post_id for post in posts}


async def test_a_post_that_comes_late_is_filled_in_and_moves_nothing(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    made: Sequence[Schedule],
    clock: FrozenClock,
) -> None:
    moved = await move_post(use_cases, posts[1], "2027-03-13T12:30:00")
    late = a_post(campaign_id=CAMPAIGN_ID)
    await given(storage, late)
    clock.advance(HOUR)

    filled, is_new = await schedule(scheduling, renewal=Renewal.FILL)

    assert moved.is_chosen
    assert (is_new, [each.post_id for each in filled]) == (True, [late.post_id])
    assert filled[0].slot.local_text()[:16] == "2027-03-11T19:00"
    assert await everything(storage) == in_time_order([made[0], moved, made[2], *filled])
    assert await schedule(scheduling, renewal=Renewal.FILL) == (await everything(storage), False)


Step = Callable[[CampaignScheduling, UseCases, InMemoryStorage, list[Post]], Awaitable[object]]


def scheduled_again(*, platforms: Collection[Platform] = ALL, renewal: Renewal = Renewal.NOTHING) -> Step:
    async def step(
        scheduling: CampaignScheduling, use_cases: UseCases, storage: InMemoryStorage, posts: list[Post]
    ) -> None:
        del use_cases, storage, posts
        await schedule(scheduling, platforms=platforms, renewal=renewal)

    return step


BIT_BY_BIT: dict[str, Step] = {
    "tweets": scheduled_again(platforms={Platform.TWITTER}),
    "clips": scheduled_again(platforms={Platform.TIKTOK}),
    "the rest": scheduled_again(renewal=Renewal.FILL),
    "tweets anew": scheduled_again(platforms={Platform.TWITTER}, renewal=Renewal.REPLACE_CHOSEN),
    "one is called off": lambda _, use_cases, __, posts: use_cases.post_scheduling.cancel(posts[1].post_id),
    "one comes late": lambda _, __, storage, ___: given(storage, a_post(campaign_id=CAMPAIGN_ID)),
    "one is chosen": lambda _, use_cases, __, posts: schedule_post(use_cases, posts[1]),
    "one goes wrong": lambda _, __, storage, ___: one_fails(storage),
}


async def one_fails(storage: InMemoryStorage) -> None:
    pending = next(each for each in await everything(storage) if each.status is PENDING)
    await settle(storage, pending, ScheduleStatus.FAILED)


@pytest.mark.parametrize(
    "steps",
    [
        ["tweets", "clips"],
        ["clips", "tweets", "clips"],
        ["tweets", "the rest"],
        ["tweets", "one comes late", "the rest"],
        ["tweets", "clips", "one is called off", "the rest"],
        ["one is chosen", "the rest"],
        ["one is chosen", "the rest", "one comes late", "the rest"],
        ["the rest", "tweets anew"],
        ["the rest", "one goes wrong", "the rest"],
        ["tweets", "one goes wrong", "one comes late", "the rest", "one is called off", "the rest"],
    ],
    ids=", ".join,
)
@pytest.mark.usefixtures("clip")
async def test_a_campaign_that_was_scheduled_bit_by_bit_stands_as_a_whole(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    posts: list[Post],
    clock: FrozenClock,
    steps: Sequence[str],
) -> None:
    for step in steps:
        await BIT_BY_BIT[step](scheduling, use_cases, storage, posts)
        clock.advance(HOUR)
    async with storage.reading() as stored:
        standing = await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=ALL)

    for renewal in (Renewal.NOTHING, Renewal.FILL, Renewal.REPLACE):
        assert await schedule(scheduling, renewal=renewal) == (standing, False)
    assert len({(each.platform, each.slot.local_text()[:10]) for each in standing}) == len(standing)


@pytest.fixture
async def clip(storage: InMemoryStorage, posts: list[Post]) -> Post:
    """A post of the campaign on a platform of its own."""
    del posts
    registered = a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK)
    await given(storage, registered)
    return registered


async def test_one_platform_may_be_scheduled_after_another(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post], clip: Post, clock: FrozenClock
) -> None:
    tweets, _ = await schedule(scheduling, platforms={Platform.TWITTER})
    clock.advance(HOUR)

    clips, is_new = await schedule(scheduling, platforms={Platform.TIKTOK})

    assert is_new
    assert [each.post_id for each in tweets] == [post.post_id for post in posts]
    assert [each.post_id for each in clips] == [clip.post_id]
    assert len(await everything(storage)) == 4
    assert await schedule(scheduling, platforms={Platform.TWITTER}) == (tweets, False)


@pytest.mark.usefixtures("clip")
async def test_a_platform_that_is_scheduled_already_keeps_the_whole_campaign_from_being_scheduled(
    scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    clips, _ = await schedule(scheduling, platforms={Platform.TIKTOK})

    with pytest.raises(CampaignAlreadyScheduled):
        await schedule(scheduling)

    assert await everything(storage) == clips


async def test_replacing_one_platform_leaves_the_others_alone(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post], clip: Post
) -> None:
    await schedule(scheduling)
    moved_clip = await move_post(use_cases, clip)
    await move_post(use_cases, posts[0])

    renewed, _ = await schedule(scheduling, platforms={Platform.TWITTER}, renewal=Renewal.REPLACE_CHOSEN)

    assert {each.post_id for each in renewed} == {post.post_id for post in posts}
    stored = await everything(storage)
    assert [each for each in stored if each.post_id == clip.post_id] == [moved_clip]


async def test_what_is_pending_of_a_campaign_is_cancelled_and_it_is_a_draft_again(
    use_cases: UseCases,
    scheduling: CampaignScheduling,
    storage: InMemoryStorage,
    made: Sequence[Schedule],
    clock: FrozenClock,
) -> None:
    clock.advance(HOUR)

    cancelled = await scheduling.cancel(CAMPAIGN_ID)

    assert cancelled == [as_cancelled(each, now=NOW + HOUR) for each in made]
    assert await everything(storage) == cancelled
    assert await use_cases.catalog.get_campaign(CAMPAIGN_ID) == a_campaign(post_count=3, updated_at=NOW + HOUR)


@pytest.mark.parametrize("status", OUT)
async def test_cancelling_a_campaign_leaves_alone_what_is_out(
    scheduling: CampaignScheduling, storage: InMemoryStorage, made: Sequence[Schedule], status: ScheduleStatus
) -> None:
    out = await settle(storage, made[0], status)

    cancelled = await scheduling.cancel(CAMPAIGN_ID)

    assert cancelled == [as_cancelled(each, now=NOW) for each in made[1:]]
    assert await everything(storage) == [out, *cancelled]


@pytest.mark.usefixtures("made")
async def test_a_campaign_is_cancelled_once_and_then_there_is_nothing_left(
    scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    cancelled = await scheduling.cancel(CAMPAIGN_ID)

    assert not await scheduling.cancel(CAMPAIGN_ID)
    assert await everything(storage) == cancelled


async def test_a_cancelled_campaign_is_scheduled_anew(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage, made: Sequence[Schedule]
) -> None:
    cancelled = await scheduling.cancel(CAMPAIGN_ID)

    renewed, is_new = await schedule(scheduling)

    assert is_new
    assert times(renewed) == times(made)
    assert {each.schedule_id for each in await everything(storage)} == {
        each.schedule_id for each in (*cancelled, *renewed)
    }
    assert await status_of_campaign(use_cases) is CampaignStatus.SCHEDULED


async def test_a_campaign_lists_its_schedules_in_time_order_by_status_platform_and_page(
    scheduling: CampaignScheduling, storage: InMemoryStorage, posts: list[Post], clip: Post
) -> None:
    elsewhere = a_post()
    cancelled = a_schedule(posts[0], status=ScheduleStatus.CANCELLED, slot=a_slot("2027-03-02T19:00"))
    await given(storage, elsewhere, a_schedule(elsewhere), cancelled)
    made, _ = await schedule(scheduling)
    tweets = [each for each in made if each.post_id != clip.post_id]

    async def listed(
        status: ScheduleStatus | None, platform: Platform | None, limit: int, last: Schedule | None
    ) -> Sequence[Schedule]:
        after = None if last is None else (last.publish_time, last.schedule_id)
        return await scheduling.list(CAMPAIGN_ID, status=status, platform=platform, limit=limit, after=after)

    assert await listed(None, None, 10, None) == made
    assert await listed(ScheduleStatus.CANCELLED, None, 10, None) == [cancelled]
    all_of_them = await scheduling.list(CAMPAIGN_ID, status=None, cancelled=True, platform=None, limit=10, after=None)
    assert all_of_them == [cancelled, *made]
    assert await listed(PENDING, None, 10, None) == made
    assert await listed(PENDING, Platform.TWITTER, 10, None) == tweets
    assert await listed(PENDING, Platform.TWITTER, 1, tweets[0]) == [tweets[1]]


async def test_a_campaign_without_schedules_lists_none(
    scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    await given(storage, a_brand(), a_campaign())

    assert not await scheduling.list(CAMPAIGN_ID, status=None, platform=None, limit=10, after=None)


def scripted(
    use_cases: UseCases, storage: InMemoryStorage, *answers: Answer
) -> tuple[CampaignScheduling, ScriptedScheduler]:
    """Campaign scheduling with a scheduler that gives these answers."""
    scheduler = ScriptedScheduler(storage, *answers)
    return replace(use_cases.campaign_scheduling, schedulers={NAIVE: scheduler}), scheduler


async def test_the_scheduler_is_told_all_about_the_campaign_and_asked_outside_any_unit_of_work(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post], zones: ZoneCatalog
) -> None:
    scheduling, scheduler = scripted(use_cases, storage, NaiveScheduler().propose)

    await schedule(scheduling)

    assert scheduler.briefs == [
        a_brief(
            tz_release=zones.release,
            posts=tuple(PostToPlace(post_id=post.post_id, platform=post.platform) for post in posts),
        )
    ]


async def test_an_unchanged_campaign_is_recognised_by_the_plan_of_the_moment_it_was_made(
    use_cases: UseCases, storage: InMemoryStorage, made: Sequence[Schedule], clock: FrozenClock
) -> None:
    scheduling, scheduler = scripted(use_cases, storage, NaiveScheduler().propose)
    clock.advance(30 * DAY)

    await schedule(scheduling)

    assert [brief.now for brief in scheduler.briefs] == [made[0].created_at]


@pytest.mark.parametrize("error", [StorageUnavailable(), CampaignOver(CAMPAIGN_ID, last_day=NOW.date(), zone="UTC")])
@pytest.mark.usefixtures("posts")
async def test_what_the_scheduler_raises_is_passed_on_and_nothing_is_stored(
    use_cases: UseCases, storage: InMemoryStorage, error: SchedulerError
) -> None:
    scheduling, _ = scripted(use_cases, storage, error)

    with pytest.raises(type(error)):
        await schedule(scheduling)

    assert not await everything(storage)


def placed(brief: Brief, *local_times: str) -> tuple[Placement, ...]:
    return tuple(Placement(post=post, slot=a_slot(each)) for post, each in zip(brief.posts, local_times, strict=True))


BROKEN: dict[str, Callable[[Brief], tuple[Placement, ...]]] = {
    "nothing is placed": lambda _: (),
    "a post is left out": lambda brief: placed(brief, FIRST, MIDDLE, LAST)[:2],
    "a post is placed twice": lambda brief: (
        *placed(brief, FIRST, MIDDLE, LAST),
        Placement(post=brief.posts[0], slot=a_slot("2027-03-18T19:00")),
    ),
    "a stranger is placed": lambda brief: (
        *placed(brief, FIRST, MIDDLE, LAST),
        Placement(post=PostToPlace(post_id=new_id(), platform=Platform.REDDIT), slot=a_slot(LAST)),
    ),
    "a day is not the campaign's": lambda brief: placed(brief, FIRST, MIDDLE, "2027-03-20T00:00"),
    "a time has passed": lambda brief: placed(brief, "2027-02-10T19:00", MIDDLE, LAST),
    "two posts go out at once": lambda brief: placed(brief, FIRST, FIRST, LAST),
}


@pytest.mark.parametrize("placements", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.usefixtures("posts")
async def test_a_plan_that_breaks_a_rule_is_refused_and_nothing_is_stored(
    use_cases: UseCases,
    storage: InMemoryStorage,
    placements: Callable[[Brief], tuple[Placement, ...]],
) -> None:
    async def broken(brief: Brief) -> Plan:
        return Plan(scheduler=NAIVE, placements=placements(brief))

    scheduling, _ = scripted(use_cases, storage, broken)

    with pytest.raises(PolicyViolated) as refused:
        await schedule(scheduling)

    assert refused.value.details["violations"]
    assert not await everything(storage)
    assert await status_of_campaign(use_cases) is CampaignStatus.DRAFT


@pytest.mark.usefixtures("posts")
async def test_a_replacement_that_breaks_a_rule_leaves_what_stands(
    use_cases: UseCases, storage: InMemoryStorage, made: Sequence[Schedule]
) -> None:
    await given(storage, a_campaign(end_date=date(2027, 3, 20)))
    empty = Plan(scheduler=NAIVE, placements=())
    scheduling, _ = scripted(use_cases, storage, empty, empty)

    with pytest.raises(PolicyViolated):
        await schedule(scheduling, renewal=Renewal.REPLACE)

    assert await everything(storage) == made


def interrupted(meanwhile: Callable[[], Awaitable[object]]) -> Answer:
    """A naive plan, before which something else happens."""

    async def propose(brief: Brief) -> Plan:
        await meanwhile()
        return await NaiveScheduler().propose(brief)

    return propose


@pytest.mark.usefixtures("posts")
async def test_of_two_same_requests_at_once_one_makes_the_schedules_and_the_other_finds_them(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    slow, _ = scripted(use_cases, storage, interrupted(lambda: schedule(scheduling)), NaiveScheduler().propose)

    found, is_new = await schedule(slow)

    assert not is_new
    assert await everything(storage) == found


async def test_a_post_registered_while_the_scheduler_thinks_is_planned_too(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post]
) -> None:
    late = a_post(campaign_id=CAMPAIGN_ID)
    scheduling, _ = scripted(use_cases, storage, interrupted(lambda: given(storage, late)), NaiveScheduler().propose)

    schedules, is_new = await schedule(scheduling)

    assert is_new
    assert [each.post_id for each in schedules] == [post.post_id for post in (*posts, late)]
    assert await everything(storage) == schedules


async def test_a_post_that_leaves_while_the_scheduler_thinks_is_not_scheduled(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post]
) -> None:
    leaving = replace(posts[2], campaign_id=None)
    scheduling, _ = scripted(use_cases, storage, interrupted(lambda: given(storage, leaving)), NaiveScheduler().propose)

    schedules, _ = await schedule(scheduling)

    assert [each.post_id for each in schedules] == [posts[0].post_id, posts[1].post_id]
    assert await everything(storage) == schedules


async def test_a_post_scheduled_by_hand_while_the_scheduler_thinks_keeps_its_time(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post]
) -> None:
    scheduling, _ = scripted(
        use_cases, storage, interrupted(lambda: schedule_post(use_cases, posts[0])), NaiveScheduler().propose
    )

    with pytest.raises(CampaignAlreadyScheduled):
        await schedule(scheduling)

    assert [each.scheduler for each in await everything(storage)] == [None]


async def test_a_post_published_while_the_scheduler_thinks_is_not_published_again(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post]
) -> None:
    published = a_schedule(posts[0], status=ScheduleStatus.COMPLETED)
    scheduling, _ = scripted(
        use_cases, storage, interrupted(lambda: given(storage, published)), NaiveScheduler().propose
    )

    with pytest.raises(CampaignAlreadyScheduled):
        await schedule(scheduling)

    assert await everything(storage) == [published]


async def test_a_post_that_goes_out_while_a_replacement_is_planned_is_left_alone(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post], made: Sequence[Schedule]
) -> None:
    await move_post(use_cases, posts[2])
    propose = NaiveScheduler().propose
    goes_out = interrupted(lambda: settle(storage, made[0], ScheduleStatus.PUBLISHING))
    scheduling, _ = scripted(use_cases, storage, goes_out, propose)

    renewed, _ = await schedule(scheduling, renewal=Renewal.REPLACE)

    assert {each.post_id for each in renewed} == {posts[1].post_id}
    stored = await everything(storage)
    assert [each.status for each in stored if each.post_id == posts[0].post_id] == [ScheduleStatus.PUBLISHING]


async def test_a_post_moved_while_a_replacement_is_planned_is_replaced_where_it_is_now(
    use_cases: UseCases, storage: InMemoryStorage, posts: list[Post], made: Sequence[Schedule]
) -> None:
    await move_post(use_cases, posts[2])
    propose = NaiveScheduler().propose
    moved_again = interrupted(lambda: move_post(use_cases, posts[2], "2027-03-13T08:30:00"))
    scheduling, _ = scripted(use_cases, storage, moved_again, propose)

    await schedule(scheduling, renewal=Renewal.REPLACE_CHOSEN)

    cancelled = next(each for each in await everything(storage) if each.schedule_id == made[2].schedule_id)
    assert cancelled.status is ScheduleStatus.CANCELLED
    assert cancelled.slot.local_text()[:10] == "2027-03-13"
    assert cancelled.version == 4


OTHER_CAMPAIGN_ID = UUID(int=1)


@pytest.mark.usefixtures("posts")
async def test_other_campaigns_of_the_brand_are_left_alone(
    use_cases: UseCases, scheduling: CampaignScheduling, storage: InMemoryStorage
) -> None:
    other = a_campaign(campaign_id=OTHER_CAMPAIGN_ID, brand_id=BRAND_ID)
    elsewhere = a_post(campaign_id=OTHER_CAMPAIGN_ID)
    untouched = a_schedule(elsewhere, slot=a_slot(FIRST))
    await given(storage, other, elsewhere, untouched)

    await schedule(scheduling)
    await scheduling.cancel(CAMPAIGN_ID)

    assert await use_cases.post_scheduling.get(elsewhere.post_id) == untouched
    assert await use_cases.catalog.get_campaign(OTHER_CAMPAIGN_ID) == replace(other, post_count=1)
