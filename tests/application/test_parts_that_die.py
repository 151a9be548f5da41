"""Parts of a process that break are noticed, and started again; the others go on meanwhile."""

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from marketmind_scheduler.application.dispatch import upkeeping
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.entrypoints.processes import dispatcher
from marketmind_scheduler.entrypoints.processes.dispatcher import keep_dispatching
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.refits import nothing_to_learn
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.loops import on_each

MOST_SECONDS = 5
WAITS = ("_UPKEEP_SECONDS", "_SEQUENCE_SECONDS", "_FORGET_SECONDS", "_REFIT_SECONDS", "_COUNT_SECONDS")
PARTS = {"keep_up": "catch_up", "sequence": "sequence_events", "forget": "forget_expired"}
"""Each loop of the upkeep, and what it asks of its port."""


class Breaking:
    """An upkeep of which one thing breaks twice; ``done`` counts what was done of everything since."""

    def __init__(self, upkeep: InMemoryUpkeep, asked: str) -> None:
        self._upkeep = upkeep
        self._asked = asked
        self._left = 2
        self.done = dict.fromkeys(PARTS.values(), 0)
        self.all_done = asyncio.Event()

    def __getattr__(self, asked: str) -> Any:
        async def ask(**given: Any) -> int:
            if asked == self._asked and self._left:
                self._left -= 1
                raise RuntimeError(asked)
            self.done[asked] += 1
            if all(self.done.values()) and not self._left:
                self.all_done.set()
            return await getattr(self._upkeep, asked)(**given)

        return ask


@on_each(("part", "asked"), PARTS.items())
async def test_a_loop_of_the_upkeep_that_breaks_goes_on_and_so_do_the_others(
    storage: InMemoryStorage, monkeypatch: pytest.MonkeyPatch, part: str, asked: str
) -> None:
    for wait in WAITS:
        monkeypatch.setattr(upkeeping, wait, 0.001)
    observer = RecordingObserver()
    breaking: Any = Breaking(InMemoryUpkeep(storage), asked)
    keeping = Upkeeping(
        lost_claims=LostClaims(InMemoryDispatchQueue(storage), new_id=uuid4, monotonic=monotonic),
        lost_and_late=LostAndLate(storage=storage, jitter=lambda: 0.5),
        upkeep=breaking,
        refitting=nothing_to_learn(observer),
        statistics=NothingToCount(),
        observer=observer,
    )

    async with asyncio.timeout(MOST_SECONDS), keeping.running():
        await breaking.all_done.wait()

    assert [told for told, _ in observer.broken] == [part, part]


async def test_a_dispatcher_that_breaks_is_started_again_until_it_is_told_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatcher, "_PAUSE_SECONDS", 0)
    starts: list[int] = []
    broken: list[str] = []
    stopping = asyncio.Event()

    async def run(_stopping: asyncio.Event) -> None:
        starts.append(len(starts))
        if len(starts) < 3:
            raise RuntimeError
        stopping.set()

    def broke(part: str, _error: Exception) -> None:
        broken.append(part)

    service: Any = SimpleNamespace(
        use_cases=SimpleNamespace(dispatcher=SimpleNamespace(run=run, in_flight=0)),
        metering=SimpleNamespace(broke=broke, progress=dict),
    )
    async with asyncio.timeout(MOST_SECONDS):
        await keep_dispatching(service, stopping)

    assert (starts, broken) == ([0, 1, 2], ["dispatcher", "dispatcher"])
