"""The use cases over fakes: a storage in memory, and a clock that stands at ``NOW``."""

from datetime import timedelta

import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.entrypoints.bootstrap import assemble
from tests.builders import NOW
from tests.fakes.clock import CountedIds, FrozenClock
from tests.fakes.readiness import ScriptedReadiness
from tests.fakes.storage import InMemoryStorage


@pytest.fixture(autouse=True)
def _zone_rules(zones: ZoneCatalogue) -> None:  # pyright: ignore[reportUnusedFunction]  # slots are built by them
    del zones


@pytest.fixture
def storage() -> InMemoryStorage:
    return InMemoryStorage()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def readiness() -> ScriptedReadiness:
    return ScriptedReadiness()


@pytest.fixture
def use_cases(
    storage: InMemoryStorage, readiness: ScriptedReadiness, zones: ZoneCatalogue, clock: FrozenClock
) -> UseCases:
    return assemble(
        storage=storage,
        readiness=readiness,
        zones=zones,
        clock=clock,
        new_id=CountedIds(since=NOW),
        horizon=timedelta(days=1827),
    )
