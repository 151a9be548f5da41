"""What is believed of the hours of a lane, and how sure that is."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from math import exp
from typing import Self

from marketmind_scheduler.domain.audience.comparison import Comparison
from marketmind_scheduler.domain.audience.observations import Figure
from marketmind_scheduler.domain.audience.priors import KNOWING_NOTHING, Prior, prior_of
from marketmind_scheduler.domain.audience.week import CELLS, MILLION
from marketmind_scheduler.domain.post import Platform

PROVEN_FROM = 20
"""Posts that a profile has to have foretold before it is judged."""
JUDGED_BY = 60
"""It is judged by the latest so many."""
_NORMAL_80 = 1.281552
_THIN_FROM, _OK_FROM = 3, 10


class Signal(StrEnum):
    """How much of what is said comes from the lane's own posts."""

    NONE = "none"
    THIN = "thin"
    OK = "ok"


class Verdict(StrEnum):
    """Whether a lane's own profile is used."""

    UNPROVEN = "unproven"  # used, for it leans on the prior while posts are few
    TRUSTED = "trusted"  # used: it did not foretell the latest posts worse than who learns nothing
    REJECTED = "rejected"  # it did, by more than chance explains: what foretold them better is used alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Do no harm. Each post is foretold before it is learned: by the profile, by the prior, and by who knows nothing of
    any hour. The scores are sums of the logarithms of the densities that they gave to what came, over the latest
    ``scored`` posts; ``error`` is the standard error of what lies between the profile's and the better of the others.
    All in millionths."""

    scored: int = 0
    profile_score: int = 0
    prior_score: int = 0
    nothing_score: int = 0
    error: int = 0

    @property
    def verdict(self) -> Verdict:
        if self.scored < PROVEN_FROM:
            return Verdict.UNPROVEN
        better = max(self.prior_score, self.nothing_score)
        return Verdict.REJECTED if self.profile_score < better - self.error else Verdict.TRUSTED

    def believed(self, prior: Prior) -> Prior:
        """What is left to believe where the profile is rejected."""
        return prior if self.prior_score > self.nothing_score else KNOWING_NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """How hours are alike, in tenths of the logarithm of how far each part departs from where it starts: the level of
    all hours, the hour of the day, the weekday, the hour on working days or weekends, the single hour, and over how
    many hours of the day one is like the next."""

    steps: tuple[int, ...] = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An immutable snapshot. ``effects`` and ``sds`` have an entry for each hour of the week in the lane's zone, from
    Monday at 0:00: the logarithm of the multiplier against the lane's usual post and its standard deviation, in
    millionths. ``prior_sd`` is that deviation before any post, ``sigma`` that of a single post about its hour.
    ``posts`` are numbers, ``weights`` their weight in millionths. Where the gate rejects, all but ``posts`` is as
    before any post."""

    platform: Platform
    figure: Figure = Figure.ENGAGEMENTS
    effects: tuple[int, ...]
    sds: tuple[int, ...]
    posts: tuple[int, ...] = (0,) * CELLS
    weights: tuple[int, ...] = (0,) * CELLS
    kernel: Kernel = field(default_factory=Kernel)
    prior_sd: int
    sigma: int = MILLION
    gate: Gate = field(default_factory=Gate)
    last_published: datetime | None = None
    comparison: Comparison | None = None

    @classmethod
    def cold(cls, platform: Platform) -> Self:
        """What is believed of a lane of which nothing is known."""
        return cls(platform=platform, effects=prior_of(platform).effects, sds=(COLD_SD,) * CELLS, prior_sd=COLD_SD)

    @property
    def canonical(self) -> str:
        """All of it as JSON, sorted: of equal histories the same, in any order, on any machine."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), default=datetime.isoformat)

    @property
    def digest(self) -> str:
        """SHA-256 of that, in hexadecimal: the snapshot's name."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def value(self, cell: int, *, boldness: float = 0) -> int:
        """The multiplier of an hour in millionths, so many standard deviations above what is expected."""
        return multiplier(self.effects[cell] + boldness * self.sds[cell])

    def interval_80(self, cell: int) -> tuple[int, int]:
        """Between which multipliers, in millionths, that of the hour lies four times of five."""
        reach = _NORMAL_80 * self.sds[cell]
        return multiplier(self.effects[cell] - reach), multiplier(self.effects[cell] + reach)

    def own_share(self, cell: int) -> float:
        """Which part of what was unknown of the hour the lane's own posts have told, 0 to 1."""
        return max(0.0, 1 - (self.sds[cell] / self.prior_sd) ** 2)

    def effective_posts(self, cell: int) -> float:
        """How many posts in this very hour would tell as much of it as all posts of the lane do."""
        return max(0.0, self.sigma**2 * (1 / self.sds[cell] ** 2 - 1 / self.prior_sd**2))

    def signal_at(self, cell: int) -> Signal:
        return self._signal(self.effective_posts(cell))

    @property
    def signal(self) -> Signal:
        """That of the hours that the lane posts at, each as often as it does."""
        posts = sum(self.posts)
        known = sum(count * self.effective_posts(cell) for cell, count in enumerate(self.posts))
        return self._signal(known / posts if posts else 0)

    def _signal(self, effective_posts: float) -> Signal:
        if effective_posts < _THIN_FROM:
            return Signal.NONE
        is_thin = effective_posts < _OK_FROM or self.gate.verdict is not Verdict.TRUSTED
        return Signal.THIN if is_thin else Signal.OK


COLD_SD = 196_214
"""The standard deviation of an hour's effect before any post, in millionths: what the parts of ``Kernel`` come to where
they start."""


def multiplier(effect: float) -> int:
    """Of the logarithm in millionths, in millionths."""
    return round(exp(effect / MILLION) * MILLION)
