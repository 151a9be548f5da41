"""A brand: who speaks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class OnLate(StrEnum):
    PUBLISH = "publish"  # however late
    SKIP = "skip"  # never; the schedule ends as MISSED
    HOLD = "hold"  # not until a person moves it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late a post may still go out, and what happens with one that is later."""

    on_late: OnLate = OnLate.PUBLISH
    max_lateness: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandContent:
    """What a caller says of a brand. ``default_zone`` is where its campaign days and its wall times are read unless a
    caller says so."""

    name: str
    default_zone: str
    tone_profile: str
    lateness: Lateness = field(default_factory=Lateness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Who speaks. Nothing of a brand is sent from ``paused_at`` until it is resumed."""

    brand_id: UUID
    content: BrandContent
    paused_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
