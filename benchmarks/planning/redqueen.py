"""RedQueen, from its paper (Zarezade and others, arXiv 1610.05773): react to each post of others by the roll of a die.

It posts with an intensity of sqrt(s/q) times the number of posts above its own, summed over the feeds. So each post of
others sets off an exponential clock; the first that rings lets it post, and all are set back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.planning.rules import A_DAY, CLOSES, GAP_HOURS, OPENS
from benchmarks.planning.worlds import Floats

_OPEN = CLOSES - OPENS


@dataclass(frozen=True, slots=True)
class Clocks:
    """The posts of others in all feeds, ascending, by the hours that were open until then, and each one's clock."""

    at: Floats
    rings: Floats

    @classmethod
    def over(cls, feeds: Sequence[Floats], seed: Sequence[int], *, opened: Callable[[Floats], Floats]) -> "Clocks":
        at = np.sort(opened(np.concatenate(feeds)))
        return cls(at, np.random.default_rng(seed).exponential(size=len(at)))

    def posts(self, rate: float, until: float, *, next_start: Callable[[Sequence[float]], float]) -> Sequence[float]:
        """In open hours, before ``until``. Where nothing may go out for a while after a post, ``next_start`` says when
        it may again: what came meanwhile counts, and its clocks run from there."""
        ringing = self.at + self.rings / rate
        soonest = np.append(np.minimum.accumulate(ringing[::-1])[::-1], np.inf)
        posts: list[float] = []
        start = since = 0.0
        while True:
            first, later = np.searchsorted(self.at, (since, start), "right").tolist()
            waiting = start + float(self.rings[first:later].min(initial=np.inf)) / rate
            since = min(waiting, float(soonest[later]))
            if since >= until:
                return posts
            posts.append(since)
            start = next_start(posts)


def open_hours(hours: Floats) -> Floats:
    """How many hours were open until then."""
    days, hour = np.divmod(hours, 24)
    return days * _OPEN + np.clip(hour - OPENS, 0, _OPEN)


def by_the_wall(opened: Sequence[float]) -> Floats:
    days, hour = np.divmod(np.array(opened), _OPEN)
    return days * 24 + OPENS + hour


def after_the_rules(posts: Sequence[float]) -> float:
    """When, in open hours, the gap and the cap of a day allow the next. A gap that reaches into the night ends with the
    day, for the night is longer."""
    day = posts[-1] // _OPEN
    over = (day + 1) * _OPEN
    is_full = len(posts) >= A_DAY and posts[-A_DAY] // _OPEN == day
    return over if is_full else min(over, posts[-1] + GAP_HOURS)


def ranks(posts_a_unit: float, others_a_unit: float, units: float, seed: int) -> tuple[float, float, float]:
    """Mean ranks in one feed at equal numbers of posts: evenly spread, by RedQueen, and at random. In the limit of many
    others between two posts they are as 1/2 : 2/pi : 1."""
    random = np.random.default_rng(seed)
    feed = np.sort(random.random(random.poisson(units * others_a_unit)) * units)
    clocks = Clocks.over([feed], [seed, 1], opened=lambda hours: hours)
    rate = np.pi / 2 * posts_a_unit**2 / others_a_unit
    chosen = np.array(clocks.posts(rate, units, next_start=lambda posts: posts[-1]))
    even = np.linspace(0, units, len(chosen), endpoint=False)
    by_lot = np.sort(random.random(len(chosen)) * units)
    even_rank, rank, lot_rank = (_mean_rank(feed, posts, units) for posts in (even, chosen, by_lot))
    return even_rank, rank, lot_rank


def _mean_rank(feed: Floats, posts: Floats, until: float) -> float:
    since = feed[feed > posts[0]]
    next_own = np.append(posts, until)[np.searchsorted(posts, since, "right")]
    return float((next_own - since).sum() / (until - posts[0]))
