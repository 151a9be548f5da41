"""What the service says of itself."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from marketmind_scheduler.adapters.http.shapes.fields import Moment

Publisher = Annotated[
    str, Meta(description="Who publishes what is due, as SCHEDULER_PUBLISHER says", examples=["webhook"])
]
PublishingMeans = Annotated[
    str,
    Meta(
        description="What that means for what is due",
        examples=["what is due is posted to the receivers that SCHEDULER_WEBHOOKS names"],
    ),
]


class ServiceOut(Struct, frozen=True, kw_only=True):
    service: Annotated[str, Meta(examples=["marketmind-scheduler"])]
    version: Annotated[str, Meta(examples=["0.3.0"])]
    status: Annotated[str, Meta(examples=["running"])]
    publisher: Publisher
    publishing: PublishingMeans
    endpoints: Annotated[
        dict[str, str],
        Meta(
            description="What is offered, by method and path",
            examples=[{"POST /schedule/post/{post_id}": "Schedule a post", "GET /docs": "Explore and try the API"}],
        ),
    ]


class HealthOut(Struct, frozen=True, kw_only=True):
    status: Annotated[str, Meta(examples=["healthy"])]
    timestamp: Moment


class LanguageModelOut(Struct, frozen=True, kw_only=True):
    """The language model of agentic plans, where one is configured, as this process has tried it. It is no reason not
    to be ready."""

    standing: Annotated[
        str,
        Meta(description="untested, enforced, unenforced or unusable", examples=["enforced"]),
    ]
    means: Annotated[str, Meta(description="The same in words", examples=["it keeps schema and cap"])]


class ReadinessOut(Struct, frozen=True, kw_only=True):
    status: Annotated[str, Meta(examples=["ready"])]
    timestamp: Moment
    checks: Annotated[dict[str, str], Meta(examples=[{"database": "ok", "schema": "ok", "time_zones": "ok"}])]
    tz_release: Annotated[str, Meta(description="The release of the time zone rules in use", examples=["2026f"])]
    publisher: Publisher
    publishing: PublishingMeans
    language_model: (
        Annotated[LanguageModelOut, Meta(description="Only where a language model is configured")] | UnsetType
    ) = UNSET


class ProblemKindOut(Struct, frozen=True, kw_only=True):
    code: Annotated[str, Meta(description="Stable", examples=["already_scheduled"])]
    status: Annotated[int, Meta(description="The HTTP status that it comes with", examples=[409])]
    meaning: Annotated[str, Meta(examples=["The post has an active schedule at another time."])]
