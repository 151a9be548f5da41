"""Whether the service can do its work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketmind_scheduler.application.zone_rules import check_zone_rules
from marketmind_scheduler.domain.errors import StorageUnavailable, ZoneRulesOutdated
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.readiness import Readiness
from marketmind_scheduler.ports.storage import Storage

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """``by`` whom this process publishes what is due, and what that ``means``, for a person. ``is_pretence``: schedules
    end as COMPLETED though nothing is posted."""

    by: str
    means: str
    is_pretence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessReport:
    """What was checked, each ``ok`` or what is wrong."""

    checks: Mapping[str, str]
    at: datetime
    tz_release: str

    @property
    def is_ready(self) -> bool:
        return all(found == OK for found in self.checks.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    publishing: Publishing
    readiness: Readiness
    storage: Storage
    zones: ZoneCatalog
    clock: Clock

    def live(self) -> datetime:
        """The present instant: the process answers."""
        return self.clock.now()

    async def check(self) -> datetime:
        """The present instant, after the storage has answered; raises StorageUnavailable."""
        await self.readiness.reachable()
        return self.clock.now()

    async def report(self) -> ReadinessReport:
        """Whether requests should be sent here: the storage answers and has the schema of this version, and nobody has
        used newer time zone rules."""
        return ReadinessReport(checks=await self._checks(), at=self.clock.now(), tz_release=self.zones.release)

    async def _checks(self) -> Mapping[str, str]:
        try:
            if not await self.readiness.schema_is_current():
                return {"database": OK, "schema": "not at head; run marketmind-scheduler migrate"}
            async with self.storage.reading() as repositories:
                await check_zone_rules(repositories, self.zones)
        except StorageUnavailable as unavailable:
            return {"database": str(unavailable)}
        except ZoneRulesOutdated as outdated:
            return {"database": OK, "schema": OK, "time_zones": str(outdated)}
        return {"database": OK, "schema": OK, "time_zones": OK}
