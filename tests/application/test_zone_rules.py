"""A process whose time zone rules are older than those that others have used."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import ZoneRulesOutdated
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import assemble
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from tests.builders import CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given
from tests.fakes.api_keys import InMemoryApiKeys
from tests.fakes.clock import CountedIds, FrozenClock
from tests.fakes.readiness import ScriptedReadiness
from tests.fakes.run_observer import RecordingRunObserver
from tests.fakes.storage import InMemoryStorage
from tests.stored import as_cancelled

OLDER, NEWER = "1999a", "2999a"
WALL_TIMES = ["2027-03-17T19:00:00", "2027-03-17T19:00:00-07:00[America/Los_Angeles]"]
INSTANTS = ["2027-03-18T02:00:00Z", "2027-03-17T19:00:00-07:00", "2027-03-18T02:00:00Z[America/Los_Angeles]"]


def with_rules(storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, release: str) -> UseCases:
    """The use cases of a process with another release of the rules."""
    return assemble(
        storage=storage,
        readiness=ScriptedReadiness(),
        keys=InMemoryApiKeys(),
        outbound=outbound,
        run_observer=RecordingRunObserver(),
        schedulers=schedulers_of(Settings()),
        zones=replace(zones, release=release),
        clock=FrozenClock(NOW),
        new_id=CountedIds(since=NOW),
        horizon=timedelta(days=1827),
        schedules_per_brand=1000,
    )


@pytest.fixture
async def outdated(use_cases: UseCases, storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog) -> UseCases:
    """A process with older rules than another one has registered."""
    await use_cases.zone_rules.register()
    older = with_rules(storage, outbound, zones, OLDER)
    await older.zone_rules.register()
    return older


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
    outdated: UseCases, use_cases: UseCases, storage: InMemoryStorage, post: Post, text: str
) -> None:
    with pytest.raises(ZoneRulesOutdated) as refused:
        await schedule(outdated, post, text)

    newest = use_cases.zone_rules.zones.release
    assert refused.value.details == {"tz_release": OLDER, "newest_tz_release": newest}
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


async def test_a_process_with_older_rules_is_not_ready_and_says_why(outdated: UseCases) -> None:
    report = await outdated.health.report()

    assert not report.is_ready
    assert OLDER in report.checks["time_zones"]


async def test_newer_rules_take_over_from_the_moment_they_are_registered(
    use_cases: UseCases, storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog, post: Post
) -> None:
    await use_cases.zone_rules.register()
    newer = with_rules(storage, outbound, zones, NEWER)
    ready_before = (await use_cases.health.report()).is_ready

    await newer.zone_rules.register()

    assert ready_before
    assert not (await use_cases.health.report()).is_ready
    assert (await schedule(newer, post, WALL_TIMES[0])).slot.intent.tz_release == NEWER
