"""The best slots for posts of different weights and windows: a linear model of kinds of posts and slots, in whole
numbers where a gap or a rolling cap asks for it.

Where that is too much on the grid given, the slots of one hour of a day stand for each other. That only adds choices,
so the bound holds; the posts are put into slots of their hours afterwards, and moved.
"""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay, simple_bound
from marketmind_scheduler.adapters.numeric.exchange import improved
from marketmind_scheduler.adapters.numeric.grid import Grid
from marketmind_scheduler.adapters.numeric.lane import Ints
from marketmind_scheduler.adapters.numeric.linear import Model, Solved, proven, solved
from marketmind_scheduler.adapters.numeric.posts import NOWHERE
from marketmind_scheduler.domain.planning.problem import Method

_HOUR = 3_600
_MOST_WHOLE, _MOST_COLUMNS = 60_000, 90_000
_NODES = 500


def by_assignment(case: Case) -> Found:
    """For posts without decay, in any order."""
    if case.decay.part or (case.posts.in_order and not case.posts.alike):
        raise NotThisWay
    grid, method = Grid(case, 1), Method.ASSIGNMENT
    if grid.columns > _MOST_WHOLE and not grid.is_whole_by_nature:
        grid, method = Grid(case, min(_HOUR, case.lane.gap)), Method.ASSIGNMENT_HOURLY
    if grid.columns > _MOST_COLUMNS:
        grid = Grid(case, case.lane.gap)  # the coarsest whose pieces hold one post each
    if grid.columns > _MOST_COLUMNS:
        raise NotThisWay
    if not grid.is_whole_by_nature and grid.columns > _MOST_WHOLE:
        method = Method.EXCHANGE
    return _found(case, grid, method)


def _found(case: Case, grid: Grid, method: Method) -> Found:
    is_whole = method is not Method.EXCHANGE and not grid.is_whole_by_nature
    count, none_fits_more = _most(case, grid, is_whole=is_whole)
    model = grid.model(count)
    answer = solved(model, nodes=_NODES if is_whole else None)
    start = case.start if answer.x is None else grid.slots(answer.x)
    if not case.keeps(start):
        start = case.start
    slots = improved(case, start)
    placed = int((slots != NOWHERE).sum())
    bound = _bound(model, answer, is_whole=is_whole) if placed == count else simple_bound(case)
    return Found(slots=slots, bound=bound, method=method, most_fit=none_fits_more and placed == count)


def _most(case: Case, grid: Grid, *, is_whole: bool) -> tuple[int, bool]:
    """How many fit on this grid, and whether certainly no more do."""
    if case.count == grid.posts:
        return case.count, True
    answer = solved(grid.model(None), nodes=_NODES if is_whole else None)
    if answer.x is None:
        return case.count, False
    found = int(np.rint(answer.x).sum())
    return max(case.count, found), answer.is_optimal and (is_whole or grid.is_whole_by_nature)


def _bound(model: Model, answer: Solved, *, is_whole: bool) -> int:
    if not is_whole:
        return proven(model, answer.dual)
    if answer.is_optimal and answer.x is not None:
        taken: Ints = np.rint(answer.x).astype(np.int64)
        return int(model.cost @ taken)
    return int(answer.bound * (1 + 1e-9)) + 1
