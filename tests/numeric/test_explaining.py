"""What a fixed slot costs, why posts are left out, and what would place them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings

from marketmind_scheduler.adapters.numeric.choosing import solve_lane
from marketmind_scheduler.adapters.numeric.explaining import fixed, why_unplaced
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.domain.planning.problem import (
    AtMost,
    LaneProblem,
    OpenSlot,
    Relaxable,
    Relaxation,
    Shortage,
    Unplaced,
    WhyUnplaced,
)
from tests.numeric.lanes import QUARTER, a_lane, candidates, slots
from tests.numeric.test_best_slots import lanes, thousands
from tests.numeric.trying_all import best_of, broken, value_of

FOUR_OF_A_DAY = a_lane([4, 3, 2, 1], posts=candidates(3, window=(0, 3 * QUARTER)))


def why(problem: LaneProblem, later: Sequence[OpenSlot] = ()) -> WhyUnplaced:
    chosen = solve_lane(problem).chosen
    return why_unplaced(packed(replace(problem, slots=(*problem.slots, *later))), chosen)


@given(lanes(alike=True, decays=False))
@settings(thousands, max_examples=150)
def test_with_a_post_in_any_open_slot_the_others_are_placed_best(problem: LaneProblem) -> None:
    for slot in range(len(problem.slots) if problem.posts else 0):
        choice = fixed(packed(problem), 0, slot)

        alone = [slot, *[None] * (len(problem.posts) - 1)]
        if broken(problem, alone):
            assert choice.chosen[0] is None
        else:
            others = list(problem.posts[1:])
            at, day = problem.slots[slot].instant, problem.slots[slot].day
            taken_on = dict(problem.taken_on)
            taken_on[day] = taken_on.get(day, 0) + 1
            beside = replace(
                problem, posts=others, in_order=False, taken=[*problem.taken, at], taken_on=list(taken_on.items())
            )
            assert choice.chosen[0] == slot
            assert choice.certificate.value == value_of(problem, choice.chosen) // 1_000
            if not problem.in_order:
                count, best = best_of(beside)
                assert sum(each is not None for each in choice.chosen) == count + 1
                assert value_of(beside, choice.chosen[1:]) == best


@given(lanes(alike=True, decays=True).map(lambda problem: replace(problem, in_order=False)))
@settings(thousands, max_examples=100)
def test_where_posts_take_from_each_other_the_best_beside_a_fixed_one_is_never_above_the_bound(
    problem: LaneProblem,
) -> None:
    for slot in range(len(problem.slots) if problem.posts else 0):
        choice = fixed(packed(problem), 0, slot)

        if choice.chosen[0] is not None:
            assert broken(problem, choice.chosen) == []
            at = problem.slots[slot].instant
            held = replace(problem.posts[0], earliest=at, latest=at)
            count, best = best_of(replace(problem, posts=[held, *problem.posts[1:]]))
            placed = sum(each is not None for each in choice.chosen)
            assert choice.certificate.value == value_of(problem, choice.chosen) // 1_000
            if placed == count == len(problem.posts):
                assert choice.certificate.value <= best // 1_000 <= choice.certificate.bound


def test_a_post_without_an_open_slot_says_so() -> None:
    problem = replace(a_lane([1, 1], posts=candidates(1, window=(0, 0))), taken=[0])

    assert why(problem).unplaced == [Unplaced(post=0, shortage=None)]


def test_posts_that_are_too_many_are_counted_beside_the_places_there_are() -> None:
    problem = replace(FOUR_OF_A_DAY, min_gap=2 * QUARTER)

    told = why(problem)

    assert told.unplaced == [
        Unplaced(post=2, shortage=Shortage(posts=3, places=2, begin=0, end=3 * QUARTER, proven=True))
    ]


def test_a_gap_is_loosened_to_the_longest_that_places_all() -> None:
    problem = replace(FOUR_OF_A_DAY, min_gap=2 * QUARTER)

    assert why(problem).relaxations == [Relaxation(rule=Relaxable.MIN_GAP, to=QUARTER)]


def test_caps_are_raised_by_as_little_as_places_all() -> None:
    capped = replace(FOUR_OF_A_DAY, per_day=1)
    rolling = replace(FOUR_OF_A_DAY, at_most=[AtMost(posts=2, seconds=4 * QUARTER)])

    assert why(capped).relaxations == [Relaxation(rule=Relaxable.DAILY_CAP, to=3)]
    assert why(rolling).relaxations == [Relaxation(rule=Relaxable.ROLLING_CAP, to=3, seconds=4 * QUARTER)]


def test_it_is_lengthened_by_as_few_days_as_place_all() -> None:
    later = [replace(slot, day=nth) for nth, slot in enumerate(slots([1, 1, 1], at=[96, 192, 288]), start=1)]

    told = why(replace(FOUR_OF_A_DAY, per_day=1), later)

    assert told.relaxations[0] == Relaxation(rule=Relaxable.MORE_DAYS, to=2)


def test_what_one_rule_alone_does_not_make_room_for_is_not_named() -> None:
    problem = replace(FOUR_OF_A_DAY, per_day=1, min_gap=4 * QUARTER)

    assert why(problem).relaxations == []


@given(lanes())
@settings(thousands, max_examples=100)
def test_each_change_that_is_named_places_every_post(problem: LaneProblem) -> None:
    told = why(problem)

    assert len(told.relaxations) <= 3
    for relaxation in told.relaxations:
        assert None not in solve_lane(with_it(problem, relaxation)).chosen
    for unplaced in told.unplaced:
        if unplaced.shortage is not None and unplaced.shortage.proven:
            assert unplaced.shortage.places < unplaced.shortage.posts


def with_it(problem: LaneProblem, relaxation: Relaxation) -> LaneProblem:
    if relaxation.rule is Relaxable.MIN_GAP:
        return replace(problem, min_gap=relaxation.to or 1)
    if relaxation.rule is Relaxable.DAILY_CAP:
        return replace(problem, per_day=relaxation.to)
    if relaxation.rule is Relaxable.MORE_DAYS:
        latest = max(post.latest for post in problem.posts)
        end = 1 << 40
        posts = [replace(post, latest=end if post.latest == latest else post.latest) for post in problem.posts]
        return replace(problem, posts=posts)
    raised = [
        replace(cap, posts=relaxation.to or 0) if cap.seconds == relaxation.seconds else cap for cap in problem.at_most
    ]
    return replace(problem, at_most=raised)
