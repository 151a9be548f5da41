"""Whether the service can do its work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.readiness import Readiness

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessReport:
    """What was checked, each ``ok`` or what is wrong."""

    checks: Mapping[str, str]
    at: datetime
    tz_release: str

    @property
    def is_ready(self) -> bool:
        return all(outcome == OK for outcome in self.checks.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    readiness: Readiness
    zones: ZoneCatalogue
    clock: Clock

    def live(self) -> datetime:
        """The present instant: the process answers."""
        return self.clock.now()

    async def check(self) -> datetime:
        """The present instant, after the storage has answered; raises StorageUnavailable."""
        await self.readiness.reachable()
        return self.clock.now()

    async def report(self) -> ReadinessReport:
        """Whether requests should be sent here: the storage answers and has the schema of this version."""
        try:
            is_current = await self.readiness.schema_is_current()
            checks = {"database": OK, "schema": OK if is_current else "not at head; run marketmind-scheduler migrate"}
        except StorageUnavailable as unavailable:
            checks = {"database": str(unavailable)}
        return ReadinessReport(checks=checks, at=self.clock.now(), tz_release=self.zones.release)
