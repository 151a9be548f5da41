"""Why a post does not stand at another time, as callers read it."""

from typing import Annotated, Self

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Moment, PostId
from marketmind_scheduler.adapters.http.shapes.plan_reasons import Multiplier, ViolationOut, rounded, told
from marketmind_scheduler.application.planning.explaining import Why
from marketmind_scheduler.domain.planning.instead import Instead, Moved
from marketmind_scheduler.domain.post import Platform


class MovedOut(Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    post_id: PostId
    platform: Platform
    since: Annotated[Moment | None, Meta(description="Where it is planned; null: the plan leaves it out")]
    to: Annotated[Moment | None, Meta(description="Where it would go; null: it would be left out")]

    @classmethod
    def of(cls, moved: Moved) -> Self:
        return cls(post_id=moved.post_id, platform=moved.platform, since=moved.since, to=moved.to)


class InsteadOut(Struct, frozen=True, kw_only=True):
    change: Annotated[
        float | None,
        Meta(
            description="By how much the plan would be worth more by its objective, and less where it is below 0, in "
            "usual posts; null for a scheduler that weighs no hours",
            examples=[-0.12],
        ),
    ]
    share: Annotated[
        float | None, Meta(description="The same as a part of what the plan is worth now", examples=[-0.013])
    ]
    proven: Annotated[
        bool, Meta(description="Whether no arrangement loses less; else the best that was found is told of")
    ]
    moves: Annotated[list[MovedOut], Meta(description="The other posts that would move, in time order")]
    trouble: Annotated[str | None, Meta(description="What could not be done or told, in words", examples=[None])]

    @classmethod
    def of(cls, instead: Instead) -> Self:
        change, value = instead.change, instead.value
        return cls(
            change=None if change is None else rounded(change),
            share=change / value if change is not None and value else None,
            proven=instead.proven,
            moves=[MovedOut.of(each) for each in instead.moved],
            trouble=instead.trouble,
        )


class WhyOut(Struct, frozen=True, kw_only=True):
    post_id: PostId
    platform: Platform
    publish_time: Annotated[Moment, Meta(description="The instant that is asked about")]
    publish_time_local: Annotated[
        str,
        Meta(
            description="The same in the brand's zone, as RFC 9557 text",
            examples=["2030-03-18T03:00:00-07:00[America/Los_Angeles]"],
        ),
    ]
    sentence: Annotated[
        str,
        Meta(
            description="The first thing that stands against it, or what that hour is worth beside the planned one; "
            "then what the plan would lose by it, and how many posts would move",
            examples=["it could stand there, and that hour is worth 1.00 of a usual post, the planned one 1.18"],
        ),
    ]
    violations: Annotated[list[ViolationOut], Meta(description="The rules that close it, with all else where it is")]
    multiplier: Annotated[Multiplier, Meta(description="Of that hour, of what a usual post of the lane gets")]
    planned_multiplier: Annotated[
        float | None,
        Meta(description="Of the hour at which it is planned; null where the plan leaves it out", examples=[1.18]),
    ]
    instead: Annotated[
        InsteadOut | None,
        Meta(
            description="The plan as its scheduler would make it with the post there; null where a rule, or something "
            "that stays, closes the time whatever the plan's other posts do"
        ),
    ]

    @classmethod
    def of(cls, why: Why) -> Self:
        return cls(
            post_id=why.wish.post.post_id,
            platform=why.wish.post.platform,
            publish_time=why.slot.publish_time,
            publish_time_local=why.slot.local_text(),
            sentence=why.sentence,
            violations=told(why.violations),
            multiplier=rounded(why.multiplier),
            planned_multiplier=None if why.planned_multiplier is None else rounded(why.planned_multiplier),
            instead=why.instead and InsteadOut.of(why.instead),
        )
