"""A process whose clock is wrong against the storage's, by which posts are due."""

import asyncio
from datetime import timedelta

import pytest

from marketmind_scheduler.application.dispatch.clocks import Clocks
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import ClocksDisagree
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from tests.application.assembled import assembled
from tests.builders import NOW, a_brand, a_post, a_schedule, a_slot, given
from tests.fakes.clock import FrozenClock
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.storage import InMemoryStorage
from tests.loops import on_each

MINUTE = timedelta(minutes=1)


def beside(storage: InMemoryStorage, ahead: timedelta, observer: RecordingObserver | None = None) -> Clocks:
    return Clocks(
        clock=FrozenClock(NOW + ahead),
        queue=InMemoryDispatchQueue(storage),
        observer=observer or RecordingObserver(),
        monotonic=lambda: 0.0,
    )


@on_each("ahead", [timedelta(), MINUTE, -MINUTE, timedelta(seconds=3)])
async def test_clocks_agree_within_a_minute(storage: InMemoryStorage, ahead: timedelta) -> None:
    await beside(storage, ahead).check()


@on_each("ahead", [MINUTE * 10, -MINUTE * 10, timedelta(seconds=61), timedelta(seconds=-61)])
async def test_beyond_a_minute_it_is_said_which_way_and_how_far(storage: InMemoryStorage, ahead: timedelta) -> None:
    observer = RecordingObserver()

    with pytest.raises(ClocksDisagree) as wrong:
        await beside(storage, ahead, observer).check()

    way = "ahead of" if ahead > timedelta() else "behind"
    assert f"{abs(ahead).total_seconds():.0f} s {way} the database's" in str(wrong.value)
    assert observer.clocks_ahead == [ahead]


@pytest.fixture
def wrong(storage: InMemoryStorage, outbound: Outbound, zones: ZoneCatalog) -> UseCases:
    """A process whose clock is ten minutes ahead of its storage's."""
    return assembled(storage, outbound, zones, clock=FrozenClock(NOW + 10 * MINUTE))


async def test_a_trigger_with_a_wrong_clock_sends_nothing_and_says_why(
    wrong: UseCases, storage: InMemoryStorage, publisher: ScriptedPublisher
) -> None:
    post = a_post()
    due = a_schedule(post, slot=a_slot(f"{NOW:%Y-%m-%dT%H:%M}", zone="UTC"))
    await given(storage, a_brand(), post, due)

    with pytest.raises(ClocksDisagree):
        await wrong.dispatcher.trigger(10)

    assert publisher.attempts == []
    async with storage.reading() as stored:
        assert (await stored.schedules.get(due.schedule_id)).status is ScheduleStatus.PENDING


async def test_only_a_process_that_dispatches_is_not_ready_with_a_wrong_clock_and_each_says_so(wrong: UseCases) -> None:
    by_itself = await wrong.health.report()
    stopping = asyncio.Event()
    stopping.set()
    await wrong.dispatcher.run(stopping)

    dispatching = await wrong.health.report()

    assert "600 s ahead of" in by_itself.checks["clock"]
    assert by_itself.is_ready
    assert not dispatching.is_ready
