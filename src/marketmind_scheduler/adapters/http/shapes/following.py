"""Schedules that follow their campaign or brand, as it is asked for and answered."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Self

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.adapters.http.shapes.catalog import CampaignOut
from marketmind_scheduler.adapters.http.shapes.fields import Body, BrandId, Day
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut, all_of
from marketmind_scheduler.application.following import days_to
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import UnreadableTime
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.written_times import read_day

_DAYS = re.compile(r"([+-]?)P(?=[0-9])(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?", re.ASCII)
Preview = Annotated[bool, Meta(description="Change nothing, and show what would be")]


class ShiftIn(Body, frozen=True):
    """Either `by` or `to_start`."""

    by: (
        Annotated[
            str,
            Meta(max_length=20, description="Whole days or weeks, as in ISO 8601; earlier with -", examples=["P7D"]),
        ]
        | None
    ) = None
    to_start: Annotated[Day, Meta(description="What becomes the campaign's first day")] | None = None
    preview: Preview = False

    def days(self) -> Callable[[Campaign], int]:
        """Raises Malformed, UnreadableTime."""
        if self.by is not None and self.to_start is None:
            days = _read_days(self.by)
            return lambda _: days
        if self.to_start is not None and self.by is None:
            return days_to(read_day(self.to_start))
        raise Malformed("send either `by`, such as P7D, or `to_start`, a calendar date", at="$")


class FollowIn(Body, frozen=True):
    zone: Annotated[bool, Meta(description="Those that took the brand's zone keep their wall clock in the new one")] = (
        False
    )
    lateness: Annotated[bool, Meta(description="All may be as late as the brand says now")] = False
    preview: Preview = False

    def check(self) -> None:
        """Raises Malformed where nothing is to follow."""
        if not (self.zone or self.lateness):
            raise Malformed('say what they are to follow: `"zone": true`, `"lateness": true` or both', at="$")


class ShiftedOut(Struct, frozen=True, kw_only=True):
    campaign: Annotated[CampaignOut, Meta(description="With its new days")]
    preview: bool
    moved: Annotated[int, Meta(ge=0, description="How many schedules move with it")]
    schedules: Annotated[list[ScheduleOut], Meta(description="In time order")]

    @classmethod
    async def of(cls, campaign: Campaign, schedules: Sequence[Schedule], *, preview: bool) -> Self:
        shown = await all_of(schedules)
        return cls(campaign=CampaignOut.of(campaign), preview=preview, moved=len(shown), schedules=shown)


class FollowedOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    preview: bool
    followed: Annotated[int, Meta(ge=0, description="How many schedules change")]
    schedules: Annotated[list[ScheduleOut], Meta(description="In time order")]

    @classmethod
    async def of(cls, brand: Brand, schedules: Sequence[Schedule], *, preview: bool) -> Self:
        shown = await all_of(schedules)
        return cls(brand_id=brand.brand_id, preview=preview, followed=len(shown), schedules=shown)


def _read_days(text: str) -> int:
    if not (read := _DAYS.fullmatch(text)):
        raise UnreadableTime(text, "write whole days or weeks, such as P7D, P2W or -P1D")
    sign, weeks, days = read.groups()
    count = 7 * int(weeks or 0) + int(days or 0)
    return -count if sign == "-" else count
