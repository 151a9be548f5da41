"""The best slots of each day by itself, where no day's posts stand in the way of another's."""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane
from marketmind_scheduler.domain.planning.problem import Method

_NONE = -(1 << 60)


def by_days(case: Case) -> Found:
    """For posts without decay that may take the same slots, if no rule joins days; of different weights only where none
    joins the slots of a day either, for then the heaviest simply has the best."""
    lane, posts = case.lane, case.posts
    has_own_way = case.decay.part or len(lane.rolling.first) or not posts.share_slots
    is_more = not posts.alike and (posts.in_order or len(lane.gaps.first))
    if has_own_way or is_more or not _are_apart(lane):
        raise NotThisWay
    chosen = _best(lane, case.count)
    slots = posts.by_weight(chosen, lane.value[chosen])
    return Found(slots=slots, bound=case.value(slots), method=Method.DAYS, most_fit=True)


def _best(lane: Lane, count: int) -> Ints:
    """``count`` slots, ascending, that are worth the most: those days first where one more post gains the most."""
    sums = _best_sums(lane)
    gains = np.diff(sums[:, -1, :], axis=1)
    gains[(np.arange(gains.shape[1]) >= lane.room[:, None]) | (sums[:, -1, 1:] < 0)] = _NONE
    if np.any(np.diff(gains, axis=1) > 0):  # one more can be worth more than the one before
        raise NotThisWay
    taken = np.argsort(-gains, axis=None, kind="stable")[:count] // gains.shape[1]
    return np.array(_slots_of(lane, sums, np.bincount(taken, minlength=len(lane.room))), np.int64)


def _are_apart(lane: Lane) -> bool:
    """Whether the last slot of each day is a gap before the first of the next."""
    changes = np.flatnonzero(np.diff(lane.day))
    return bool(np.all(lane.at[changes + 1] - lane.at[changes] >= lane.gap))


def _best_sums(lane: Lane) -> Ints:
    """Of each day, for each number of its slots from the first on, what each number of posts is worth there at most."""
    first = np.searchsorted(lane.day, np.arange(len(lane.room)), "left")
    place = np.arange(len(lane.at)) - first[lane.day]
    longest = int(place.max(initial=-1)) + 1
    value = np.full((len(first), longest), _NONE, np.int64)
    value[lane.day, place] = lane.value
    fits_before = np.zeros(value.shape, np.int64)
    behind = np.searchsorted(lane.at, lane.at - lane.gap, "right")
    fits_before[lane.day, place] = np.maximum(behind - first[lane.day], 0)
    behind_day = np.append(first[1:], len(lane.at))
    by_gap = (lane.at[behind_day - 1] - lane.at[first]) // lane.gap + 1
    most = min(longest, int(np.minimum(lane.room, by_gap).max(initial=0)))
    sums = np.full((len(first), longest + 1, most + 1), _NONE, np.int64)
    sums[:, :, 0] = 0
    days = np.arange(len(first))
    for nth in range(longest):
        with_it = sums[days, fits_before[:, nth], :-1] + value[:, nth, None]
        sums[:, nth + 1, 1:] = np.maximum(sums[:, nth, 1:], with_it)
    return sums


def _slots_of(lane: Lane, sums: Ints, posts_of_day: Ints) -> list[int]:
    """The slots behind these sums; of equal ones, the earlier."""
    chosen: list[int] = []
    for day in np.flatnonzero(posts_of_day).tolist():
        left, first = int(posts_of_day[day]), int(np.searchsorted(lane.day, day))
        slots = sums.shape[1] - 1
        while left:
            taken = first + int(np.argmax(sums[day, : slots + 1, left])) - 1
            chosen.append(taken)
            slots = max(0, int(np.searchsorted(lane.at, int(lane.at[taken]) - lane.gap, "right")) - first)
            left -= 1
    return sorted(chosen)
