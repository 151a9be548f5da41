"""Times as callers ask for them, or leave them to a scheduler."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from marketmind_scheduler.adapters.http.shapes.fields import Bound, OverridingBody, Timestamp, ZoneName
from marketmind_scheduler.adapters.http.shapes.unset import said
from marketmind_scheduler.application.asked_times import AskedPlace, AskedTime
from marketmind_scheduler.domain.errors import ContradictoryTime
from marketmind_scheduler.domain.saying import TimeMissing
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation


class SchedulePostIn(OverridingBody, frozen=True):
    """Either `timestamp`, or `scheduler`, which chooses a time between `not_before` and `not_after`."""

    EXAMPLE: ClassVar[Mapping[str, str]] = {"timestamp": "2030-03-18T19:00:00"}
    """What is shown where it is not an object at all."""

    timestamp: Timestamp | UnsetType = UNSET
    scheduler: (
        Annotated[
            Literal["queue", "engagement"],
            Meta(
                description="Instead of `timestamp`: who chooses the time. `queue` takes the next open one of the "
                "weekly `slots` of the brand's policy, `engagement` the best open one by what is known of its audience"
            ),
        ]
        | None
    ) = None
    not_before: (
        Annotated[Bound, Meta(description="With `scheduler`: the earliest time that may be chosen. Default: now")]
        | None
    ) = None
    not_after: (
        Annotated[
            Bound,
            Meta(
                description="With `scheduler`: the latest time that may be chosen. Default: 14 days from now on, or "
                "from `not_before` on"
            ),
        ]
        | None
    ) = None
    timezone: ZoneName | None = None
    disambiguation: (
        Annotated[
            Disambiguation,
            Meta(
                description="What to do when a wall time does not exist or exists twice. Default: compatible",
                examples=["compatible"],
            ),
        ]
        | UnsetType
    ) = UNSET
    allow_repost: Annotated[bool, Meta(description="Publish it again although it is out already")] = False

    def asked(self) -> AskedTime | AskedPlace:
        """Raises TimeMissing, ContradictoryTime."""
        if isinstance(self.timestamp, UnsetType):
            if self.scheduler is None:
                raise self._only_bounds() or TimeMissing
            return AskedPlace(
                scheduler=SchedulerKind(self.scheduler),
                not_before=None if self.not_before is None else self._time(self.not_before),
                not_after=None if self.not_after is None else self._time(self.not_after),
                zone=self.timezone,
                disambiguation=said(self.disambiguation),
            )
        if self.scheduler is not None:
            raise ContradictoryTime.of_both()
        if refused := self._only_bounds():
            raise refused
        return self._time(self.timestamp)

    def _only_bounds(self) -> ContradictoryTime | None:
        """What refuses a bound without a scheduler."""
        bounds = {"not_before": self.not_before, "not_after": self.not_after}
        given = [name for name, text in bounds.items() if text is not None]
        return ContradictoryTime.without_scheduler(given[0]) if given else None

    def _time(self, text: str) -> AskedTime:
        return AskedTime(text=text, zone=self.timezone, disambiguation=said(self.disambiguation))


class MovePostIn(OverridingBody, frozen=True, kw_only=True):
    """What is left out stays as it is: the zone that was named, or the brand's where none was, and what to do when the
    wall time does not exist or exists twice."""

    timestamp: Timestamp
    timezone: Annotated[ZoneName, Meta(description="null: the brand's")] | UnsetType | None = UNSET
    disambiguation: Disambiguation | UnsetType = UNSET
    version: (
        Annotated[int, Meta(ge=1, le=2**31 - 1, description="Refuse unless this is the current version")] | None
    ) = None

    def asked(self) -> AskedTime:
        return AskedTime(text=self.timestamp, zone=said(self.timezone), disambiguation=said(self.disambiguation))
