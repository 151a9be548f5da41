"""Never resolving a wall time with older rules than others have used already."""

from collections.abc import Iterable
from datetime import datetime

from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.wall_clock import IntentKind, Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.storage import Repositories, UnitOfWork


async def check_zone_rules(repositories: Repositories, zones: ZoneCatalog) -> None:
    """Raise ZoneRulesOutdated when schedules were made with newer rules than ``zones``."""
    zones.check_release(await repositories.tz_releases.newest())


def are_remembered(slot: Slot, newest: str | None) -> bool:
    """Whether it is known already that rules as new as those of this slot were used, where it needs any."""
    intent = slot.intent
    return intent.kind is not IntentKind.WALL or (newest is not None and intent.tz_release <= newest)


async def remember_zone_rules(work: UnitOfWork, schedules: Iterable[Schedule], *, now: datetime) -> None:
    """Say with which rules these are made or moved, so that from their commit on nobody resolves a wall time with older
    ones. An instant needs no rules."""
    for release in {each.slot.intent.tz_release for each in schedules if each.slot.intent.kind is IntentKind.WALL}:
        await work.tz_releases.add(release, now=now)
