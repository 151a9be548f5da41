"""Dispatch: claim what is due, which records that its send begins, publish it, and settle what became of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from copy import copy
from math import inf
from uuid import UUID

from marketmind_scheduler.application.dispatch.clocks import Clocks
from marketmind_scheduler.application.dispatch.dead_ends import DeadEnds
from marketmind_scheduler.application.dispatch.in_flight import InFlight
from marketmind_scheduler.application.dispatch.sending import DispatchLimits, Sender
from marketmind_scheduler.application.dispatch.settling import Ended, Settler
from marketmind_scheduler.application.dispatch.traffic import Traffic
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.errors import ClocksDisagree, StorageUnavailable
from marketmind_scheduler.domain.event import DISPATCHER
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Wanted
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.tracing import Tracing

_POLL_SECONDS = 1.0
_LAST_CLAIM_SECONDS = 2.0
_GIVEN_UP_SECONDS = 0.6
_SHORTEST_REST_SECONDS = 0.02
_LONGEST_JITTER_SECONDS = 0.02
_GATHER_SECONDS = 0.005
_MOST_UNWRITTEN = 1000
"""Verdicts that may wait to be written while more is claimed: a killed process leaves these behind, and what is in
flight."""


class Dispatcher:
    """Sends what is due. Any number of them may run over one storage; ``owner`` is this one's, fresh at each start."""

    def __init__(
        self,
        *,
        queue: DispatchQueue,
        upkeeping: Upkeeping,
        storage: Storage,
        publisher: Publisher,
        observer: DispatchObserver,
        owner: UUID,
        platforms: Collection[Platform],
        monotonic: Callable[[], float],
        limits: DispatchLimits,
        retries: RetryPolicy,
        tracing: Tracing,
        clocks: Clocks,
    ) -> None:
        self.queue = queue.acting(DISPATCHER)
        self.upkeeping = upkeeping
        self._storage = storage
        self._observer = observer
        self._owner = owner
        self._platforms = [platform for platform in platforms if publisher.routes(platform)]
        self._monotonic = monotonic
        self._limits = limits
        self._tracing = tracing
        self._clocks = clocks
        self._publisher = publisher
        self._traffic = Traffic(publisher, observer=observer, monotonic=monotonic)
        self._sender = Sender(
            publisher=publisher,
            traffic=self._traffic,
            observer=observer,
            monotonic=monotonic,
            limits=limits,
            retries=retries,
            tracing=tracing,
        )
        verdicts = Verdicts(queue=self.queue, storage=storage.acting(DISPATCHER), owner=owner)
        reachability = Reachability(publisher=publisher, platforms=platforms)
        self._dead_ends = DeadEnds(upkeep=upkeeping.upkeep.acting(DISPATCHER), reachability=reachability)
        self._looks_again_at = -inf
        self._settler = Settler(verdicts, observer=observer, on_written=self._has_room)
        self._wake = asyncio.Event()  # there is room where there was none, or it is time to stop
        self._is_full = False
        self._in_flight = InFlight(self._sender, self._settler, observer=observer, on_ended=self._has_room)
        self._triggered: set[asyncio.Task[Sequence[Schedule]]] = set()

    @property
    def in_flight(self) -> int:
        return self._traffic.in_flight

    def within(self, reach: Reach) -> "Dispatcher":
        """The same dispatcher, whose triggers send only what is within ``reach``."""
        limited = copy(self)
        limited.queue = self.queue.within(reach)
        return limited

    async def run(self, stopping: asyncio.Event) -> None:
        """Dispatch until ``stopping`` is set. Then nothing more is claimed, what has not begun is released, and what
        has begun may end within the grace; of what is left over, its lease decides. While clocks disagree, nothing is
        claimed."""
        self._clocks.are_relied_on = True
        async with asyncio.TaskGroup() as lasting:
            settler = lasting.create_task(self._settler.run())
            claiming = lasting.create_task(self._claim_until(stopping))
            await stopping.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.grace.total_seconds()):
                    await self._end_claiming(claiming)
                    await self._in_flight.all_ended()
                    await self._settler.all_written()
            await self._in_flight.give_up()
            claiming.cancel()
            settler.cancel()
            self._observer.unwritten(self._settler.unwritten)

    async def _end_claiming(self, claiming: asyncio.Task[None]) -> None:
        self._wake.set()
        await asyncio.wait([claiming], timeout=_LAST_CLAIM_SECONDS)
        if claiming.cancel():  # the storage hangs; what it may have claimed by then was never sent
            await asyncio.wait([claiming], timeout=_GIVEN_UP_SECONDS)
        await self.upkeeping.lost_claims.try_to_give_back()

    async def trigger(self, limit: int) -> Sequence[Schedule]:
        """Send up to ``limit`` schedules that are due now, and return where they stand then, the earliest due first.

        Does the upkeep before, so that calling this now and then is enough, and a lane that is behind sends one post at
        a time here too. What has begun goes on when the caller is cancelled: ``triggered`` waits for it. Raises
        StorageUnavailable; of what had been claimed by then, its lease decides. Raises ClocksDisagree and
        NothingSentFromHere.
        """
        self._triggered.add(task := asyncio.create_task(self._triggered_now(limit)))
        task.add_done_callback(self._triggered.discard)
        return await asyncio.shield(task)

    async def triggered(self) -> None:
        """Return when nothing that a trigger has begun is in flight any more, after the grace at the latest."""
        if self._triggered:
            await asyncio.wait(self._triggered, timeout=self._limits.grace.total_seconds())

    async def _triggered_now(self, limit: int) -> Sequence[Schedule]:
        self._publisher.check()
        await self._clocks.check()
        await self.upkeeping.keep_up()
        await self._dead_ends.look()
        claimed_at = self._monotonic()
        wanted = self._traffic.wanted(self._platforms, least_lease=self._limits.least_lease)
        attempts = await self._claim(list(wanted.values()), most=limit) if wanted else ()
        with self._tracing.claim(len(attempts), seconds=self._monotonic() - claimed_at):
            await self._send_now(attempts, claimed_at)
        await self.upkeeping.sequence()
        async with self._storage.reading() as repositories:
            found = await repositories.schedules.find_all([each.claim.schedule_id for each in attempts])
        return sorted(found, key=lambda schedule: (schedule.publish_time, schedule.schedule_id))

    async def _claim(self, wanted: Sequence[Wanted], *, most: int | None = None) -> Sequence[Attempt]:
        return await self.upkeeping.lost_claims.claim(
            self.queue, wanted, most=most, owner=self._owner, lease=self._limits.lease
        )

    async def _send_now(self, attempts: Sequence[Attempt], claimed_at: float) -> None:
        begun, ended = self._sender.begin(attempts, claimed_at=claimed_at)
        try:
            sent = await asyncio.gather(*map(self._sender.send, begun))
            if attempts:
                await self._write([*ended, *sent])
        finally:
            for each in begun:
                self._sender.done(each)

    async def _write(self, ended: Sequence[Ended]) -> None:
        try:
            async with asyncio.timeout(self._limits.grace.total_seconds()):
                await self._settler.write(ended)
        except TimeoutError as given_up:
            raise StorageUnavailable from given_up

    async def _claim_until(self, stopping: asyncio.Event) -> None:
        was_away = True
        while not stopping.is_set():
            try:
                if was_away:
                    await self.upkeeping.catch_up()
                was_away = False
                await self._look_for_dead_ends()
                await self._clocks.check()
                rest = await self._round(stopping)
            except StorageUnavailable as unavailable:
                self._observer.unavailable(unavailable)
                await self.upkeeping.lost_claims.try_to_give_back()
                was_away, rest = True, _POLL_SECONDS
            except ClocksDisagree:  # the observer has said so
                rest = _POLL_SECONDS
            if rest:
                await self._rest(rest)

    async def _look_for_dead_ends(self) -> None:
        if self._monotonic() >= self._looks_again_at:
            await self._dead_ends.look()
            self._looks_again_at = self._monotonic() + _POLL_SECONDS

    async def _round(self, stopping: asyncio.Event) -> float:
        """Claim and begin once; return for how many seconds there will be nothing to claim."""
        self._wake.clear()
        outlets = self._traffic.wanted(self._platforms, least_lease=self._limits.least_lease)
        is_behind = len(self._settler) >= _MOST_UNWRITTEN
        self._is_full = is_behind or self._traffic.is_full(self._platforms)
        if is_behind or not outlets:
            return _POLL_SECONDS
        claimed_at, wanted = self._monotonic(), list(outlets.values())
        attempts = await self._claim(wanted)
        if stopping.is_set():
            self._settler.put(*self._sender.release(attempts))
            return 0
        with self._tracing.claim(len(attempts), seconds=self._monotonic() - claimed_at):
            begun, ended = self._sender.begin(attempts, claimed_at=claimed_at)
            self._in_flight.begin(begun)
        self._settler.put(*ended)
        taken = Counter((each.attempt.claim.platform, each.target.name) for each in begun)
        if any(taken[outlet] == each.room for outlet, each in outlets.items()):
            return 0
        return await self._seconds_until_due(wanted)

    def _has_room(self) -> None:
        if self._is_full:
            self._wake.set()

    async def _seconds_until_due(self, wanted: Sequence[Wanted]) -> float:
        due_in = await self.queue.next_due_in(wanted)
        seconds = _POLL_SECONDS if due_in is None else min(due_in.total_seconds(), _POLL_SECONDS)
        # never at once: another process may hold the row that is due
        return max(seconds, _SHORTEST_REST_SECONDS) + random.uniform(0, _LONGEST_JITTER_SECONDS)  # noqa: S311

    async def _rest(self, seconds: float) -> None:
        """Sleep, but where a platform was full no longer than until one of the sends has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                await asyncio.sleep(_GATHER_SECONDS)  # several end at once
