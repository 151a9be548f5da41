"""A process whose time zone rules are older than those that others have used."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import ZoneRulesOutdated
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from tests.application.assembled import assembled
from tests.builders import CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given
from tests.fakes.storage import InMemoryStorage
from tests.stored import as_cancelled

OLDER, NEWER = "1999a", "2999a"
WALL_TIMES = ["2027-03-17T19:00:00", "2027-03-17T19:00:00-07:00[America/Los_Angeles]"]
INSTANTS = ["2027-03-18T02:00:00Z", "2027-03-17T19:00:00-07:00", "2027-03-18T02:00:00Z[America/Los_Angeles]"]


def with_rules(storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, release: str) -> UseCases:
    """The use cases of a process with another release of the rules."""
    return assembled(storage, outbound, replace(zones, release=release))


@pytest.fixture
async def outdated(storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog) -> UseCases:
    """A process with older rules than schedules were made with."""
    async with storage.unit_of_work() as work:
        await work.tz_releases.add(zones.release, now=NOW)
        await work.commit()
    return with_rules(storage, outbound, zones, OLDER)


@pytest.fixture
async def post(storage: InMemoryStorage) -> Post:
    registered = a_post(campaign_id=CAMPAIGN_ID)
    await given(storage, a_brand(), a_campaign(), registered)
    return registered


async def schedule(use_cases: UseCases, post: Post, text: str) -> Schedule:
    asked = AskedTime(text=text, zone=None, disambiguation=Disambiguation.COMPATIBLE)
    made, _ = await use_cases.post_scheduling.schedule(post.post_id, asked, allow_repost=False)
    return made


async def move(use_cases: UseCases, post: Post, text: str) -> Schedule:
    asked = AskedTime(text=text, zone=None, disambiguation=Disambiguation.COMPATIBLE)
    return await use_cases.post_scheduling.move(post.post_id, asked, version=None)


async def schedule_campaign(use_cases: UseCases) -> object:
    return await use_cases.campaign_scheduling.schedule(
        CAMPAIGN_ID, kind=SchedulerKind.NAIVE, platforms=frozenset(Platform)
    )


@pytest.mark.parametrize("text", WALL_TIMES)
async def test_a_post_is_not_scheduled_for_a_wall_time_by_older_rules(
    outdated: UseCases, storage: InMemoryStorage, zones: ZoneCatalog, post: Post, text: str
) -> None:
    with pytest.raises(ZoneRulesOutdated) as refused:
        await schedule(outdated, post, text)

    assert refused.value.details == {"tz_release": OLDER, "newest_tz_release": zones.release}
    async with storage.reading() as stored:
        assert await stored.schedules.find_current(post.post_id) is None


@pytest.mark.parametrize("text", WALL_TIMES)
async def test_a_post_is_not_moved_to_a_wall_time_by_older_rules(
    outdated: UseCases, storage: InMemoryStorage, post: Post, text: str
) -> None:
    pending = a_schedule(post)
    await given(storage, pending)

    with pytest.raises(ZoneRulesOutdated):
        await move(outdated, post, text)

    assert await outdated.post_scheduling.get(post.post_id) == pending


@pytest.mark.parametrize("text", INSTANTS)
@pytest.mark.parametrize("change", [schedule, move])
async def test_an_instant_needs_no_rules(
    outdated: UseCases,
    use_cases: UseCases,
    post: Post,
    change: Callable[[UseCases, Post, str], Awaitable[Schedule]],
    text: str,
) -> None:
    if change is move:
        await schedule(use_cases, post, "2027-03-20T19:00:00")

    made = await change(outdated, post, text)

    assert await outdated.post_scheduling.get(post.post_id) == made
    assert f"{made.publish_time:%Y-%m-%dT%H:%M}" == "2027-03-18T02:00"


async def test_a_campaign_is_not_scheduled_by_older_rules(
    outdated: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    with pytest.raises(ZoneRulesOutdated):
        await schedule_campaign(outdated)

    async with storage.reading() as stored:
        assert await stored.schedules.find_current(post.post_id) is None


async def test_a_process_with_older_rules_still_cancels(
    outdated: UseCases, storage: InMemoryStorage, post: Post
) -> None:
    pending = a_schedule(post)
    await given(storage, pending)

    assert await outdated.campaign_scheduling.cancel(CAMPAIGN_ID) == [as_cancelled(pending, now=NOW)]


async def test_a_process_with_older_rules_stays_ready_and_says_what_it_refuses(outdated: UseCases) -> None:
    report = await outdated.health.report()

    assert report.is_ready
    assert OLDER in report.checks["time_zones"]
    assert "send the time with Z" in report.checks["time_zones"]


async def newest_of(storage: InMemoryStorage) -> str | None:
    async with storage.reading() as stored:
        return await stored.tz_releases.newest()


async def test_newer_rules_count_from_the_first_schedule_that_is_made_with_them_and_not_by_starting(
    use_cases: UseCases, storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, post: Post
) -> None:
    newer = with_rules(storage, outbound, zones, NEWER)
    checked = AskedTime(text=WALL_TIMES[0], zone=None, disambiguation=Disambiguation.COMPATIBLE)
    await newer.post_scheduling.check(post.post_id, checked)
    before = await newest_of(storage), (await use_cases.health.report()).checks["time_zones"]

    made = await schedule(newer, post, WALL_TIMES[0])

    assert before == (None, "ok")
    assert await newest_of(storage) == made.slot.intent.tz_release == NEWER
    with pytest.raises(ZoneRulesOutdated, match=f"schedules were made with {NEWER}"):
        await schedule(use_cases, post, WALL_TIMES[0])


async def test_an_instant_says_nothing_of_rules(
    storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, post: Post
) -> None:
    newer = with_rules(storage, outbound, zones, NEWER)

    await schedule(newer, post, INSTANTS[0])

    assert await newest_of(storage) is None


async def test_a_move_and_a_campaign_say_with_which_rules_they_are_made(
    use_cases: UseCases, storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, post: Post
) -> None:
    newer, newest = with_rules(storage, outbound, zones, NEWER), with_rules(storage, outbound, zones, "2999b")
    await schedule(use_cases, post, INSTANTS[0])

    await move(newer, post, WALL_TIMES[0])
    moved = await newest_of(storage)
    await newest.campaign_scheduling.cancel(CAMPAIGN_ID)
    await schedule_campaign(newest)

    assert (moved, await newest_of(storage)) == (NEWER, "2999b")
