"""What several bodies share: fields with their bounds and examples, and the strictness of a body."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, UnsetType

from marketmind_scheduler.adapters.http.words.taken import told_as
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind

MOST_POSTS_IN_A_BODY = 10_000
MOST_POSTS_IN_AN_ORDER = 100_000

DEMO_BRAND = "11111111-1111-1111-1111-111111111111"
DEMO_CAMPAIGN = "22222222-2222-2222-2222-222222222222"
DEMO_POST = "33333333-3333-3333-3333-333333333333"
EXAMPLE_SCHEDULE = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"
_LONGEST_EXTERNAL_ID = 200
EACH_ONCE: dict[str, object] = {"uniqueItems": True}
_NO_NUL = r"^[^\u0000]*$"
NOT_BLANK = r"^\s*[^\s\u0000][^\u0000]*$"
# a host or bucket, then anything without spaces; Python's $ alone would allow a line feed behind it
_MEDIA_URL = r"^(s3|https?)://[A-Za-z0-9._~%:@-]+([/?#][^\u0000-\u0020\u007f]*)?$(?!\n)"

Overridable = Literal[
    "quiet_hours", "posting_hours", "blackout", "min_gap", "daily_cap", "rolling_cap", "lead_time", "platform_cap"
]
BrandId = Annotated[UUID, Meta(examples=[DEMO_BRAND])]
CampaignId = Annotated[UUID, Meta(examples=[DEMO_CAMPAIGN])]
PostId = Annotated[UUID, Meta(examples=[DEMO_POST])]
ScheduleId = Annotated[UUID, Meta(description="UUIDv7", examples=[EXAMPLE_SCHEDULE])]
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=NOT_BLANK,
        extra=told_as("a text of 1 to 200 characters that are not all spaces"),
    ),
]
LongText = Annotated[str, Meta(max_length=2000, pattern=_NO_NUL)]
Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=NOT_BLANK,
        extra=told_as('a text of 1 to 500 characters that are not all spaces, such as "Meet the new line"'),
        examples=["Meet the new line"],
    ),
]
MediaUrl = Annotated[
    str,
    Meta(
        min_length=6,
        max_length=2048,
        pattern=_MEDIA_URL,
        extra=told_as(
            "an s3, https or http URL of at most 2,048 characters, without spaces, such as "
            "s3://marketmind-demo/launch/meet.mp4"
        ),
        description="Where the post's media lie: an s3, https or http URL without spaces",
        examples=["s3://marketmind-demo/launch/meet.mp4"],
    ),
]
Day = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=_NO_NUL,
        description="A calendar date in the brand's time zone, YYYY-MM-DD",
        examples=["2030-03-15"],
    ),
]
ZoneName = Annotated[
    str,
    Meta(
        max_length=10_000,
        description="An IANA time zone id; abbreviations such as PST are refused",
        examples=["America/Los_Angeles"],
    ),
]
Timestamp = Annotated[
    str,
    Meta(
        max_length=10_000,
        description=(
            "When to publish. A wall time (`2030-03-18T19:00:00`) is read in `timezone`, else in the brand's zone. "
            "With `Z` or an offset and no zone it is an instant. An offset together with a zone "
            "(`2030-03-18T19:00:00-07:00[America/Los_Angeles]`) must be one the zone uses then."
        ),
        examples=["2030-03-18T19:00:00"],
    ),
]
Bound = Annotated[
    str,
    Meta(
        max_length=10_000,
        description="A time, in any form that `timestamp` takes",
        examples=["2030-03-18T09:00:00"],
    ),
]
Moment = Annotated[datetime, Meta(description="An instant in UTC", examples=["2030-03-19T02:00:00Z"])]
ExternalId = Annotated[
    Annotated[str, Meta(min_length=1, max_length=_LONGEST_EXTERNAL_ID, pattern=_NO_NUL)] | int,
    Meta(description="The platform's own id of the post; a whole number counts as its decimal digits"),
]
DryRun = Annotated[
    bool, Meta(description="It was called published and nothing was posted: `SCHEDULER_PUBLISHER` was `dry_run`")
]
SomePlatforms = Annotated[Sequence[Platform], Meta(min_length=1, max_length=len(Platform), extra_json_schema=EACH_ONCE)]
Override = Annotated[
    Sequence[Overridable],
    Meta(
        max_length=len(RuleKind),
        extra_json_schema=EACH_ONCE,
        description="Kinds of rules to pass over; needs the scope `admin`, and is shown with the schedule",
        examples=[["quiet_hours"]],
    ),
]
Note = Annotated[str, Meta(min_length=1, max_length=1000, pattern=_NO_NUL)]
ClaimToken = Annotated[int, Meta(ge=1, le=2**53 - 1, description="As it was given with the claim", examples=[1])]


def check_once(**lists: Iterable[str] | UnsetType) -> None:
    """Raises ValueError for what one of these lists, by the name of its field, has twice."""
    for field, values in lists.items():
        given = () if isinstance(values, UnsetType) else values
        for value, times in Counter(given).items():
            if times > 1:
                raise ValueError(f"{field} has {value} {'twice' if times == 2 else f'{times} times'}; give it once")


def external_text(given: str | int | None) -> str | None:
    """As it is kept. Raises ValueError for a number with too many digits."""
    text = None if given is None else str(given)
    if text is not None and len(text) > _LONGEST_EXTERNAL_ID:
        raise ValueError(f"an external_id of {len(text)} digits is too long; it takes {_LONGEST_EXTERNAL_ID} at most")
    return text


class Body(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A request body: unknown fields are refused."""


class OverridingBody(Body, frozen=True):
    """One that may pass over rules."""

    override: Override = ()

    def __post_init__(self) -> None:
        check_once(override=self.override)


Cursor = Annotated[
    str | None, Meta(description="Send it as `cursor` to get what follows; null when nothing does", examples=["MzM"])
]
