"""Brands as they are sent and shown."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from marketmind_scheduler.adapters.http.shapes.fields import (
    Body,
    BrandId,
    Cursor,
    LongText,
    Moment,
    Name,
    ZoneName,
)
from marketmind_scheduler.adapters.http.shapes.unset import said, text
from marketmind_scheduler.domain.brand import Brand, BrandChange, Lateness, OnLate
from marketmind_scheduler.domain.saying import UNSAID, Unsaid

OnLateChoice = Annotated[
    OnLate,
    Meta(
        description="What happens with a post later than `max_lateness_seconds`: it is published all the same, it is "
        "skipped (MISSED), or held until somebody moves or cancels it"
    ),
]
_USUAL_LATENESS = round(Lateness().max_lateness.total_seconds())
LatenessSeconds = Annotated[
    int, Meta(ge=60, le=2**31 - 1, description="How late is still in time", examples=[_USUAL_LATENESS])
]


class BrandIn(Body, frozen=True):
    """What is left out stays as it is stored. A new brand needs its name and its time zone."""

    brand_name: Annotated[Name, Meta(examples=["Demo Brand"])] | UnsetType = UNSET
    brand_default_timezone: ZoneName | UnsetType = UNSET
    tone_profile: Annotated[LongText, Meta(examples=["Warm, plain words"])] | UnsetType | None = UNSET
    on_late: OnLateChoice | UnsetType = UNSET
    max_lateness_seconds: LatenessSeconds | UnsetType = UNSET

    def said(self) -> BrandChange:
        lateness = said(self.max_lateness_seconds)
        return BrandChange(
            name=said(self.brand_name),
            default_zone=said(self.brand_default_timezone),
            tone_profile=text(self.tone_profile),
            on_late=said(self.on_late),
            max_lateness=UNSAID if isinstance(lateness, Unsaid) else timedelta(seconds=lateness),
        )


class BrandOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    brand_name: Annotated[Name, Meta(examples=["Demo Brand"])]
    brand_default_timezone: ZoneName
    tone_profile: Annotated[LongText, Meta(examples=["Warm, plain words"])]
    on_late: OnLateChoice
    max_lateness_seconds: LatenessSeconds
    paused_at: Annotated[datetime | None, Meta(description="Since when nothing of it is sent; null: it is not paused")]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, brand: Brand) -> Self:
        content = brand.content
        return cls(
            brand_id=brand.brand_id,
            brand_name=content.name,
            brand_default_timezone=content.default_zone,
            tone_profile=content.tone_profile,
            on_late=content.lateness.on_late,
            max_lateness_seconds=round(content.lateness.max_lateness.total_seconds()),
            paused_at=brand.paused_at,
            created_at=brand.created_at,
            updated_at=brand.updated_at,
        )


class ChangedBrandOut(BrandOut, frozen=True, kw_only=True):
    """A brand right after a change."""

    schedules_otherwise: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="PENDING schedules that stand otherwise than it says now; they have been told, and "
                "`POST /brands/{brand_id}/follow` takes them along",
            ),
        ]
        | UnsetType
    ) = UNSET
    schedules_link: Annotated[str, Meta(description="Lists them")] | UnsetType = UNSET

    @classmethod
    def after(cls, brand: Brand, otherwise: int) -> Self:
        link = f"/schedule?brand_id={brand.brand_id}&differs=brand"
        return cls(
            **asdict(BrandOut.of(brand)),
            schedules_otherwise=otherwise or UNSET,
            schedules_link=link if otherwise else UNSET,
        )


class BrandPage(Struct, frozen=True, kw_only=True):
    items: list[BrandOut]
    next_cursor: Cursor
