"""What an audience did: figures of published posts, and which of them are learned from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform


class Figure(StrEnum):
    """What was counted. Where posts of a lane are known by as many of several, the first is learned from."""

    ENGAGEMENTS = "engagements"
    IMPRESSIONS = "impressions"
    VIEWS = "views"
    CLICKS = "clicks"


MOST = 10**12
"""No figure is larger."""

LEARNING_AGE: Mapping[Platform, timedelta] = {
    **dict.fromkeys(Platform, timedelta(hours=48)),
    Platform.TWITTER: timedelta(hours=24),
    Platform.YOUTUBE: timedelta(days=7),
}
"""How old a post is when its figure is learned: figures of unlike ages say more of the ages than of the hours. The ages
are assumed."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far ahead an instant may lie that is over by the clock of whoever tells of it."""


class Arm(StrEnum):
    """On which side of a comparison a post stands."""

    CHOSEN = "chosen"
    CONTROL = "control"


class Unlearned(StrEnum):
    """Why an observation is kept and not learned from, as it stands."""

    PAID = "paid"  # whom a platform shows what is paid for, it shows at other hours
    NOT_PUBLISHED = "not_published"  # nothing says when its post went out
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class History:
    """A post that went out at an instant without this service, which knows it by a ``reference`` of the caller's; None
    once its brand was deleted."""

    published_at: datetime
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One figure of one post, measured at an instant. ``observation_id`` is the caller's, unique within the brand;
    ``of`` is a post of this service, by its id, or one of the lane's history."""

    observation_id: str
    brand_id: UUID
    platform: Platform
    of: UUID | History
    figure: Figure
    value: int
    measured_at: datetime
    is_paid: bool = False

    @property
    def key(self) -> tuple[UUID, str]:
        return self.brand_id, self.observation_id

    @property
    def lane(self) -> Lane:
        return self.brand_id, self.platform

    def supersedes(self, stored: "Observation") -> bool:
        """Whether it takes the place of what is stored under its id: the later measurement counts, whichever comes
        first; of two of one instant, the one that comes last."""
        return self != stored and self.measured_at >= stored.measured_at


class Measurement(NamedTuple):
    """An observation of a published post, as far as it may be learned from. ``post`` tells posts of a lane apart;
    the instants are seconds since 1970 UTC."""

    post: str
    figure: Figure
    published: int
    measured: int
    value: int


class Outcome(NamedTuple):
    """What became of a post that went out at this second, at the age at which its platform's posts are compared."""

    published: int
    post: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneHistory:
    """All that may be learned of a lane, in any order. ``as_of`` is the date at which posts count whole; older ones
    count less. ``arms`` are the posts whose time the engagement scheduler chose, or left to the naive rule by lot."""

    platform: Platform
    zone: str
    as_of: date
    measurements: Sequence[Measurement] = ()
    arms: Mapping[str, Arm] = field(default_factory=dict[str, Arm])


def impossible(observation: Observation, *, now: datetime) -> Iterator[tuple[str, str]]:
    """Which of its instants cannot be: by the name of the field, with the value and what would be right."""
    measured_at = observation.measured_at
    published_at = observation.of.published_at if isinstance(observation.of, History) else None
    if measured_at > now + CLOCKS_DIFFER:
        yield "measured_at", f"{_ahead(measured_at, now)}; send the instant at which it was measured"
    if published_at and published_at > now + CLOCKS_DIFFER:
        yield "published_at", f"{_ahead(published_at, now)}; send the instant at which the post went out"
    elif published_at and measured_at < published_at:
        before = f"{_written(measured_at)} is before published_at, {_written(published_at)}"
        yield "measured_at", f"{before}, and nothing is measured then; send the instant at which it was measured"


def unlearned(observation: Observation, published_at: datetime | None) -> Unlearned | None:
    """Why this is not learned from, its post having gone out at ``published_at``; None where it may be."""
    if observation.is_paid:
        return Unlearned.PAID
    if published_at is None:
        return Unlearned.NOT_PUBLISHED
    age = (observation.measured_at - published_at).total_seconds()
    return _untimely(age, LEARNING_AGE[observation.platform].total_seconds())


def outcomes_of(history: LaneHistory) -> tuple[Figure, Sequence[Outcome]]:
    """The figure that most posts of the lane are known by, and one outcome of each such post, by publish time: that of
    the measurement nearest to the learning age. The order of arrival is of no account."""
    learning_age = LEARNING_AGE[history.platform].total_seconds()
    nearest: dict[Figure, dict[str, tuple[float, Measurement]]] = {figure: {} for figure in Figure}
    for each in history.measurements:
        age = each.measured - each.published
        if _untimely(age, learning_age) is None:
            this = abs(age - learning_age), each
            known = nearest[each.figure]
            known[each.post] = min(known.get(each.post, this), this)
    figure = max(Figure, key=lambda each: len(nearest[each]))
    outcomes = (Outcome(each.published, each.post, each.value) for _, each in nearest[figure].values())
    return figure, sorted(outcomes)


def _untimely(age: float, learning_age: float) -> Unlearned | None:
    """Of seconds."""
    if age < learning_age * 0.8:
        return Unlearned.TOO_EARLY
    return Unlearned.TOO_LATE if age > learning_age * 2 else None


def _ahead(instant: datetime, now: datetime) -> str:
    return f"{_written(instant)} lies ahead of now, {_written(now)}"


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
