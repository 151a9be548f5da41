"""What a world is known to give: the true rates, as sums over feeds that no policy meets."""

from dataclasses import dataclass

import numpy as np
from benchmarks.planning.lanes import LEARNED_AFTER_HOURS, ONWARD, REACH_HOURS
from benchmarks.planning.worlds import WEEK, Floats, Ints, World

HALF_HOURS = 2 * WEEK
LAGS = int(2 * REACH_HOURS)
_FINE = 6  # parts of an hour
_APART = 1_000_000  # from the numbers of lanes
_POWERS = np.power(ONWARD, np.arange(4096))


@dataclass(frozen=True, slots=True)
class Chances:
    """Of a post in each half hour of the week: the visits that are expected to reach it within each number of half
    hours; the mean of its engagements when it stands alone, every follower being 1; and the mean of their logarithm."""

    gains: Floats
    engaged: Floats
    log_engaged: Floats

    @property
    def by_hour(self) -> Floats:
        """The mean engagements of each hour of the week."""
        return self.engaged.reshape(WEEK, 2).mean(axis=1)

    @property
    def effects(self) -> Floats:
        """The mean logarithm of each hour of the week."""
        return self.log_engaged.reshape(WEEK, 2).mean(axis=1)


def chances_of(world: World, weeks: int) -> Chances:
    """From that many weeks of feeds of their own."""
    gains = np.zeros((HALF_HOURS, LAGS + 1))
    engaged, logs = np.zeros(HALF_HOURS), np.zeros(HALF_HOURS)
    for week in range(weeks):
        reached = _reached(world, _APART + week)
        alone = (1 - np.exp(-reached[:, :, int(2 * LEARNED_AFTER_HOURS)])).mean(axis=0)
        gains += reached.mean(axis=0)
        engaged += alone
        logs += np.log(alone)
    return Chances(gains / weeks, engaged / weeks, logs / weeks)


def _reached(world: World, lane: int) -> Floats:
    """For each follower, half hour of the week and number of half hours after it."""
    visits = np.tile(np.repeat(world.visits / _FINE, _FINE, axis=1), 2)
    above = np.stack([_above(world.feed(lane, follower, 2)) for follower in range(len(visits))])
    starts = np.arange(HALF_HOURS) * _FINE // 2
    reached = np.zeros((len(visits), HALF_HOURS, LAGS + 1))
    seen = np.ones((len(visits), HALF_HOURS))
    for step in range(LAGS * _FINE // 2):
        seen_next = _POWERS[above[:, starts + step + 1] - above[:, starts]]
        lag = step // (_FINE // 2) + 1
        reached[:, :, lag] += visits[:, starts + step] * (seen + seen_next) / 2
        seen = seen_next
    return np.cumsum(reached, axis=2)


def _above(feed: Floats) -> Ints:
    """How many posts have come until each fine step."""
    counts = np.bincount((feed * _FINE).astype(np.int64), minlength=2 * WEEK * _FINE)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
