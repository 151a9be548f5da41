"""What a post in a given slot costs, and why posts are left out."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case
from marketmind_scheduler.adapters.numeric.choosing import PER_WEIGHT, choice
from marketmind_scheduler.adapters.numeric.decay import decay_of, worths
from marketmind_scheduler.adapters.numeric.exchange import improved
from marketmind_scheduler.adapters.numeric.lane import Lane, lane_of
from marketmind_scheduler.adapters.numeric.packing import PackedProblem
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, Posts, posts_of
from marketmind_scheduler.adapters.numeric.relaxing import relaxations
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import (
    Candidate,
    Certificate,
    LaneChoice,
    LaneProblem,
    Shortage,
    Unplaced,
    WhyUnplaced,
)

_MOST_LOOKED_AT = 8  # ends of windows on either side


def fixed(packed: PackedProblem, post: int, slot: int) -> LaneChoice:
    """The best choice with this post in this slot; the post is left out where the slot is not open to it."""
    problem, instants = packed.rest, np.frombuffer(packed.instants, np.int64)
    at, day = int(instants[slot]), int(np.frombuffer(packed.days, np.int64)[slot])
    lane = lane_of(packed)
    if slot not in lane.number or not problem.posts[post].earliest <= at <= problem.posts[post].latest:
        others = choice(replace(packed, rest=replace(problem, posts=_without(problem.posts, post))))
        return replace(others, chosen=_with(others.chosen, post, None))
    taken_on = dict(problem.taken_on)
    taken_on[day] = taken_on.get(day, 0) + 1
    rest = replace(
        problem,
        posts=_beside(problem, post, at),
        taken=sorted((*problem.taken, at)),
        taken_on=sorted(taken_on.items()),
    )
    others = choice(replace(packed, rest=rest))
    chosen = _moved_beside(packed, lane, _with(others.chosen, post, slot), post)
    value = _value(packed, lane, chosen)
    is_proven = others.certificate.proven and not decay_of(problem).part
    most = -(-_value_alone(packed, lane, post, slot) // PER_WEIGHT)
    bound = value if is_proven else max(value, others.certificate.bound + most)
    certificate = Certificate(method=others.certificate.method, value=value, bound=bound)
    return LaneChoice(chosen=chosen, certificate=certificate)


def _moved_beside(packed: PackedProblem, lane: Lane, chosen: Sequence[int | None], post: int) -> Sequence[int | None]:
    """The others chose as if what they take from the post did not count; moved where it does."""
    decay, posts = decay_of(packed.rest), posts_of(packed.rest, lane)
    if not decay.part:
        return chosen
    slots = np.array([NOWHERE if slot is None else np.searchsorted(lane.number, slot) for slot in chosen], np.int64)
    first, behind = posts.first.copy(), posts.behind.copy()
    first[post], behind[post] = slots[post], slots[post] + 1
    case = Case(lane=lane, posts=replace(posts, first=first, behind=behind), decay=decay, start=slots)
    numbers = lane.number.tolist()
    return [None if slot == NOWHERE else numbers[slot] for slot in improved(case, slots).tolist()]


def _value_alone(packed: PackedProblem, lane: Lane, post: int, slot: int) -> int:
    """Of the post in its slot, where no other takes anything from it."""
    chosen = np.searchsorted(lane.number, np.array([slot], np.int64))
    return packed.rest.posts[post].weight * int(worths(lane, decay_of(packed.rest), chosen)[0])


def why_unplaced(packed: PackedProblem, chosen: Sequence[int | None]) -> WhyUnplaced:
    """Slots behind the window of every post are those of the days that it could be lengthened by."""
    why = shortages(packed, chosen)
    return replace(why, relaxations=relaxations(packed) if why.unplaced else (), was_looked_for=True)


def shortages(packed: PackedProblem, chosen: Sequence[int | None]) -> WhyUnplaced:
    """The same, without looking for what would make room."""
    lane = lane_of(packed)
    posts = posts_of(packed.rest, lane)
    left_out = [post for post, slot in enumerate(chosen) if slot is None]
    places = len(chosen) - len(left_out)
    of_window = cache(partial(_shortage, lane, posts, places))
    windows = [(post, int(posts.first[post]), int(posts.behind[post])) for post in left_out]
    unplaced = [Unplaced(post=post, shortage=of_window(begin, end)) for post, begin, end in windows]
    return WhyUnplaced(unplaced=unplaced, was_looked_for=False)


def _shortage(lane: Lane, posts: Posts, places: int, begin: int, end: int) -> Shortage | None:
    """The shortest of the stretches looked at whose posts are more than fit into it, around this one; else that of all
    posts."""
    if begin == end:
        return None
    for behind in np.unique(posts.behind[posts.behind >= end]).tolist()[:_MOST_LOOKED_AT]:
        for first in np.unique(posts.first[posts.first <= begin])[::-1].tolist()[:_MOST_LOOKED_AT]:
            inside = (posts.first >= first) & (posts.behind <= behind) & (posts.first < posts.behind)
            fit = _fit_into(lane, first, behind, int(inside.sum()))
            if fit < inside.sum():
                return _stretch(lane, first, behind, int(inside.sum()), fit, is_proven=True)
    are_open = posts.first < posts.behind
    first, behind = int(posts.first[are_open].min()), int(posts.behind[are_open].max())
    return _stretch(lane, first, behind, int(are_open.sum()), places, is_proven=False)


def _fit_into(lane: Lane, first: int, behind: int, count: int) -> int:
    same = np.full(count, 1, np.int64)
    anywhere = Posts(weight=same, first=same * first, behind=same * behind, in_order=False)
    return int((first_that_fit(lane, anywhere) != NOWHERE).sum())


def _stretch(lane: Lane, first: int, behind: int, posts: int, places: int, *, is_proven: bool) -> Shortage:
    begin, end = int(lane.at[first]), int(lane.at[behind - 1])
    return Shortage(posts=posts, places=places, begin=begin, end=end, proven=is_proven)


def _value(packed: PackedProblem, lane: Lane, chosen: Sequence[int | None]) -> int:
    posts, decay = posts_of(packed.rest, lane), decay_of(packed.rest)
    placed = sorted((slot, post) for post, slot in enumerate(chosen) if slot is not None)
    slots = np.searchsorted(lane.number, np.array([slot for slot, _ in placed], np.int64))
    return int(posts.weight[[post for _, post in placed]] @ worths(lane, decay, slots)) // PER_WEIGHT


def _beside(problem: LaneProblem, post: int, at: int) -> Sequence[Candidate]:
    """The other posts; in order, those before it end before it, and those behind it begin behind it."""
    if not problem.in_order:
        return _without(problem.posts, post)
    return [
        *(replace(each, latest=min(each.latest, at - 1)) for each in problem.posts[:post]),
        *(replace(each, earliest=max(each.earliest, at + 1)) for each in problem.posts[post + 1 :]),
    ]


def _without(posts: Sequence[Candidate], post: int) -> Sequence[Candidate]:
    return [*posts[:post], *posts[post + 1 :]]


def _with(chosen: Sequence[int | None], post: int, slot: int | None) -> Sequence[int | None]:
    return [*chosen[:post], slot, *chosen[post:]]
