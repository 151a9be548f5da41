"""What a post is worth in a slot, where the post before it on the lane takes a part of its worth away."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

import numpy as np

from marketmind_scheduler.adapters.numeric.lane import Ints, Lane
from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective

WHOLE = 1_000_000
_NOTHING_LEFT = 15  # e to the power of -15, of a million, is less than a half
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Decay:
    """``part`` of the worth, in millionths, is lost right behind another post; after ``seconds``, a part of 1/e of
    that; after ``reach``, none: less than a half of a millionth, or ``forgotten`` before, which is worth more."""

    part: int
    seconds: int
    forgotten: int | None = None

    @property
    def reach(self) -> int:
        if not self.part:
            return 0
        ends = _NOTHING_LEFT * self.seconds
        return ends if self.forgotten is None else min(ends, self.forgotten)

    def worth(self, value: Ints, since: Ints) -> Ints:
        """Of a post of ``value``, these seconds after the one before."""
        return value - value * self.lost(since) // WHOLE

    def lost(self, since: Ints) -> Ints:
        near = since < self.reach
        seconds = since[near]
        lost = np.zeros(since.shape, np.int64)
        if len(seconds):
            step = max(1, int(np.gcd.reduce(seconds)))  # slots stand on a grid, so the table is short
            lost[near] = _looked_up(self, step, seconds // step)
        return lost


def decay_of(problem: LaneProblem) -> Decay:
    return Decay(*problem.decay) if problem.objective is Objective.OWN_POST_DECAY else Decay(0, 1)


def since_last(lane: Lane, chosen: Ints) -> Ints:
    """The seconds from each slot chosen, ascending, back to the post before it, whosesoever it is."""
    own = np.diff(lane.at[chosen], prepend=lane.at[chosen[:1]] - lane.since_taken[chosen[:1]])
    return np.minimum(own, lane.since_taken[chosen])


def worths(lane: Lane, decay: Decay, chosen: Ints) -> Ints:
    """What a post of the usual weight is worth in each slot chosen, ascending."""
    return decay.worth(lane.value[chosen], since_last(lane, chosen))


def _looked_up(decay: Decay, step: int, steps: Ints) -> Ints:
    table = _table(decay, step)
    missing = steps[table[steps] == _UNKNOWN]
    if len(missing):
        occurring = np.unique(missing)
        table[occurring] = [_lost(decay, each * step) for each in occurring.tolist()]
    return table[steps]


@lru_cache(maxsize=32)
def _table(decay: Decay, step: int) -> Ints:
    """By steps of so many seconds what is lost, as far as somebody asked."""
    return np.full(decay.reach // step + 1, _UNKNOWN, np.int64)


@cache
def _lost(decay: Decay, since: int) -> int:
    """Decimal rounds alike on every machine; floats differ in their last bit."""
    fallen = (Decimal(-since) / decay.seconds).exp()
    return int((decay.part * fallen).quantize(Decimal(1), ROUND_HALF_UP))
