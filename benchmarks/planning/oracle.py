"""The best that could be planned by somebody who knows the true rates."""

import numpy as np
from benchmarks.planning.chances import HALF_HOURS, LAGS, Chances
from benchmarks.planning.rules import A_DAY, GAP_HOURS
from benchmarks.planning.worlds import Floats, Ints


def best_plan(chances: Chances, slots: Floats, posts: int) -> Floats:
    """Of all choices of so many slots under the rules, the one whose visibility is expected to be highest. It is found
    post by post, for each slot that the post may take and each number of posts on that slot's day."""
    halves = np.rint(2 * slots).astype(np.int64)
    worth = chances.gains[halves % HALF_HOURS]
    apart = halves[None, :] - halves[:, None]
    between = np.take_along_axis(worth, np.clip(apart, 0, LAGS), axis=1)
    same_day = slots[:, None] // 24 == slots[None, :] // 24
    allowed = apart >= 2 * GAP_HOURS
    onward = np.where(allowed & ~same_day, between, -np.inf), np.where(allowed & same_day, between, -np.inf)
    best = np.full((A_DAY, len(slots)), -np.inf)
    best[0] = 0
    steps: list[Ints] = []
    for _ in range(posts - 1):
        best, step = _one_more(best, *onward)
        steps.append(step)
    return slots[_walked_back(best + worth[:, LAGS], steps, len(slots))]


def expected_visibility(chances: Chances, plan: Floats) -> float:
    """Of a plan on half hours, ascending."""
    halves = np.rint(2 * plan).astype(np.int64)
    lags = np.minimum(np.append(np.diff(halves), LAGS), LAGS)
    return float(chances.gains[halves % HALF_HOURS, lags].sum())


def _one_more(best: Floats, to_other_days: Floats, on_its_day: Floats) -> tuple[Floats, Ints]:
    """What is reached with one post more, by number on its day and slot, and from which of the states before."""
    slots = best.shape[1]
    after, step = np.full_like(best, -np.inf), np.zeros(best.shape, np.int64)
    reached = best.max(axis=0)[:, None] + to_other_days
    before = reached.argmax(axis=0)
    after[0], step[0] = reached[before, np.arange(slots)], best.argmax(axis=0)[before] * slots + before
    for number in range(1, len(best)):
        reached = best[number - 1][:, None] + on_its_day
        before = reached.argmax(axis=0)
        after[number], step[number] = reached[before, np.arange(slots)], (number - 1) * slots + before
    return after, step


def _walked_back(best: Floats, steps: list[Ints], slots: int) -> Ints:
    state = int(best.argmax())
    walked = [state % slots]
    for step in reversed(steps):
        state = int(step.ravel()[state])
        walked.append(state % slots)
    return np.array(walked[::-1], np.int64)
