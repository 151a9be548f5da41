"""The best slots of a lane: what is called proven is what trying everything finds, and no rule is ever broken."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from os import environ

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketmind_scheduler.adapters.numeric.case import Case
from marketmind_scheduler.adapters.numeric.choosing import quick_choice, solve_lane
from marketmind_scheduler.adapters.numeric.decay import decay_of
from marketmind_scheduler.adapters.numeric.lane import lane_of
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, posts_of
from marketmind_scheduler.adapters.numeric.prices import by_prices
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import (
    AtMost,
    Candidate,
    LaneChoice,
    LaneProblem,
    Method,
    Objective,
)
from tests.numeric.lanes import QUARTER, a_lane, candidates, slots, weighing
from tests.numeric.trying_all import best_of, broken, value_of

EXACT = {Method.DAYS, Method.INTERVALS, Method.ORDER, Method.ASSIGNMENT}
thousands = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

values = st.one_of(st.integers(0, 3), st.integers(0, 3_000_000))
weights = st.sampled_from([1, 500, 1_000, 7_000])
quarters = st.integers(0, 24)


@st.composite
def lanes(draw: st.DrawFn, *, alike: bool | None = None, decays: bool | None = None) -> LaneProblem:
    posts = draw(some_posts(alike=alike))
    are_alike = len({(post.weight, post.earliest, post.latest) for post in posts}) <= 1
    at = sorted(draw(st.sets(quarters, max_size=10 if are_alike else 7)))
    worth = draw(st.lists(values, min_size=len(at), max_size=len(at)))
    per_day = draw(st.none() | st.integers(1, 3))
    quarters_a_day = draw(st.sampled_from([3, 7, 96]))
    taken = sorted(draw(st.lists(quarters, max_size=2)))
    problem = replace(
        a_lane(worth, at=at, quarters_a_day=quarters_a_day, posts=posts),
        in_order=draw(st.booleans()),
        min_gap=draw(st.sampled_from([1, 1_800, 2_700, 7_200])),
        per_day=per_day,
        taken=[quarter * QUARTER for quarter in taken],
        taken_on=sorted({quarter // quarters_a_day: 1 for quarter in taken}.items()),
        at_most=draw(st.lists(st.builds(AtMost, posts=st.integers(1, 3), seconds=st.integers(900, 9_000)), max_size=2)),
    )
    if draw(st.booleans()) if decays is None else decays:
        decay = (draw(st.sampled_from([500_000, 1_000_000])), draw(st.sampled_from([900, 5_000, 86_400])))
        problem = replace(problem, objective=Objective.OWN_POST_DECAY, decay=decay)
    return problem


@st.composite
def some_posts(draw: st.DrawFn, *, alike: bool | None) -> Sequence[Candidate]:
    if draw(st.booleans()) if alike is None else alike:
        return candidates(draw(st.integers(0, 5)), weight=draw(weights))
    windows = st.tuples(quarters, quarters).map(sorted)
    return [
        replace(post, weight=draw(weights), earliest=first * QUARTER, latest=last * QUARTER)
        for post, (first, last) in zip(candidates(3), draw(st.lists(windows, max_size=3)), strict=False)
    ]


def placed(choice: LaneChoice) -> int:
    return sum(slot is not None for slot in choice.chosen)


def checked(problem: LaneProblem, choice: LaneChoice) -> bool:
    """Whether it is the best; fails where it is not what it says of itself."""
    count, best = best_of(problem)
    value, certificate = value_of(problem, choice.chosen), choice.certificate
    assert broken(problem, choice.chosen) == []
    assert certificate.value == value // 1_000
    assert certificate.value <= certificate.bound
    if placed(choice) == count:
        assert best // 1_000 <= certificate.bound
    if certificate.proven:
        assert (placed(choice), value // 1_000) == (count, best // 1_000)
    return (placed(choice), value) == (count, best)


@given(lanes())
@thousands
def test_a_choice_breaks_no_rule_and_is_what_its_certificate_says(problem: LaneProblem) -> None:
    choice = solve_lane(problem)

    is_best = checked(problem, choice)

    if choice.certificate.method in EXACT:
        assert is_best
        assert choice.certificate.proven


@given(lanes(alike=True, decays=False))
@thousands
def test_posts_that_are_alike_are_always_placed_best(problem: LaneProblem) -> None:
    choice = solve_lane(problem)

    assert checked(problem, choice)
    assert choice.certificate.proven


@given(lanes(alike=False, decays=False).map(lambda problem: replace(problem, in_order=False)))
@thousands
def test_posts_of_any_weight_and_window_are_placed_best_in_small_lanes(problem: LaneProblem) -> None:
    choice = solve_lane(problem)

    assert checked(problem, choice)
    assert choice.certificate.proven


@given(lanes().map(lambda problem: replace(problem, in_order=True, at_most=())))
@thousands
def test_posts_in_order_are_placed_best_with_decay_and_without(problem: LaneProblem) -> None:
    choice = solve_lane(problem)

    assert checked(problem, choice)
    assert choice.certificate.proven


@given(lanes(alike=True).map(lambda problem: replace(problem, at_most=())))
@thousands
def test_the_bound_of_prices_is_above_the_best(problem: LaneProblem) -> None:
    case = case_of(problem)
    case = replace(case, posts=case.posts.first_ones(case.count), start=case.start[: case.count])

    found = by_prices(case)

    assert NOWHERE not in found.slots
    assert case.keeps(found.slots)
    assert case.value(found.slots) <= best_of(problem)[1] <= found.bound


@given(lanes())
@thousands
def test_what_is_found_at_once_keeps_every_rule_too(problem: LaneProblem) -> None:
    checked(problem, quick_choice(packed(problem)))


def case_of(problem: LaneProblem) -> Case:
    lane = lane_of(packed(problem))
    posts = posts_of(problem, lane)
    return Case(lane=lane, posts=posts, decay=decay_of(problem), start=first_that_fit(lane, posts))


def test_the_best_slots_are_not_those_of_the_best_sum_where_weights_and_a_gap_meet() -> None:
    beside = a_lane([6, 10, 6, 1], at=[0, 1, 2, 99], posts=weighing(10_000, 100))

    choice = solve_lane(replace(beside, min_gap=2 * QUARTER))

    assert choice.chosen == [1, 3]
    assert (choice.certificate.value, choice.certificate.proven) == (100, True)


def test_of_equal_slots_the_earlier_is_taken_and_of_equal_posts_the_first_goes_first() -> None:
    assert solve_lane(a_lane([5, 7, 7, 7], posts=candidates(2))).chosen == [1, 2]


@given(lanes(alike=True, decays=False), st.data())
@settings(thousands, max_examples=100)
def test_one_slot_more_or_one_rule_less_is_never_worth_less(problem: LaneProblem, data: st.DataObject) -> None:
    before = solve_lane(problem)
    easier = data.draw(st.sampled_from(easier_than(problem)))

    after = solve_lane(easier)

    assert placed(after) >= placed(before)
    if placed(after) == placed(before):
        assert after.certificate.value >= before.certificate.value


def easier_than(problem: LaneProblem) -> Sequence[LaneProblem]:
    return [
        replace(problem, min_gap=1),
        replace(problem, per_day=None),
        replace(problem, at_most=problem.at_most[1:]),
        replace(problem, slots=[*problem.slots, replace(slots([5], at=[40])[0], day=99)]),
    ]


@given(lanes())
@settings(thousands, max_examples=100)
def test_the_order_in_which_rules_and_what_is_taken_are_said_changes_nothing(problem: LaneProblem) -> None:
    turned = replace(problem, taken=problem.taken[::-1], taken_on=problem.taken_on[::-1], at_most=problem.at_most[::-1])

    assert solve_lane(turned) == solve_lane(problem)


@given(lanes(), st.integers(1, 60))
@settings(thousands, max_examples=100)
def test_whole_weeks_later_the_same_slots_are_chosen(problem: LaneProblem, weeks: int) -> None:
    seconds = weeks * 7 * 86_400
    later = replace(
        problem,
        posts=[replace(post, earliest=post.earliest + seconds, latest=post.latest + seconds) for post in problem.posts],
        slots=[replace(slot, instant=slot.instant + seconds, day=slot.day + 7 * weeks) for slot in problem.slots],
        taken=[instant + seconds for instant in problem.taken],
        taken_on=[(day + 7 * weeks, posts) for day, posts in problem.taken_on],
    )

    assert solve_lane(later) == solve_lane(problem)


@given(lanes(decays=False), st.integers(2, 9))
@settings(thousands, max_examples=100)
def test_a_whole_multiple_of_all_values_leaves_the_slots_as_they_are(problem: LaneProblem, times: int) -> None:
    multiplied = replace(problem, slots=[replace(slot, value=slot.value * times) for slot in problem.slots])

    assert solve_lane(multiplied).chosen == solve_lane(problem).chosen


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("posts", [candidates(40), weighing(*range(1_000, 1_040))], ids=["alike", "of all weights"])
def test_another_process_chooses_the_same(posts: Sequence[Candidate], objective: Objective) -> None:
    program = f"""
from tests.numeric.test_best_slots import a_month, solve_lane
from tests.numeric.lanes import candidates, weighing
from marketmind_scheduler.domain.planning.problem import Objective
posts = {"candidates(40)" if posts[0].weight == posts[1].weight else "weighing(*range(1_000, 1_040))"}
print(solve_lane(a_month(posts, Objective.{objective.name})))
"""
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for seed, zone in (("1", "UTC"), ("2", "Pacific/Apia"))
    }

    assert answers == {str(solve_lane(a_month(posts, objective)))}


def a_month(posts: Sequence[Candidate], objective: Objective) -> LaneProblem:
    month = a_lane([1_000_000 + 7_919 * nth % 104_729 for nth in range(30 * 96)], posts=posts)
    return replace(month, min_gap=3_600, per_day=2, objective=objective, decay=(500_000, 7_200))
