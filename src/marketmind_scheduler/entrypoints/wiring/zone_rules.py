"""Where the rules of time zones come from."""

import zoneinfo
from importlib.resources import files
from zoneinfo import ZoneInfo

from marketmind_scheduler.domain.zones import ZoneCatalog

_RELEASE_LINE = "# version "
_LINK = "L"  # before the zone and the other name that stands for it


class ZoneRulesMissingError(Exception):
    """The tzdata package, the only source of zone rules, is not installed or not whole."""


def pin_zone_rules() -> ZoneCatalog:
    """Make the tzdata package the only source of zone rules in this process, and list its zones.

    The machine's own files may be of another release. Raises ZoneRulesMissingError.
    """
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()  # a zone loaded before keeps the machine's rules otherwise
    try:
        package = files("tzdata")
        first_line, *lines = package.joinpath("zoneinfo", "tzdata.zi").read_text("utf-8").split("\n")
        names = package.joinpath("zones").read_text("utf-8").split()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        raise ZoneRulesMissingError(
            "the tzdata package is missing; install the service with its locked requirements"
        ) from missing
    if not names or not first_line.startswith(_RELEASE_LINE):
        raise ZoneRulesMissingError("the tzdata package is not whole; install it again")
    links = {link: zone for _, zone, link in (line.split() for line in lines if line.startswith(f"{_LINK} "))}
    return ZoneCatalog.of(first_line.removeprefix(_RELEASE_LINE), names, links)
