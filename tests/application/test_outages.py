"""What becomes of a brand's posts while its receiver, or everything here, is out: afterwards they go out in their order
and at a distance, whatever the kind and the number of the outages."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.pacing import PACES, RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.verdict import Accepted, Unsent, Verdict
from marketmind_scheduler.domain.wall_clock import Slot
from tests.builders import NOW, TZ_RELEASE, a_brand, a_post, a_schedule, given
from tests.fakes.clocks import clocks_that_agree
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.refits import nothing_to_learn
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.jumping_time import in_jumping_time, seconds_passed

pytestmark = pytest.mark.timeout(60)

LOOKING_APART = 0.1
"""In seconds; a dispatcher looks for what is due every few hundredths, while something is."""

Span = tuple[int, int]


class LoopClock:
    """It goes with the clock of the running loop."""

    def now(self) -> datetime:
        return NOW + timedelta(seconds=seconds_passed())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """In seconds from the start: when the receiver takes no connection, when nothing dispatches, and when posts are
    planned for."""

    name: str
    posts: Sequence[int]
    receiver_away: Sequence[Span] = ()
    dispatcher_away: Sequence[Span] = ((0, 0),)


EVERY_MINUTE = range(2, 602, 60)
OUTAGES = [
    Outage(name="nothing dispatched for ten minutes", posts=EVERY_MINUTE, dispatcher_away=[(0, 660)]),
    Outage(name="a receiver is away", posts=[2, 62, 122, 182, 242], receiver_away=[(0, 345)]),
    Outage(name="a receiver is away twice", posts=EVERY_MINUTE, receiver_away=[(0, 400), (460, 900)]),
    Outage(name="away again and again", posts=EVERY_MINUTE, receiver_away=[(0, 500), (530, 570), (600, 640)]),
    Outage(
        name="nothing dispatched, then the receiver is away",
        posts=EVERY_MINUTE,
        dispatcher_away=[(0, 420)],
        receiver_away=[(450, 800)],
    ),
    Outage(
        name="the dispatcher is replaced while it catches up",
        posts=EVERY_MINUTE,
        dispatcher_away=[(0, 660), (700, 760), (765, 775)],
    ),
    Outage(name="new posts come due behind the backlog", posts=[1, 2, 3, 400, 401, 430], dispatcher_away=[(0, 390)]),
    Outage(name="the last of a backlog", posts=[1, 2, 400, 401, 456, 457, 600], dispatcher_away=[(0, 405)]),
]


class Arrivals(ScriptedPublisher):
    """A receiver that is away at times, and remembers what arrived when."""

    def __init__(self, away: Sequence[Span]) -> None:
        super().__init__()
        self.arrived: list[tuple[float, UUID]] = []
        self._away = away

    async def publish(self, attempt: Attempt) -> Verdict:
        now = seconds_passed()
        if any(start <= now < end for start, end in self._away):
            return Unsent("connection refused")
        self.arrived.append((now, attempt.claim.schedule_id))
        return Accepted()


async def planned(storage: InMemoryStorage, moments: Sequence[int]) -> Sequence[Schedule]:
    posts = [a_post() for _ in moments]
    slots = [Slot.at(NOW + timedelta(seconds=each), zone="UTC", tz_release=TZ_RELEASE) for each in moments]
    schedules = [a_schedule(post, slot=slot) for post, slot in zip(posts, slots, strict=True)]
    await given(storage, a_brand(), *posts, *schedules)
    return schedules


async def dispatch(storage: InMemoryStorage, receiver: Arrivals, *, until: float) -> None:
    """One dispatcher's life."""
    observer = RecordingObserver()
    upkeeping = Upkeeping(
        lost_claims=LostClaims(InMemoryDispatchQueue(storage), new_id=uuid4, monotonic=seconds_passed),
        lost_and_late=LostAndLate(storage=storage, jitter=lambda: 0.5),
        upkeep=InMemoryUpkeep(storage),
        refitting=nothing_to_learn(observer),
        statistics=NothingToCount(),
        observer=observer,
    )
    dispatcher = Dispatcher(
        queue=InMemoryDispatchQueue(storage),
        upkeeping=upkeeping,
        storage=storage,
        publisher=receiver,
        observer=observer,
        owner=uuid4(),
        platforms=Platform,
        monotonic=seconds_passed,
        limits=DispatchLimits(),
        retries=RetryPolicy(),
        tracing=TraceIds(uuid4),
        clocks=clocks_that_agree(),
    )
    stopping = asyncio.Event()
    async with upkeeping.running(), asyncio.TaskGroup() as tasks:
        tasks.create_task(dispatcher.run(stopping))
        await asyncio.sleep(until - seconds_passed())
        stopping.set()


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.name)
@in_jumping_time
async def test_afterwards_posts_arrive_in_their_order_and_a_pace_apart(outage: Outage) -> None:
    storage = InMemoryStorage(LoopClock())
    receiver = Arrivals(outage.receiver_away)
    schedules = await planned(storage, outage.posts)

    for (_, away_until), (away_from, _) in pairwise([*outage.dispatcher_away, (3600, 3600)]):
        await asyncio.sleep(away_until - seconds_passed())
        await dispatch(storage, receiver, until=away_from)

    moments = [at for at, _ in receiver.arrived]
    assert [each for _, each in receiver.arrived] == [each.schedule_id for each in schedules]
    pace = PACES[Platform.TWITTER].total_seconds()
    assert min(later - earlier for earlier, later in pairwise(moments)) >= pace - LOOKING_APART
