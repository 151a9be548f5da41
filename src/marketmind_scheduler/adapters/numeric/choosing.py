"""Which way fits which lane: the first that is exact and quick enough."""

import numpy as np

from marketmind_scheduler.adapters.numeric.decay import decay_of
from marketmind_scheduler.adapters.numeric.exchange import Exchange
from marketmind_scheduler.adapters.numeric.intervals import best_slots
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, lane_of
from marketmind_scheduler.adapters.numeric.packing import PackedProblem, packed
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, Posts, posts_of
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import Certificate, LaneChoice, LaneProblem, Method

PER_WEIGHT = 1_000


def solve_lane(problem: LaneProblem) -> LaneChoice:
    """The best choice there is time for: the same for the same problem, on any machine."""
    return choice(packed(problem))


def choice(packed: PackedProblem) -> LaneChoice:
    lane = lane_of(packed)
    posts, decay = posts_of(packed.rest, lane), decay_of(packed.rest)
    start = first_that_fit(lane, posts)
    count = int((start != NOWHERE).sum())
    if posts.alike and not decay.part:
        chosen, bound = best_slots(lane, count)
        weight = int(posts.weight.max(initial=0))
        slots = posts.in_their_order(chosen)
        return _choice(lane, slots, Method.INTERVALS, weight * int(lane.value[chosen].sum()), weight * bound)
    return quick_choice(packed)


def quick_choice(packed: PackedProblem) -> LaneChoice:
    """What is found at once."""
    lane = lane_of(packed)
    posts, decay = posts_of(packed.rest, lane), decay_of(packed.rest)
    exchange = Exchange(lane, posts, decay, first_that_fit(lane, posts))
    exchange.improve()
    value, bound = exchange.value(), _simple_bound(lane, posts)
    more_may_fit = not posts.share_slots and NOWHERE in exchange.slots
    return _choice(lane, exchange.slots, Method.QUICK, value, max(bound, value + PER_WEIGHT * more_may_fit))


def _simple_bound(lane: Lane, posts: Posts) -> int:
    """The heaviest posts in the best slots, whatever the rules say."""
    values = np.sort(np.maximum(lane.value, 0))[::-1][: len(posts)]
    return int(np.sort(posts.weight)[::-1][: len(values)] @ values)


def _choice(lane: Lane, slots: Ints, method: Method, value: int, bound: int) -> LaneChoice:
    numbers = lane.number.tolist()
    return LaneChoice(
        chosen=[None if slot == NOWHERE else numbers[slot] for slot in slots.tolist()],
        certificate=Certificate(method=method, value=value // PER_WEIGHT, bound=max(value, bound) // PER_WEIGHT),
    )
