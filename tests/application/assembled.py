"""Use cases as this suite has them: nobody pays for a model, and ids count up."""

from datetime import timedelta

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import assemble
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage
from tests.builders import NOW
from tests.fakes.api_keys import InMemoryApiKeys
from tests.fakes.clock import CountedIds, FrozenClock
from tests.fakes.readiness import ScriptedReadiness
from tests.fakes.run_observer import RecordingRunObserver


def assembled(
    storage: Storage,
    outbound: Outbound,
    zones: ZoneCatalog,
    *,
    clock: Clock | None = None,
    readiness: ScriptedReadiness | None = None,
) -> UseCases:
    """Over one storage."""
    return assemble(
        storage=storage,
        readiness=readiness or ScriptedReadiness(),
        keys=InMemoryApiKeys(),
        outbound=outbound,
        run_observer=RecordingRunObserver(),
        schedulers=schedulers_of(Settings()),
        zones=zones,
        clock=clock or FrozenClock(NOW),
        new_id=CountedIds(since=NOW),
        horizon=timedelta(days=1827),
        schedules_per_brand=1000,
    )
