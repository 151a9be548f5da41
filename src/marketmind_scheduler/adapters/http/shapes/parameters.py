"""Ids in paths, and the filters of lists."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.adapters.http.shapes.fields import DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST, EXAMPLE_SCHEDULE
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.sources import Difference

BrandInPath = Annotated[
    UUID, PathParameter(description="The brand's id", examples=[Example(summary="A demo brand", value=DEMO_BRAND)])
]
CampaignInPath = Annotated[
    UUID,
    PathParameter(description="The campaign's id", examples=[Example(summary="A demo campaign", value=DEMO_CAMPAIGN)]),
]
PostInPath = Annotated[
    UUID, PathParameter(description="The post's id", examples=[Example(summary="A demo post", value=DEMO_POST)])
]
ScheduleInPath = Annotated[
    UUID,
    PathParameter(description="The schedule's id", examples=[Example(summary="A schedule", value=EXAMPLE_SCHEDULE)]),
]
PlanInPath = Annotated[
    UUID, PathParameter(description="The plan's id", examples=[Example(summary="A plan", value=EXAMPLE_SCHEDULE)])
]
CodeInPath = Annotated[
    str,
    PathParameter(
        description="The `code` of a problem", examples=[Example(summary="A code", value="already_scheduled")]
    ),
]

BrandFilter = Annotated[UUID | None, QueryParameter(name="brand_id", description="Only this brand's")]
CampaignFilter = Annotated[UUID | None, QueryParameter(name="campaign_id", description="Only this campaign's")]
CampaignStatusFilter = Annotated[
    CampaignStatus | None, QueryParameter(name="status", description="Only those with this status")
]
TitleFilter = Annotated[
    str | None,
    QueryParameter(
        name="q",
        min_length=1,
        max_length=200,
        description="Only with this in the title, in upper or lower case; `%` and `_` are themselves",
    ),
]
WithCancelled = Annotated[
    bool | None,
    QueryParameter(name="cancelled", description="Show the cancelled ones too, where no `status` is asked for"),
]


BreaksPolicyFilter = Annotated[
    bool | None,
    QueryParameter(
        name="breaks_policy",
        description="`true`: only PENDING ones that break their brand's policy, or cap of its own, as it is now",
    ),
]


class Unconfirmed(StrEnum):
    """What is to become of schedules of which nobody knows whether they are out."""

    FORGET = "forget"


UnconfirmedParameter = Annotated[
    Unconfirmed | None,
    QueryParameter(
        name="unconfirmed",
        description="`forget`: what is UNCONFIRMED is not in the way, and stays UNCONFIRMED; it is never sent again",
    ),
]


class Differs(StrEnum):
    """In what a schedule stands otherwise than its sources; `brand`: in zone or lateness."""

    ZONE = "zone"
    LATENESS = "lateness"
    BRAND = "brand"
    DATES = "dates"


DiffersFilter = Annotated[
    Differs | None,
    QueryParameter(
        name="differs",
        description="Only what is PENDING and stands otherwise than its brand says by now (`zone`, `lateness`, or "
        "`brand` for both), or outside its campaign's days (`dates`, with `campaign_id`)",
    ),
]


def differences_of(differs: Differs | None, campaign_id: UUID | None) -> frozenset[Difference]:
    """Raises Malformed for the dates of no campaign."""
    if differs is Differs.DATES and campaign_id is None:
        raise Malformed("dates differ from those of one campaign; name it with campaign_id", at="differs")
    if differs is Differs.BRAND:
        return frozenset({Difference.ZONE, Difference.LATENESS})
    return frozenset() if differs is None else frozenset({Difference(differs)})


OnPlatform = Annotated[Platform, QueryParameter(name="platform", description="On which platform")]


class Format(StrEnum):
    """How an answer is shown: as data, as a table for a terminal, or as a picture."""

    JSON = "json"
    TEXT = "text"
    SVG = "svg"


FormatParameter = Annotated[
    Format, QueryParameter(name="format", description="As data, as a table for a terminal, or as a picture")
]

PlatformFilter = Annotated[Platform | None, QueryParameter(name="platform", description="Only on this platform")]
StatusFilter = Annotated[
    ScheduleStatus | None, QueryParameter(name="status", description="Only those with this status")
]
FromFilter = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description="Only from this instant on, such as `2030-03-01T00:00:00Z`; in a URL, write `+` as `%2B`",
    ),
]
ToFilter = Annotated[
    str | None, QueryParameter(name="to", description="Only up to this instant, which is not included")
]
