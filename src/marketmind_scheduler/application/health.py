"""Whether the service can do its work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketmind_scheduler.application.agent.self_testing import SelfTesting
from marketmind_scheduler.application.dispatch.clocks import Clocks
from marketmind_scheduler.application.zone_rules import check_zone_rules
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.self_test import means
from marketmind_scheduler.domain.errors import ClocksDisagree, StorageUnavailable, ZoneRulesOutdated
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.readiness import Readiness
from marketmind_scheduler.ports.storage import Storage

OK = "ok"
TIME_ZONES, CLOCK = "time_zones", "clock"
NO_WRITES = "it takes no writes: it is read-only, its disk is full, or its commits wait for a standby"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """``by`` whom this process publishes what is due, and what that ``means``, for a person. ``is_pretence``: schedules
    end as COMPLETED though nothing is posted."""

    by: str
    means: str
    is_pretence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """What the self-test has found of the language model in this process, and what that means, for a person."""

    standing: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessReport:
    """What was checked, each ``ok`` or what is wrong or missing."""

    checks: Mapping[str, str]
    is_ready: bool
    at: datetime
    tz_release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    publishing: Publishing
    readiness: Readiness
    storage: Storage
    zones: ZoneCatalog
    clock: Clock
    clocks: Clocks
    self_testing: SelfTesting | None = None

    @property
    def language_model(self) -> ModelHealth | None:
        """None without one. No reason not to be ready, whatever it says: plans are the exact ones then."""
        if self.self_testing is None:
            return None
        last = self.self_testing.last
        fitness = last.fitness if last else Fitness.UNTESTED
        return ModelHealth(standing=fitness, means=means(fitness))

    def live(self) -> datetime:
        """The present instant: the process answers."""
        return self.clock.now()

    async def check(self) -> datetime:
        """The present instant, after the storage has answered; raises StorageUnavailable."""
        await self.readiness.reachable()
        return self.clock.now()

    async def report(self) -> ReadinessReport:
        """Whether requests should be sent here: the storage takes writes and has the schema of this version. Where
        schedules were made with newer time zone rules it says so: wall times are refused then, and nothing else. Where
        clocks disagree, only a process that dispatches is not ready."""
        checks = await self._checks()
        told_only = {TIME_ZONES} if self.clocks.are_relied_on else {TIME_ZONES, CLOCK}
        is_ready = all(found == OK for check, found in checks.items() if check not in told_only)
        return ReadinessReport(checks=checks, is_ready=is_ready, at=self.clock.now(), tz_release=self.zones.release)

    async def _checks(self) -> Mapping[str, str]:
        try:
            if not await self.readiness.schema_is_current():
                return {"database": OK, "schema": "not at head; run marketmind-scheduler migrate"}
            if not await self.readiness.takes_writes():
                return {"database": NO_WRITES, "schema": OK}
            return {"database": OK, "schema": OK, TIME_ZONES: await self._time_zones(), **await self._clock()}
        except StorageUnavailable as unavailable:
            return {"database": str(unavailable)}

    async def _time_zones(self) -> str:
        try:
            async with self.storage.reading() as repositories:
                await check_zone_rules(repositories, self.zones)
        except ZoneRulesOutdated as outdated:
            return str(outdated)
        return OK

    async def _clock(self) -> Mapping[str, str]:
        """Only where it is wrong."""
        try:
            await self.clocks.check()
        except ClocksDisagree as disagree:
            return {CLOCK: str(disagree)}
        return {}
