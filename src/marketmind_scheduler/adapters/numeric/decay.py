"""What a post is worth in a slot, where the post before it on the lane takes a part of its worth away."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import numpy as np

from marketmind_scheduler.adapters.numeric.lane import Ints, Lane
from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective

WHOLE = 1_000_000
_NOTHING_LEFT = 15  # e to the power of -15, of a million, is less than a half


@dataclass(frozen=True, slots=True)
class Decay:
    """``part`` of the worth, in millionths, is lost right behind another post; after ``seconds``, a part of 1/e of
    that; after ``reach``, none."""

    part: int
    seconds: int

    @property
    def reach(self) -> int:
        return _NOTHING_LEFT * self.seconds if self.part else 0

    def worth(self, value: Ints, since: Ints) -> Ints:
        """Of a post of ``value``, these seconds after the one before."""
        return value - value * self.lost(since) // WHOLE

    def lost(self, since: Ints) -> Ints:
        near = since < self.reach
        seconds = since[near]
        lost = np.zeros(since.shape, np.int64)
        if len(seconds):
            step = max(1, int(np.gcd.reduce(seconds)))  # slots stand on a grid, so the table is short
            steps = seconds // step
            table = np.zeros(int(steps.max()) + 1, np.int64)
            occurring = np.flatnonzero(np.bincount(steps)) if len(steps) > len(table) else np.unique(steps)
            table[occurring] = [_lost(self, each * step) for each in occurring.tolist()]
            lost[near] = table[steps]
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


@cache
def _lost(decay: Decay, since: int) -> int:
    """Decimal rounds alike on every machine; floats differ in their last bit."""
    fallen = (Decimal(-since) / decay.seconds).exp()
    return int((decay.part * fallen).quantize(Decimal(1), ROUND_HALF_UP))
