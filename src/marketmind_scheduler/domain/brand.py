"""A brand: who speaks."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept, needed


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandChange:
    """What a caller says of a brand."""

    name: str | Unsaid = UNSAID
    default_zone: str | Unsaid = UNSAID
    tone_profile: str | Unsaid = UNSAID
    on_late: OnLate | Unsaid = UNSAID
    max_lateness: timedelta | Unsaid = UNSAID

    def over(self, stored: Brand | None, *, brand_id: UUID, now: datetime) -> Brand:
        """The brand as it is after this: ``stored`` itself where nothing of it changes. Raises FieldMissing."""
        content = self._content_over(stored.content if stored else self._new())
        if stored is None:
            return Brand(brand_id=brand_id, content=content, created_at=now, updated_at=now)
        return stored if content == stored.content else replace(stored, content=content, updated_at=now)

    def _new(self) -> BrandContent:
        return BrandContent(
            name=needed(self.name, "brand", "brand_name"),
            default_zone=needed(self.default_zone, "brand", "brand_default_timezone"),
            tone_profile="",
        )

    def _content_over(self, stored: BrandContent) -> BrandContent:
        return BrandContent(
            name=kept(self.name, stored.name),
            default_zone=kept(self.default_zone, stored.default_zone),
            tone_profile=kept(self.tone_profile, stored.tone_profile),
            lateness=Lateness(
                on_late=kept(self.on_late, stored.lateness.on_late),
                max_lateness=kept(self.max_lateness, stored.lateness.max_lateness),
            ),
        )
