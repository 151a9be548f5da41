"""Which time zone ids are accepted, which of them are one zone, and what to say about the others."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from marketmind_scheduler.domain.errors import UnknownZone, ZoneRulesOutdated
from marketmind_scheduler.domain.windows_zones import zone_by_windows_name

_WELL_FORMED = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")
_ABBREVIATION = re.compile(r"[A-Z]{2,5}")
_OFFSET = re.compile(r"(?:UTC|GMT)?[+-][0-9:]{1,6}", re.IGNORECASE)
_FIXED = re.compile(r"Etc/GMT[+-][0-9]{1,2}")
_NOT_FOR_POSTS = frozenset({"Factory", "EST", "MST", "HST"})
_HOST_DEPENDENT = ("posix", "right", "local")


@dataclass(frozen=True, slots=True)
class ZoneCatalog:
    """The zone ids of one release of the IANA time zone data.

    Left out are ids without a place or without daylight saving time that look like abbreviations (``EST``), and
    those whose meaning depends on the host. ``links`` has the zone that each other name of one stands for.
    """

    release: str
    names: frozenset[str]
    links: Mapping[str, str] = field(repr=False, compare=False)
    _spellings: dict[str, str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, release: str, names: Iterable[str], links: Mapping[str, str] | None = None) -> Self:
        accepted = frozenset(
            name for name in names if name not in _NOT_FOR_POSTS and not name.startswith(_HOST_DEPENDENT)
        )
        spellings = {_letters(name.rpartition("/")[2]): name for name in sorted(accepted, reverse=True)}
        spellings.update((_letters(name), name) for name in sorted(accepted))
        return cls(release, accepted, links or {}, spellings)

    def are_one(self, zone: str, other: str) -> bool:
        """Whether both ids name one zone, such as ``Asia/Calcutta`` and ``Asia/Kolkata``."""
        return self._followed(zone) == self._followed(other)

    def other_names_of(self, zone: str) -> frozenset[str]:
        """What else the zone is called."""
        return frozenset(name for name in self.names if name != zone and self.are_one(name, zone))

    def check(self, zone: str) -> None:
        """Raise ``UnknownZone`` unless ``zone`` is an id of the catalogue, in its exact spelling."""
        if not _WELL_FORMED.fullmatch(zone) or zone not in self.names:
            raise UnknownZone(zone, hint=self._hint(zone))

    def check_release(self, newest: str | None) -> None:
        """Raise ``ZoneRulesOutdated`` where these rules are older than the ``newest`` that were used; releases order as
        their names do (``2025b`` before ``2026f``)."""
        if newest is not None and newest > self.release:
            raise ZoneRulesOutdated(self.release, newest=newest)

    def _hint(self, zone: str) -> str:
        if _ABBREVIATION.fullmatch(zone):
            return (
                "an abbreviation names several zones or has no daylight saving time; say for example "
                "America/Los_Angeles"
            )
        if _OFFSET.fullmatch(zone):
            return "use a city's zone such as Europe/Berlin, or send an offset in the time itself"
        if meant := zone_by_windows_name(zone) or self._spellings.get(_letters(zone)):
            return f"did you mean {meant}?"
        return "send an id of the IANA time zone database, for example America/Los_Angeles"

    def _followed(self, zone: str) -> str:
        while zone in self.links:
            zone = self.links[zone]
        return zone


def fixed_offset_warning(zone: str) -> str | None:
    """What to know about ids such as ``Etc/GMT+3``, whose sign is the reverse of common usage."""
    if not _FIXED.fullmatch(zone):
        return None
    real = zone.removeprefix("Etc/GMT").translate(str.maketrans("+-", "-+"))
    return (
        f"{zone} is UTC{real} all year: it has no daylight saving time, and its sign is turned round; name the zone of "
        "a city, such as America/Los_Angeles, where that is not meant"
    )


def _letters(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum() or each == "+")  # Etc/GMT+3 is not Etc/GMT-3
