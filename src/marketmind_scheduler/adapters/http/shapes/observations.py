"""Observations as they are sent, and what became of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Self

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Body, BrandId, PostId
from marketmind_scheduler.application.observing import Observed, Told
from marketmind_scheduler.domain.audience.observations import MOST, Figure, History, Unlearned
from marketmind_scheduler.domain.errors import Fault, ObservationsRefused, Rejected
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.written_times import read_instant

MOST_OBSERVATIONS = 1_000
_LONGEST_INSTANT = 100
_NO_NUL = r"^[^\u0000]*$"

ObservationId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=_NO_NUL,
        description="Yours, unique within the brand: under the same one a later measurement takes the place of the "
        "earlier, and of two measured at one instant the one that comes last",
        examples=["tw-1890-engagements-24h"],
    ),
]
_OF_HISTORY = ("brand_id", "platform", "published_at", "reference")


class ObservationIn(Body, frozen=True):
    """Of a post by its `post_id`, or of one that went out without this service: by `brand_id`, `platform`,
    `published_at` and a `reference` that tells it from the others."""

    observation_id: ObservationId
    figure: Annotated[Figure, Meta(description="What was counted")]
    value: Annotated[int, Meta(ge=0, le=MOST, description="The count, since the post went out", examples=[1234])]
    measured_at: Annotated[
        str,
        Meta(
            max_length=_LONGEST_INSTANT,
            description="When it was measured: an instant",
            examples=["2026-03-20T02:00:00Z"],
            extra_json_schema={"format": "date-time"},
        ),
    ]
    paid: Annotated[bool, Meta(description="Somebody paid for reach: it is kept, and not learned from")] = False
    post_id: PostId | None = None
    brand_id: BrandId | None = None
    platform: Platform | None = None
    published_at: (
        Annotated[
            str,
            Meta(
                max_length=_LONGEST_INSTANT,
                description="When the post went out: an instant",
                examples=["2026-03-19T02:00:00Z"],
                extra_json_schema={"format": "date-time"},
            ),
        ]
        | None
    ) = None
    reference: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=200,
                pattern=_NO_NUL,
                description="What you call this post of before; the platform's id of it, say",
                examples=["1890"],
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        given = [name for name in _OF_HISTORY if getattr(self, name) is not None]
        if self.post_id is not None and given:
            raise ValueError(f"send post_id alone, or instead of it all of {', '.join(_OF_HISTORY)}")
        missing = [name for name in _OF_HISTORY if name not in given]
        if self.post_id is None and missing:
            raise ValueError(f"send post_id, or for a post of before all of {', '.join(_OF_HISTORY)}")


class ObservationsIn(Body, frozen=True):
    observations: Annotated[
        Sequence[ObservationIn],
        Meta(min_length=1, max_length=MOST_OBSERVATIONS, description="All of them are taken, or none"),
    ]

    def told(self) -> Sequence[Told]:
        """Raises ObservationsRefused for times that cannot be read."""
        faults: list[Fault] = []
        told = [_told(each, _reading(nth, faults)) for nth, each in enumerate(self.observations)]
        if faults:
            raise ObservationsRefused(faults)
        return told


def _reading(nth: int, faults: list[Fault]) -> Callable[[str, str], datetime]:
    """Reads the instants of the nth; what is wrong with one is added to the faults."""

    def read(field: str, text: str) -> datetime:
        try:
            return read_instant(text)
        except Rejected as unreadable:
            faults.append(Fault(nth, field, str(unreadable)))
            return datetime.min  # noqa: DTZ901  # nobody sees it: the request is refused

    return read


def _told(sent: ObservationIn, read: Callable[[str, str], datetime]) -> Told:
    return Told(
        observation_id=sent.observation_id,
        of=sent.post_id or History(read("published_at", sent.published_at or ""), sent.reference),
        figure=sent.figure,
        value=sent.value,
        measured_at=read("measured_at", sent.measured_at),
        is_paid=sent.paid,
        lane=(sent.brand_id, sent.platform) if sent.brand_id and sent.platform else None,
    )


class NotLearnedOut(Struct, frozen=True, kw_only=True):
    observation_id: ObservationId
    reason: Annotated[
        Unlearned,
        Meta(
            description="`not_published`: nothing says yet when its post went out; once something does, it is learned. "
            "`too_early`, `too_late`: measured before 0.8 or after 2 times the age at which the platform's posts are "
            "compared: a day on TWITTER, a week on YOUTUBE, else two days"
        ),
    ]


class ObservedOut(Struct, frozen=True, kw_only=True):
    added: Annotated[int, Meta(ge=0, description="So many were new", examples=[2])]
    replaced: Annotated[int, Meta(ge=0, description="So many took the place of an earlier measurement", examples=[0])]
    unchanged: Annotated[
        int, Meta(ge=0, description="So many were there already, or measured before what is there", examples=[0])
    ]
    not_learned: Annotated[
        list[NotLearnedOut], Meta(description="Those that are kept, and not learned from as they stand")
    ]

    @classmethod
    def of(cls, observed: Observed) -> Self:
        return cls(
            added=observed.added,
            replaced=observed.replaced,
            unchanged=observed.unchanged,
            not_learned=[NotLearnedOut(observation_id=each, reason=why) for each, why in observed.unlearned],
        )
