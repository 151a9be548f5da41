"""Which one change would place every post, each solved again before it is named."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketmind_scheduler.adapters.numeric.choosing import choice
from marketmind_scheduler.adapters.numeric.lane import Ints, lane_of
from marketmind_scheduler.adapters.numeric.packing import PackedProblem
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, posts_of
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import AtMost, Candidate, LaneProblem, Relaxable, Relaxation

_MOST_NAMED = 3
_MINUTE = 60


def relaxations(packed: PackedProblem) -> Sequence[Relaxation]:
    """Up to three, each as little as does it. The days it could be lengthened by are those whose slots lie behind the
    windows of all posts."""
    found: list[Relaxation] = []
    for change in _changes(packed):
        step = _least(change, packed)
        if step is not None and len(found) < _MOST_NAMED:
            found.append(change.named(step))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One rule loosened step by step, from 1 to ``steps``; whatever fits after a step fits after the next."""

    steps: int
    changed: Callable[[int], LaneProblem]
    named: Callable[[int], Relaxation]


def _changes(packed: PackedProblem) -> Iterator[_Change]:
    yield _more_days(packed)
    if packed.rest.per_day is not None:
        yield _higher_daily_cap(packed.rest, packed.rest.per_day)
    yield _smaller_gap(packed.rest)
    for cap in packed.rest.at_most:
        yield _higher_rolling_cap(packed.rest, cap)


def _least(change: _Change, packed: PackedProblem) -> int | None:
    """The first step that places every post; None where not even the last does."""

    def does(step: int) -> bool:
        return _places_all(replace(packed, rest=change.changed(step)))

    first, last = 1, change.steps
    if last < first or not does(last):
        return None
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if does(middle) else (middle + 1, last)
    return first


def _places_all(packed: PackedProblem) -> bool:
    lane = lane_of(packed)
    posts = posts_of(packed.rest, lane)
    if np.all(first_that_fit(lane, posts) != NOWHERE):
        return True
    return not posts.share_slots and None not in choice(packed).chosen


def _more_days(packed: PackedProblem) -> _Change:
    ends = _ends_of_later_days(packed)
    return _Change(
        steps=len(ends),
        changed=lambda step: replace(packed.rest, posts=_until(packed.rest.posts, ends[step - 1])),
        named=lambda step: Relaxation(rule=Relaxable.MORE_DAYS, to=step),
    )


def _ends_of_later_days(packed: PackedProblem) -> Sequence[int]:
    """The last instants of the days behind the windows of all posts."""
    at, day = np.frombuffer(packed.instants, np.int64), np.frombuffer(packed.days, np.int64)
    behind = at > max((post.latest for post in packed.rest.posts), default=0)
    ends: Ints = at[behind][np.flatnonzero(np.diff(day[behind], append=day[-1:] + 1))]
    return ends.tolist()


def _until(posts: Sequence[Candidate], end: int) -> Sequence[Candidate]:
    """Those that may take the last day may take the days behind it too."""
    last = max(post.latest for post in posts)
    return [replace(post, latest=end) if post.latest == last else post for post in posts]


def _higher_daily_cap(problem: LaneProblem, cap: int) -> _Change:
    return _Change(
        steps=len(problem.posts),
        changed=lambda step: replace(problem, per_day=cap + step),
        named=lambda step: Relaxation(rule=Relaxable.DAILY_CAP, to=cap + step),
    )


def _smaller_gap(problem: LaneProblem) -> _Change:
    minutes = -(-problem.min_gap // _MINUTE) if problem.min_gap > 1 else 0

    def left(step: int) -> int:
        return (minutes - step) * _MINUTE

    return _Change(
        steps=minutes,
        changed=lambda step: replace(problem, min_gap=max(1, left(step))),
        named=lambda step: Relaxation(rule=Relaxable.MIN_GAP, to=left(step) or None),
    )


def _higher_rolling_cap(problem: LaneProblem, cap: AtMost) -> _Change:
    def raised(step: int) -> AtMost:
        return replace(cap, posts=cap.posts + step)

    return _Change(
        steps=len(problem.posts),
        changed=lambda step: replace(
            problem, at_most=[raised(step) if each is cap else each for each in problem.at_most]
        ),
        named=lambda step: Relaxation(rule=Relaxable.ROLLING_CAP, to=raised(step).posts, seconds=cap.seconds),
    )
