"""What becomes of posts in the feeds of their followers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from benchmarks.planning.worlds import FOLLOWERS, WEEK, Floats, Ints, World

from marketmind_scheduler.domain.audience.observations import Figure

ONWARD = 0.8
"""How likely a follower scrolls on to the next post: he sees five on average."""
REACH_HOURS = 48.0
"""A post that old is seen no more."""
LEARNED_AFTER_HOURS = 24.0
REACH = 400.0
"""Engagements of a post that every follower saw."""
CONTENT_SD = 0.8
"""Of the logarithm of what a post is worth whenever it goes out."""
FATIGUE, FATIGUE_HOURS = 0.3, 6.0
"""Which part is lost right after another post of the brand, and after how long that has fallen to 1/e."""
_DEPTH = 48  # beyond that many posts nobody scrolls: 0.8 to the power of 48 is 0.00002


@dataclass(frozen=True)
class Lane:
    """One brand's followers with feeds of their own; every policy meets the same."""

    world: World
    number: int
    weeks: int

    @cached_property
    def feeds(self) -> Sequence[Floats]:
        return [self.world.feed(self.number, follower, self.weeks) for follower in range(FOLLOWERS)]

    def visibility(self, posts: Floats, *, onward: float = ONWARD) -> Floats:
        """Of each post, ascending, the visits of a follower that reach it before the brand's next one: with ``onward``
        0 those that find it on top."""
        ends = np.minimum(np.append(posts[1:], np.inf), posts + REACH_HOURS)
        return np.mean([self._reached(nth, feed, posts, ends, onward) for nth, feed in enumerate(self.feeds)], axis=0)

    def on_top(self, posts: Floats, first: int) -> float:
        """The visits of a follower that find one of them among the ``first`` in his feed."""
        ends = np.minimum(np.append(posts[1:], np.inf), posts + REACH_HOURS)
        total = 0.0
        for visits, feed in zip(self._visits, self.feeds, strict=True):
            behind = np.append(feed, np.full(first, np.inf))[np.searchsorted(feed, posts, "right") + first - 1]
            total += float((_at(visits, np.minimum(behind, ends)) - _at(visits, posts)).sum())
        return total / FOLLOWERS

    def mean_rank(self, posts: Floats, until: float) -> float:
        """How many posts stand above the brand's latest, over the visits from its first on."""
        ranks, seen = 0.0, 0.0
        for visits, feed in zip(self._visits, self.feeds, strict=True):
            since = feed[(feed > posts[0]) & (feed < until)]
            next_own = np.append(posts, until)[np.searchsorted(posts, since, "right")]
            ranks += float((_at(visits, next_own) - _at(visits, since)).sum())
            seen += float(_at(visits, np.array([until]))[0] - _at(visits, posts[:1])[0])
        return ranks / seen

    def counted(self, figure: Figure, posts: Floats) -> Ints:
        return self.impressions(posts) if figure is Figure.IMPRESSIONS else self.engagements(posts)

    def impressions(self, posts: Floats) -> Ints:
        """How many see each post within a day, of as many followers as `REACH`: what is in it does not matter."""
        return self._counted(REACH * self._noticed(posts))

    def engagements(self, posts: Floats) -> Ints:
        """What is counted of each post within a day; the n-th has the same content whenever it goes out."""
        return self._counted(self.expected_engagements(posts))

    def expected_engagements(self, posts: Floats) -> Floats:
        """Before chance has its part in how many are counted."""
        since = np.diff(posts, prepend=-np.inf)
        fatigue = 1 - FATIGUE * np.exp(-since / FATIGUE_HOURS)
        return REACH * self._noticed(posts) * fatigue * self._contents[: len(posts)]

    def _noticed(self, posts: Floats) -> Floats:
        """By which part of the followers, within a day; own posts stand in the feeds as others do."""
        ends = posts + LEARNED_AFTER_HOURS
        return np.mean(
            [
                1 - np.exp(-self._reached(nth, np.sort(np.concatenate((feed, posts))), posts, ends, ONWARD))
                for nth, feed in enumerate(self.feeds)
            ],
            axis=0,
        )

    def _counted(self, means: Floats) -> Ints:
        return np.array([self._drawn(nth).poisson(mean) for nth, mean in enumerate(means.tolist())], np.int64)

    @cached_property
    def _contents(self) -> Floats:
        random = np.random.default_rng([self.world.seed, self.number, FOLLOWERS])
        return np.exp(CONTENT_SD * random.standard_normal(self.weeks * WEEK))

    def _drawn(self, nth: int) -> np.random.Generator:
        return np.random.default_rng([self.world.seed, self.number, FOLLOWERS + 1, nth])

    @cached_property
    def _visits(self) -> Sequence[Floats]:
        """Of each follower until each hour."""
        return [np.concatenate(([0.0], np.cumsum(np.tile(rate, self.weeks)))) for rate in self.world.visits]

    def _reached(self, follower: int, feed: Floats, posts: Floats, ends: Floats, onward: float) -> Floats:
        above = np.searchsorted(feed, posts, "right")[:, None] + np.arange(_DEPTH)
        pushed = np.append(feed, np.full(_DEPTH, np.inf))[above]
        edges = np.minimum(np.column_stack((posts, pushed)), ends[:, None])
        visits = np.diff(_at(self._visits[follower], edges), axis=1)
        return visits @ np.power(onward, np.arange(_DEPTH))


def _at(visits: Floats, hours: Floats) -> Floats:
    return np.interp(hours, np.arange(len(visits)), visits)
