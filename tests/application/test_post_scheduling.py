"""Scheduling, reading, moving and cancelling single posts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import (
    AlreadyPublished,
    AlreadyScheduled,
    BeyondHorizon,
    LocalTimeAmbiguous,
    LocalTimeInGap,
    OffsetContradictsZone,
    PostNotFound,
    ScheduleNotFound,
    SendInFlight,
    StaleVersion,
    TimeInPast,
    UnknownZone,
    UnreadableTime,
)
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import ACTIVE, Schedule, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.schedules import ScheduleFilter
from tests.builders import BRAND_ID, NOW, ZONE, a_brand, a_post, a_schedule, a_slot, given, new_id
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage

SEVEN_PM = "2027-03-17T19:00:00"
SEVEN_PM_UTC = datetime(2027, 3, 18, 2, tzinfo=UTC)
EIGHT_PM = "2027-03-17T20:00:00"
COMPLETED = ScheduleStatus.COMPLETED
FINAL = frozenset(ScheduleStatus) - ACTIVE
UNDER_WAY = ACTIVE - {ScheduleStatus.PENDING}
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def asked(
    text: str = SEVEN_PM, *, zone: str | None = None, disambiguation: Disambiguation = Disambiguation.COMPATIBLE
) -> AskedTime:
    return AskedTime(text=text, zone=zone, disambiguation=disambiguation)


def instant(at: datetime) -> AskedTime:
    return asked(at.isoformat())


async def schedule(
    use_cases: UseCases, post: Post, time: AskedTime | None = None, *, allow_repost: bool = False
) -> tuple[Schedule, bool]:
    return await use_cases.post_scheduling.schedule(post.post_id, time or asked(), allow_repost=allow_repost)


async def move(use_cases: UseCases, post: Post, time: AskedTime, *, version: int | None = None) -> Schedule:
    return await use_cases.post_scheduling.move(post.post_id, time, version=version)


async def everything(use_cases: UseCases) -> Sequence[Schedule]:
    return (await use_cases.post_scheduling.list(ScheduleFilter(), limit=100, after=None)).schedules


@pytest.fixture
async def post(storage: InMemoryStorage) -> Post:
    """A post of a brand in Los Angeles."""
    registered = a_post(platform=Platform.YOUTUBE)
    await given(storage, a_brand(), registered)
    return registered


async def test_a_post_is_scheduled_at_the_wall_time_of_the_zone_that_is_named(
    use_cases: UseCases, post: Post, zones: ZoneCatalog
) -> None:
    made, is_new = await schedule(use_cases, post, asked(SEVEN_PM, zone="Europe/Berlin"))

    assert is_new
    assert made == a_schedule(
        post,
        schedule_id=made.schedule_id,
        slot=a_slot(SEVEN_PM, zone="Europe/Berlin", tz_release=zones.release),
        scheduler=None,
    )
    assert made.publish_time == datetime(2027, 3, 17, 18, tzinfo=UTC)
    assert await everything(use_cases) == [made]


async def test_without_a_zone_the_wall_time_is_the_brands(use_cases: UseCases, post: Post) -> None:
    made, _ = await schedule(use_cases, post, asked(SEVEN_PM))

    assert made.publish_time == SEVEN_PM_UTC
    assert made.slot.intent.zone == ZONE


async def test_an_instant_is_shown_in_the_brands_zone(use_cases: UseCases, post: Post) -> None:
    made, _ = await schedule(use_cases, post, instant(SEVEN_PM_UTC))

    assert made.publish_time == SEVEN_PM_UTC
    assert (made.slot.intent.kind, made.slot.intent.zone) == (IntentKind.INSTANT, ZONE)


async def test_each_post_has_a_schedule_of_its_own(use_cases: UseCases, storage: InMemoryStorage, post: Post) -> None:
    other = a_post()
    await given(storage, other)

    first, _ = await schedule(use_cases, post)
    second, is_new = await schedule(use_cases, other)

    assert is_new
    assert await everything(use_cases) == [first, second]


UNUSABLE_TIMES = [
    (asked("tomorrow at seven"), UnreadableTime),
    (asked(f"{SEVEN_PM}[Europe/Berlin]", zone=ZONE), UnreadableTime),
    (asked(zone="PST"), UnknownZone),
    (asked("2027-03-14T02:30:00", disambiguation=Disambiguation.REJECT), LocalTimeInGap),
    (asked("2027-11-07T01:30:00", disambiguation=Disambiguation.REJECT), LocalTimeAmbiguous),
    (asked(f"{SEVEN_PM}+02:00", zone=ZONE), OffsetContradictsZone),
    (asked("2027-02-28T19:00:00"), TimeInPast),
    (asked("1969-12-31T23:59:59Z"), TimeInPast),
    (asked("2033-03-17T19:00:00"), BeyondHorizon),
    (asked("2200-01-01T00:00:00Z"), BeyondHorizon),
]


@pytest.mark.parametrize(("time", "refusal"), UNUSABLE_TIMES)
async def test_a_time_that_cannot_be_kept_is_refused_and_nothing_is_stored(
    use_cases: UseCases, post: Post, time: AskedTime, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await schedule(use_cases, post, time)

    assert not await everything(use_cases)


@pytest.mark.parametrize(("time", "refusal"), UNUSABLE_TIMES)
async def test_a_post_is_not_moved_to_a_time_that_cannot_be_kept(
    use_cases: UseCases, post: Post, time: AskedTime, refusal: type[Exception]
) -> None:
    made, _ = await schedule(use_cases, post)

    with pytest.raises(refusal):
        await move(use_cases, post, time)

    assert await everything(use_cases) == [made]


async def test_a_time_sixty_seconds_past_is_accepted(use_cases: UseCases, post: Post) -> None:
    made, _ = await schedule(use_cases, post, instant(NOW - 60 * SECOND))

    assert made.publish_time == NOW - 60 * SECOND


@pytest.mark.parametrize("late", [60 * SECOND + timedelta(microseconds=1), 61 * SECOND])
async def test_a_time_more_than_sixty_seconds_past_is_refused(use_cases: UseCases, post: Post, late: timedelta) -> None:
    with pytest.raises(TimeInPast) as refused:
        await schedule(use_cases, post, instant(NOW - late))

    assert refused.value.details["earliest"] == NOW - 60 * SECOND


async def test_a_time_at_the_horizon_is_accepted(use_cases: UseCases, post: Post) -> None:
    horizon = use_cases.post_scheduling.horizon

    made, _ = await schedule(use_cases, post, instant(NOW + horizon))

    assert made.publish_time == NOW + horizon


async def test_a_time_beyond_the_horizon_is_refused(use_cases: UseCases, post: Post) -> None:
    horizon = use_cases.post_scheduling.horizon

    with pytest.raises(BeyondHorizon) as refused:
        await schedule(use_cases, post, instant(NOW + horizon + SECOND))

    assert refused.value.details["latest"] == NOW + horizon


async def test_the_same_request_again_finds_the_first_schedule(
    use_cases: UseCases, post: Post, clock: FrozenClock
) -> None:
    first, _ = await schedule(use_cases, post)
    clock.advance(HOUR)

    again, is_new = await schedule(use_cases, post, asked(SEVEN_PM, zone=ZONE))

    assert not is_new
    assert again == first
    assert await everything(use_cases) == [first]


async def test_the_same_request_finds_its_schedule_when_its_time_has_passed(
    use_cases: UseCases, post: Post, clock: FrozenClock
) -> None:
    first, _ = await schedule(use_cases, post)
    clock.set(SEVEN_PM_UTC + HOUR)

    again, is_new = await schedule(use_cases, post)

    assert not is_new
    assert again == first


@pytest.mark.parametrize("status", sorted(ACTIVE))
async def test_the_same_request_finds_its_schedule_while_it_is_active(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, status: ScheduleStatus
) -> None:
    active = a_schedule(post, slot=a_slot(SEVEN_PM), status=status)
    await given(storage, active)

    assert await schedule(use_cases, post) == (active, False)


@pytest.mark.parametrize("status", sorted(ACTIVE))
async def test_another_time_is_refused_while_a_schedule_is_active(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, status: ScheduleStatus
) -> None:
    active = a_schedule(post, slot=a_slot(SEVEN_PM), status=status)
    await given(storage, active)

    with pytest.raises(AlreadyScheduled) as refused:
        await schedule(use_cases, post, asked(EIGHT_PM), allow_repost=True)

    assert refused.value.details == {
        "post_id": post.post_id,
        "schedule_id": active.schedule_id,
        "publish_time": SEVEN_PM_UTC,
        "schedule_status": status,
    }
    assert await everything(use_cases) == [active]


@pytest.mark.parametrize(
    "other",
    [
        instant(SEVEN_PM_UTC),
        asked("2027-03-17T21:00:00", zone="America/Chicago"),
        asked(disambiguation=Disambiguation.LATER),
    ],
    ids=["the instant", "another zone's wall time", "another disambiguation"],
)
async def test_the_same_instant_asked_for_in_another_way_is_another_time(
    use_cases: UseCases, post: Post, other: AskedTime
) -> None:
    await schedule(use_cases, post)

    with pytest.raises(AlreadyScheduled):
        await schedule(use_cases, post, other)


async def test_a_wall_time_in_a_gap_is_not_the_one_it_was_moved_to(use_cases: UseCases, post: Post) -> None:
    made, _ = await schedule(use_cases, post, asked("2027-03-14T02:30:00"))

    with pytest.raises(AlreadyScheduled):
        await schedule(use_cases, post, asked("2027-03-14T03:30:00"))

    assert made.slot.local_text() == "2027-03-14T03:30:00-07:00[America/Los_Angeles]"


@pytest.mark.parametrize("since", [[], [ScheduleStatus.CANCELLED]], ids=["", "cancelled since"])
async def test_a_published_post_is_not_scheduled_again(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, since: list[ScheduleStatus]
) -> None:
    published = a_schedule(post, status=COMPLETED)
    stored = [published, *(a_schedule(post, status=status) for status in since)]
    await given(storage, *stored)

    with pytest.raises(AlreadyPublished) as refused:
        await schedule(use_cases, post)

    assert refused.value.details == {"post_id": post.post_id, "schedule_id": published.schedule_id}
    assert await everything(use_cases) == stored


async def test_a_published_post_is_scheduled_again_on_purpose(
    use_cases: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    published = a_schedule(post, status=COMPLETED)
    await given(storage, published)

    made, is_new = await schedule(use_cases, post, allow_repost=True)

    assert is_new
    assert await everything(use_cases) == [published, made]


@pytest.mark.parametrize("allow_repost", [True, False])
async def test_the_same_repost_again_finds_the_first_one(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, *, allow_repost: bool
) -> None:
    await given(storage, a_schedule(post, status=COMPLETED))
    first, _ = await schedule(use_cases, post, allow_repost=True)

    assert await schedule(use_cases, post, allow_repost=allow_repost) == (first, False)


@pytest.mark.parametrize("status", sorted(FINAL - {COMPLETED}))
async def test_a_post_that_did_not_go_out_may_be_scheduled_again(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, status: ScheduleStatus
) -> None:
    earlier = a_schedule(post, status=status)
    await given(storage, earlier)

    made, is_new = await schedule(use_cases, post)

    assert is_new
    assert await everything(use_cases) == [earlier, made]


UNKNOWN_POST = a_post()
CALLS: dict[str, Callable[[UseCases, Post], Awaitable[object]]] = {
    "schedule": schedule,
    "get": lambda use_cases, post: use_cases.post_scheduling.get(post.post_id),
    "move": lambda use_cases, post: move(use_cases, post, asked(EIGHT_PM)),
    "cancel": lambda use_cases, post: use_cases.post_scheduling.cancel(post.post_id),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.usefixtures("post")
async def test_a_post_that_was_never_registered_is_not_found(
    use_cases: UseCases, call: Callable[[UseCases, Post], Awaitable[object]]
) -> None:
    with pytest.raises(PostNotFound) as missing:
        await call(use_cases, UNKNOWN_POST)

    assert missing.value.details == {"post_id": UNKNOWN_POST.post_id}


@pytest.mark.parametrize("call", ["get", "move", "cancel"])
async def test_a_post_that_was_never_scheduled_has_no_schedule(use_cases: UseCases, post: Post, call: str) -> None:
    with pytest.raises(ScheduleNotFound) as missing:
        await CALLS[call](use_cases, post)

    assert missing.value.details == {"post_id": post.post_id}


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("call", ["move", "cancel"])
async def test_a_schedule_that_is_not_active_cannot_be_changed(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, call: str, status: ScheduleStatus
) -> None:
    final = a_schedule(post, status=status)
    await given(storage, final)

    with pytest.raises(ScheduleNotFound):
        await CALLS[call](use_cases, post)

    assert await everything(use_cases) == [final]


@pytest.mark.parametrize("status", sorted(UNDER_WAY))
@pytest.mark.parametrize("call", ["move", "cancel"])
async def test_a_schedule_that_is_being_sent_cannot_be_changed(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, call: str, status: ScheduleStatus
) -> None:
    under_way = a_schedule(post, status=status)
    await given(storage, under_way)

    with pytest.raises(SendInFlight) as refused:
        await CALLS[call](use_cases, post)

    assert refused.value.details == {"schedule_id": under_way.schedule_id, "schedule_status": status}
    assert await everything(use_cases) == [under_way]


@pytest.mark.parametrize("status", sorted(FINAL))
async def test_the_most_recent_schedule_is_read_when_none_is_active(
    use_cases: UseCases, storage: InMemoryStorage, post: Post, status: ScheduleStatus
) -> None:
    earlier, latest = a_schedule(post, status=COMPLETED), a_schedule(post, status=status)
    await given(storage, latest, earlier)

    assert await use_cases.post_scheduling.get(post.post_id) == latest


async def test_the_active_schedule_is_read_before_any_other(
    use_cases: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    active, cancelled = a_schedule(post), a_schedule(post, status=ScheduleStatus.CANCELLED)
    await given(storage, active, cancelled)

    assert await use_cases.post_scheduling.get(post.post_id) == active


async def test_a_list_is_passed_on_with_its_filter_and_its_page(
    use_cases: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    posts = [a_post() for _ in range(3)]
    first, second, third = (a_schedule(each) for each in posts)
    other_brand = a_brand(brand_id=new_id())
    elsewhere = a_post(brand_id=other_brand.brand_id)
    await given(storage, other_brand, elsewhere, *posts, a_schedule(elsewhere), a_schedule(post), first, second, third)

    listed = await use_cases.post_scheduling.list(
        ScheduleFilter(brand_id=BRAND_ID, platform=Platform.TWITTER),
        limit=1,
        after=(first.publish_time, first.schedule_id),
    )

    assert listed.schedules == [second]


@pytest.mark.parametrize("version", [1, None])
async def test_a_moved_schedule_keeps_its_id_and_gets_a_new_version(
    use_cases: UseCases, post: Post, zones: ZoneCatalog, clock: FrozenClock, version: int | None
) -> None:
    made, _ = await schedule(use_cases, post)
    clock.advance(HOUR)

    moved = await move(use_cases, post, asked(EIGHT_PM, zone="Asia/Tokyo"), version=version)

    slot = a_slot(EIGHT_PM, zone="Asia/Tokyo", tz_release=zones.release)
    assert moved == replace(made, slot=slot, version=2, updated_at=NOW + HOUR)
    assert await everything(use_cases) == [moved]


async def test_a_schedule_is_moved_in_the_brands_zone_unless_another_is_named(use_cases: UseCases, post: Post) -> None:
    await schedule(use_cases, post, asked(SEVEN_PM, zone="Europe/Berlin"))

    moved = await move(use_cases, post, asked(EIGHT_PM))

    assert moved.publish_time == SEVEN_PM_UTC + HOUR
    assert moved.slot.intent.zone == ZONE


@pytest.mark.parametrize("version", [1, 3])
async def test_a_version_that_is_not_the_current_one_is_stale(use_cases: UseCases, post: Post, version: int) -> None:
    await schedule(use_cases, post)
    moved = await move(use_cases, post, asked(EIGHT_PM))

    with pytest.raises(StaleVersion) as refused:
        await move(use_cases, post, asked(SEVEN_PM), version=version)

    assert refused.value.details == {"schedule_id": moved.schedule_id, "given": version, "current": 2}
    assert await everything(use_cases) == [moved]


async def test_moving_to_where_it_is_changes_nothing_even_when_the_time_has_passed(
    use_cases: UseCases, post: Post, clock: FrozenClock
) -> None:
    made, _ = await schedule(use_cases, post)
    clock.set(SEVEN_PM_UTC + HOUR)

    moved = await move(use_cases, post, asked(SEVEN_PM))

    assert moved == made
    assert await everything(use_cases) == [made]


async def test_a_schedule_whose_time_has_passed_may_be_moved_ahead(
    use_cases: UseCases, post: Post, clock: FrozenClock
) -> None:
    await schedule(use_cases, post)
    clock.set(SEVEN_PM_UTC + timedelta(days=1))

    moved = await move(use_cases, post, asked("2027-03-19T19:00:00"))

    assert moved.publish_time == SEVEN_PM_UTC + timedelta(days=2)


async def test_a_cancelled_schedule_is_kept(use_cases: UseCases, post: Post, clock: FrozenClock) -> None:
    made, _ = await schedule(use_cases, post)
    clock.advance(HOUR)

    cancelled = await use_cases.post_scheduling.cancel(post.post_id)

    assert cancelled == replace(made, status=ScheduleStatus.CANCELLED, version=2, updated_at=NOW + HOUR)
    assert await everything(use_cases) == [cancelled]


async def test_a_schedule_is_cancelled_once(use_cases: UseCases, post: Post) -> None:
    await schedule(use_cases, post)
    cancelled = await use_cases.post_scheduling.cancel(post.post_id)

    with pytest.raises(ScheduleNotFound):
        await use_cases.post_scheduling.cancel(post.post_id)

    assert await everything(use_cases) == [cancelled]


async def test_the_same_request_after_a_cancel_makes_a_new_schedule(use_cases: UseCases, post: Post) -> None:
    await schedule(use_cases, post)
    cancelled = await use_cases.post_scheduling.cancel(post.post_id)

    made, is_new = await schedule(use_cases, post)

    assert is_new
    assert await everything(use_cases) == [cancelled, made]


async def test_a_brands_new_zone_is_for_requests_to_come(
    use_cases: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    made, _ = await schedule(use_cases, post, asked(SEVEN_PM))

    await given(storage, a_brand(default_zone="Asia/Tokyo"))

    assert await everything(use_cases) == [made]
    assert await schedule(use_cases, post, asked(SEVEN_PM, zone=ZONE)) == (made, False)
    with pytest.raises(AlreadyScheduled):
        await schedule(use_cases, post, asked(SEVEN_PM))
