"""Times as the tests write them, and the rows of ``tests/data``, whose expected values java.time computed."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, TypeVar, cast

import msgspec

from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.readings import Reading
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog

Row = TypeVar("Row", bound=msgspec.Struct)

BRAND_ZONE = "America/Los_Angeles"


class DstRow(msgspec.Struct, frozen=True):
    zone: str
    local: datetime
    kind: Literal["normal", "gap", "overlap"]
    utc: datetime
    earlier: datetime | None = None
    later: datetime | None = None
    size_s: int = 0


class OffsetRow(msgspec.Struct, frozen=True):
    text: str
    zone: str
    local: datetime
    offset: str
    kind: Literal["normal", "gap", "overlap"]
    consistent: bool
    utc_by_offset: datetime
    utc_by_zone: datetime


class CampaignRow(msgspec.Struct, frozen=True):
    zone: str
    start: date
    end: date
    days: int
    n: int
    kind: Literal["one", "two", "daily", "spread"]
    expect: tuple[datetime, ...] = ()
    first: datetime | None = None
    last: datetime | None = None


def rows_of(kind: type[Row], file: str) -> list[Row]:
    lines = (Path(__file__).parents[1] / "data" / file).read_bytes().splitlines()
    return [msgspec.json.decode(line, type=kind) for line in lines]


def wall(text: str) -> datetime:
    """A wall time, without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def read(
    text: str,
    zones: ZoneCatalog,
    *,
    zone: str | None = None,
    disambiguation: Disambiguation = Disambiguation.COMPATIBLE,
) -> Slot:
    """``text`` as it is read for a brand in Los Angeles."""
    return read_slot(text, zone=zone, default_zone=BRAND_ZONE, disambiguation=disambiguation, zones=zones)


def readings_of(error: SchedulerError) -> list[Reading]:
    return cast("list[Reading]", error.details["readings"])
