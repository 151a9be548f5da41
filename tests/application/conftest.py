"""The use cases over fakes: a storage in memory, and one clock for all that stands at ``NOW``."""

from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from tests.application.assembled import assembled
from tests.builders import NOW
from tests.fakes.clock import FrozenClock
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.holds import InMemoryHolds
from tests.fakes.profile_fitter import DirectProfileFitter
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.queue_standing import InMemoryQueueStandings
from tests.fakes.readiness import ScriptedReadiness
from tests.fakes.refits import InMemoryRefits
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep


@pytest.fixture(autouse=True)
def _zone_rules(zones: ZoneCatalog) -> None:  # pyright: ignore[reportUnusedFunction]  # slots are built by them
    del zones


@pytest.fixture
def storage(clock: FrozenClock) -> InMemoryStorage:
    return InMemoryStorage(clock)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def readiness() -> ScriptedReadiness:
    return ScriptedReadiness()


@pytest.fixture
def publisher() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture
def outbound(storage: InMemoryStorage, publisher: ScriptedPublisher) -> Outbound:
    queue, metering = InMemoryDispatchQueue(storage), MeteredDispatch(CollectorRegistry())
    return Outbound(
        queue=queue,
        pulled=queue,
        upkeep=InMemoryUpkeep(storage),
        storage=storage,
        holds=InMemoryHolds(storage),
        standings=InMemoryQueueStandings(storage),
        refits=InMemoryRefits(storage),
        statistics=NothingToCount(),
        fitter=DirectProfileFitter(),
        publisher=publisher,
        publishing=Publishing(by="script", means="a test says what becomes of each post"),
        platforms=Platform,
        observer=metering,
        metrics=metering,
        tracing=TraceIds(uuid4),
    )


@pytest.fixture
def use_cases(
    storage: InMemoryStorage,
    readiness: ScriptedReadiness,
    outbound: Outbound,
    zones: ZoneCatalog,
    clock: FrozenClock,
) -> UseCases:
    return assembled(storage, outbound, zones, clock=clock, readiness=readiness)
