"""What is believed of an audience, as it is answered."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import BrandId, Moment
from marketmind_scheduler.application.audiences import Audience
from marketmind_scheduler.domain.audience.comparison import Comparison
from marketmind_scheduler.domain.audience.observations import Figure
from marketmind_scheduler.domain.audience.priors import Study, prior_of
from marketmind_scheduler.domain.audience.profile import Gate, Profile, Signal, Verdict, multiplier
from marketmind_scheduler.domain.audience.week import CELLS, MILLION, weekday_and_hour
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.observations import Snapshot


class Weekday(StrEnum):
    MO = "MO"
    TU = "TU"
    WE = "WE"
    TH = "TH"
    FR = "FR"
    SA = "SA"
    SU = "SU"


WEEKDAYS = tuple(Weekday)


class CellOut(Struct, frozen=True, kw_only=True):
    weekday: Annotated[Weekday, Meta(description="In the brand's zone")]
    hour: Annotated[int, Meta(ge=0, le=23, description="From this hour to the next, in the brand's zone")]
    multiplier: Annotated[
        float, Meta(ge=0, description="What is expected here against the lane's usual post", examples=[1.083287])
    ]
    interval_80: Annotated[
        list[float],
        Meta(
            min_length=2,
            max_length=2,
            description="The hour's own multiplier lies between these four times of five; single posts vary far more",
            examples=[[0.97, 1.44]],
        ),
    ]
    posts: Annotated[int, Meta(ge=0, description="Posts of the lane at this hour that were learned from")]
    own_share: Annotated[
        float, Meta(ge=0, le=1, description="Which part of what is known here comes from the lane's own posts")
    ]

    @classmethod
    def of(cls, profile: Profile, cell: int) -> Self:
        weekday, hour = weekday_and_hour(cell)
        low, high = profile.interval_80(cell)
        return cls(
            weekday=WEEKDAYS[weekday],
            hour=hour,
            multiplier=profile.value(cell) / MILLION,
            interval_80=[low / MILLION, high / MILLION],
            posts=profile.posts[cell],
            own_share=round(profile.own_share(cell), 6),
        )


class GateOut(Struct, frozen=True, kw_only=True):
    """Each post is foretold before it is learned: by the lane's own profile, by the prior, and by who knows nothing."""

    verdict: Annotated[
        Verdict,
        Meta(
            description="`unproven`: fewer than 20 posts were foretold; the profile is used and leans on the prior. "
            "`trusted`: it did not foretell the latest 60 worse than the better of the two others. `rejected`: it did, "
            "by more than the standard error, and that other is used alone"
        ),
    ]
    scored: Annotated[int, Meta(ge=0, le=60, description="How many of the latest posts the scores are of")]
    profile_score: Annotated[float, Meta(description="The sum of the logarithms of the densities it gave them")]
    prior_score: Annotated[float, Meta(description="The same under the prior")]
    nothing_score: Annotated[
        float, Meta(description="The same where all hours are alike, but for the naive rule's, which counts 5 % more")
    ]
    standard_error: Annotated[
        float, Meta(ge=0, description="Of what lies between the profile's score and the better of the two others")
    ]

    @classmethod
    def of(cls, gate: Gate) -> Self:
        return cls(
            verdict=gate.verdict,
            scored=gate.scored,
            profile_score=gate.profile_score / MILLION,
            prior_score=gate.prior_score / MILLION,
            nothing_score=gate.nothing_score / MILLION,
            standard_error=gate.error / MILLION,
        )


class SourceOut(Struct, frozen=True, kw_only=True):
    key: Annotated[str, Meta(description="Names it where a placement gives its reason", examples=["sprout-2023"])]
    title: Annotated[str, Meta(description="Whose study, and of what", examples=["Sprout Social, 34,000 customers"])]
    date: Annotated[str, Meta(description="When it was made, as precisely as is known", examples=["2023"])]
    url: Annotated[str, Meta(description="Where it was published", examples=["https://example.com/best-times"])]

    @classmethod
    def of(cls, study: Study) -> Self:
        return cls(key=study.key, title=study.title, date=study.date, url=study.url)


class SnapshotOut(Struct, frozen=True, kw_only=True):
    hash: Annotated[
        str,
        Meta(
            description="Of all that it says, in hexadecimal: equal histories have equal ones",
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ]
    fitted_at: Moment
    last_published_at: Annotated[datetime | None, Meta(description="When the last post that was learned from went out")]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        return cls(
            hash=snapshot.digest, fitted_at=snapshot.fitted_at, last_published_at=snapshot.profile.last_published
        )


class ControlOut(Struct, frozen=True, kw_only=True):
    """Posts at chosen times against posts that the lot left at the naive rule's time: this lets one claim a gain."""

    ratio: Annotated[float, Meta(ge=0, description="What chosen times bring against the rule's", examples=[1.08])]
    interval_95: Annotated[
        list[float],
        Meta(
            min_length=2,
            max_length=2,
            description="The true ratio lies between these 19 times of 20",
            examples=[[0.94, 1.24]],
        ),
    ]
    chosen_posts: Annotated[int, Meta(ge=2, description="Posts at times that the engagement scheduler chose")]
    control_posts: Annotated[int, Meta(ge=2, description="Posts that the lot left at the naive rule's time")]
    answers: Annotated[bool, Meta(description="Whether the interval leaves out that there is no difference")]
    more_posts: Annotated[
        int,
        Meta(ge=0, description="About how many more an answer needs, at the same shares; below 5 % none is looked for"),
    ]

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        low, high = (multiplier(bound) / MILLION for bound in (comparison.low, comparison.high))
        return cls(
            ratio=multiplier(comparison.difference) / MILLION,
            interval_95=[low, high],
            chosen_posts=comparison.chosen,
            control_posts=comparison.control,
            answers=comparison.answers,
            more_posts=comparison.more_posts,
        )


class AudienceOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    platform: Platform
    timezone: Annotated[str, Meta(description="The brand's, in which hours and weekdays are meant")]
    figure: Annotated[Figure, Meta(description="The figure that most posts of the lane are known by")]
    signal: Annotated[
        Signal,
        Meta(
            description="How much the lane's own posts say of the hours that it posts at: `none` is less than three "
            "posts in each would, `thin` less than ten; `ok` besides only where the gate trusts"
        ),
    ]
    gate: Annotated[GateOut, Meta(description="Whether the lane's own profile is used: it must do no harm")]
    sources: Annotated[
        list[SourceOut],
        Meta(description="The studies behind the prior; none: every hour counts the same, but 19:00 5 % more"),
    ]
    snapshot: Annotated[SnapshotOut | None, Meta(description="null: nothing was learned yet, and this is the prior")]
    control: Annotated[ControlOut | None, Meta(description="null: there is no comparison yet")]
    cells: Annotated[list[CellOut], Meta(description="168 of them, by weekday and hour, from Monday at 0:00")]

    @classmethod
    def of(cls, audience: Audience) -> Self:
        profile = audience.profile
        return cls(
            brand_id=audience.lane[0],
            platform=audience.lane[1],
            timezone=audience.zone,
            figure=profile.figure,
            signal=profile.signal,
            gate=GateOut.of(profile.gate),
            sources=[SourceOut.of(study) for study in prior_of(profile.platform).studies],
            snapshot=audience.snapshot and SnapshotOut.of(audience.snapshot),
            control=profile.comparison and ControlOut.of(profile.comparison),
            cells=[CellOut.of(profile, cell) for cell in range(CELLS)],
        )
