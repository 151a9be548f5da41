"""Which time zone ids are accepted, and what to say about the others."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from marketmind_scheduler.domain.errors import UnknownZone, ZoneRulesOutdated

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
    those whose meaning depends on the host.
    """

    release: str
    names: frozenset[str]
    _spellings: dict[str, str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, release: str, names: Iterable[str]) -> Self:
        accepted = frozenset(
            name for name in names if name not in _NOT_FOR_POSTS and not name.startswith(_HOST_DEPENDENT)
        )
        spellings = {_letters(name.rpartition("/")[2]): name for name in sorted(accepted, reverse=True)}
        spellings.update((_letters(name), name) for name in sorted(accepted))
        return cls(release, accepted, spellings)

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
        if meant := self._spellings.get(_letters(zone)):
            return f"did you mean {meant}?"
        return "send an id of the IANA time zone database, for example America/Los_Angeles"


def fixed_offset_warning(zone: str) -> str | None:
    """What to know about ids such as ``Etc/GMT+3``, whose sign is the reverse of common usage."""
    if not _FIXED.fullmatch(zone):
        return None
    real = zone.removeprefix("Etc/GMT").translate(str.maketrans("+-", "-+"))
    return f"{zone} is UTC{real} all year: it has no daylight saving time, and its sign is turned round"


def _letters(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum() or each == "+")  # Etc/GMT+3 is not Etc/GMT-3
