"""Never resolving a wall time with older rules than others have used already."""

from dataclasses import dataclass

from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Repositories, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRules:
    storage: Storage
    zones: ZoneCatalog
    clock: Clock

    async def register(self) -> None:
        """Say, before the first schedule is made, which release this process resolves with."""
        async with self.storage.unit_of_work() as work:
            await work.tz_releases.add(self.zones.release, now=self.clock.now())
            await work.commit()


async def check_zone_rules(repositories: Repositories, zones: ZoneCatalog) -> None:
    """Raise ZoneRulesOutdated when another process has used newer rules than ``zones``."""
    zones.check_release(await repositories.tz_releases.newest())
