"""What is learned from observations, and what is believed before any."""

import math
from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from marketmind_scheduler.domain.audience.comparison import compared
from marketmind_scheduler.domain.audience.lessons import HALF_LIFE_DAYS, Lesson, lessons_of, statistics_of
from marketmind_scheduler.domain.audience.observations import (
    LEARNING_AGE,
    Arm,
    Figure,
    History,
    Observation,
    Unlearned,
    outcomes_of,
    unlearned,
)
from marketmind_scheduler.domain.audience.priors import (
    KNOWING_NOTHING,
    NAMED_ONCE,
    NAMED_TWICE,
    SUNDAY,
    THE_RULES,
    prior_of,
)
from marketmind_scheduler.domain.audience.profile import Gate, Profile, Signal, Verdict
from marketmind_scheduler.domain.audience.residuals import residuals
from marketmind_scheduler.domain.audience.week import CELLS, HOURS, MILLION, cell_of
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SEVEN_PM
from tests.domain.audiences import HOUR, TODAY, history, measured, observed
from tests.loops import on_each

PUBLISHED = TODAY - timedelta(days=30)
OBSERVED = Observation(
    observation_id="o1",
    brand_id=UUID(int=1),
    platform=Platform.REDDIT,
    of=History(PUBLISHED, "t3_abc"),
    figure=Figure.VIEWS,
    value=10,
    measured_at=PUBLISHED + 48 * HOUR,
)


@on_each(
    ("hours", "why"),
    [
        (38.39, Unlearned.TOO_EARLY),
        (38.4, None),
        (48, None),
        (96, None),
        (96.01, Unlearned.TOO_LATE),
        (-1, Unlearned.TOO_EARLY),
    ],
)
def test_a_figure_is_learned_at_one_age_of_its_post(hours: float, why: Unlearned | None) -> None:
    assert unlearned(replace(OBSERVED, measured_at=PUBLISHED + hours * HOUR), PUBLISHED) is why


def test_what_was_paid_for_and_what_nobody_knows_to_be_out_is_not_learned() -> None:
    assert unlearned(replace(OBSERVED, is_paid=True), PUBLISHED) is Unlearned.PAID
    assert unlearned(OBSERVED, None) is Unlearned.NOT_PUBLISHED


@on_each("platform", Platform)
def test_each_platform_has_an_age_at_which_its_posts_are_compared(platform: Platform) -> None:
    expected = {Platform.TWITTER: timedelta(days=1), Platform.YOUTUBE: timedelta(days=7)}
    assert LEARNING_AGE[platform] == expected.get(platform, timedelta(days=2))


def test_of_several_measurements_of_a_post_the_one_nearest_to_the_age_counts() -> None:
    several = [measured(1, after=age * HOUR, value=age) for age in (12, 40, 47, 60, 90, 200)]
    assert [outcome.value for outcome in outcomes_of(history(several))[1]] == [47]


def test_a_lane_is_known_by_the_figure_of_most_posts_and_by_engagements_where_there_are_as_many() -> None:
    views = [measured(nth, figure=Figure.VIEWS) for nth in range(3)]
    engagements = [measured(nth) for nth in range(3)]
    assert outcomes_of(history([*views, *engagements[:2]]))[0] is Figure.VIEWS
    assert outcomes_of(history([*views, *engagements]))[0] is Figure.ENGAGEMENTS


def test_the_later_measurement_replaces_the_earlier_whichever_comes_first() -> None:
    later = replace(OBSERVED, value=20, measured_at=OBSERVED.measured_at + HOUR)
    correction = replace(OBSERVED, value=5)
    assert later.supersedes(OBSERVED)
    assert not OBSERVED.supersedes(later)
    assert correction.supersedes(OBSERVED)
    assert not OBSERVED.supersedes(OBSERVED)


def test_what_comes_later_changes_no_residual() -> None:
    values = [Random(3).randrange(10**6) for _ in range(300)]  # noqa: S311
    uncut = [math.log1p(value) for value in values]
    assert max(map(abs, uncut)) < 100
    early, all_ = residuals(values[:200]), residuals(values)
    assert early == all_[:200]


def test_growth_and_level_drop_out() -> None:
    growing = residuals([round(10 * 1.01**nth) for nth in range(1_000)])
    assert max(growing[100:]) - min(growing[100:]) < 0.15 * MILLION
    assert residuals([7] * 50) == [0] * 50


def test_one_post_that_goes_round_the_world_is_cut() -> None:
    values = [10, 14] * 500
    values[700] = 10**12
    assert residuals(values)[700] < math.log(10**12 / 12) * MILLION / 4


def test_the_residuals_of_the_first_posts_are_told_from_their_mean() -> None:
    one, two, three = (round(math.log1p(value) * MILLION) for value in (10, 20, 40))
    first, second, third = residuals([10, 20, 40])
    assert (first, second) == (0, two - one)
    assert third == three - (one + two) // 2


def test_an_order_of_arrival_is_of_no_account() -> None:
    in_order = observed(400)
    shuffled = list(in_order.measurements)
    Random(5).shuffle(shuffled)  # noqa: S311
    assert lessons_of(replace(in_order, measurements=shuffled)) == lessons_of(in_order)


def test_posts_stand_at_the_hour_that_clocks_in_the_brands_zone_showed() -> None:
    in_new_york = replace(history([measured(1, published=PUBLISHED)]), zone="America/New_York")
    assert [lesson.cell for lesson in lessons_of(in_new_york).each] == [cell_of(4, 19)]  # Friday: 30 January, 0:00 UTC


def test_a_post_counts_half_after_ninety_days() -> None:
    ages = [timedelta(days=days) for days in (0, HALF_LIFE_DAYS, 2 * HALF_LIFE_DAYS)]
    learned = lessons_of(history([measured(nth, published=TODAY - age) for nth, age in enumerate(ages)])).each
    assert sorted(lesson.weight for lesson in learned) == [250_000, 500_000, 1_000_000]


def test_statistics_are_sums_by_hour() -> None:
    lessons = [Lesson("a", 5, 100, 2), Lesson("b", 5, -50, 1), Lesson("c", 9, 7, 1)]
    statistics = statistics_of(lessons)
    assert (statistics.posts[5], statistics.weights[5], statistics.sums[5]) == (2, 3, 150)
    assert (sum(statistics.posts), statistics.squares) == (3, 2 * 100**2 + 50**2 + 7**2)


def test_what_two_studies_name_counts_more_and_beats_sunday() -> None:
    twitter, tiktok = prior_of(Platform.TWITTER), prior_of(Platform.TIKTOK)
    assert twitter.effects[cell_of(1, 12)] == twitter.effects[cell_of(4, 9)] == NAMED_TWICE
    assert twitter.effects[cell_of(1, 9)] == twitter.effects[cell_of(0, 8)] == NAMED_ONCE
    assert (twitter.effects[cell_of(1, 14)], twitter.effects[cell_of(6, 9)]) == (0, SUNDAY)
    assert (tiktok.effects[cell_of(6, 13)], tiktok.effects[cell_of(6, 20)]) == (NAMED_ONCE, NAMED_ONCE)
    assert prior_of(Platform.REDDIT) == KNOWING_NOTHING


@on_each("platform", Platform)
def test_before_any_post_only_what_two_studies_name_is_worth_leaving_the_naive_rule_for(platform: Platform) -> None:
    worth = Profile.cold(platform).effects
    for cell, effect in enumerate(worth):
        named = effect - (THE_RULES if cell % HOURS == SEVEN_PM.hour else 0)
        assert named in (0, SUNDAY, NAMED_ONCE, NAMED_TWICE)
        seven_pm = worth[cell_of(cell // HOURS, SEVEN_PM.hour)]
        assert effect <= seven_pm or named == NAMED_TWICE or cell >= cell_of(6, 0), cell


@on_each("platform", Platform)
def test_a_prior_names_its_studies_with_date_and_url_or_says_nothing(platform: Platform) -> None:
    prior = prior_of(platform)
    assert len(prior.effects) == CELLS
    assert bool(prior.studies) == (prior.effects != KNOWING_NOTHING.effects)
    assert all(study.date and study.url.startswith("https://") for study in prior.studies)


def test_what_is_believed_of_an_unknown_lane_is_its_prior_and_no_signal() -> None:
    cold = Profile.cold(Platform.LINKEDIN)
    assert cold.effects == prior_of(Platform.LINKEDIN).effects
    assert cold.signal is Signal.NONE
    assert cold.value(cell_of(1, 10)) == 1_083_287
    assert (cold.own_share(0), cold.effective_posts(0)) == (0, 0)


def test_a_profile_is_judged_only_once_it_has_foretold_twenty_posts() -> None:
    far_behind = Gate(scored=19, profile_score=-9, prior_score=-1, nothing_score=-1)
    assert far_behind.verdict is Verdict.UNPROVEN
    assert replace(far_behind, scored=20).verdict is Verdict.REJECTED


@on_each(("prior_score", "nothing_score"), [(-1, -7), (-7, -1), (-1, -1)])
def test_a_profile_is_rejected_where_it_lacks_more_of_the_better_than_chance_explains(
    prior_score: int, nothing_score: int
) -> None:
    gate = Gate(scored=60, profile_score=-5, prior_score=prior_score, nothing_score=nothing_score)
    assert replace(gate, error=4).verdict is Verdict.TRUSTED
    assert replace(gate, error=3).verdict is Verdict.REJECTED


def test_where_a_profile_is_rejected_what_foretold_better_is_believed_and_of_equals_what_claims_less() -> None:
    studies = prior_of(Platform.TWITTER)
    assert Gate(prior_score=-1, nothing_score=-2).believed(studies) is studies
    assert Gate(prior_score=-2, nothing_score=-1).believed(studies) is KNOWING_NOTHING
    assert Gate(prior_score=-1, nothing_score=-1).believed(studies) is KNOWING_NOTHING


def test_the_digest_is_of_all_that_a_profile_says() -> None:
    cold = Profile.cold(Platform.TIKTOK)
    assert cold.digest == Profile.cold(Platform.TIKTOK).digest
    changes = [
        replace(cold, figure=Figure.VIEWS),
        replace(cold, sds=(1, *cold.sds[1:])),
        replace(cold, last_published=TODAY),
        replace(cold, gate=Gate(scored=1)),
    ]
    assert len({each.digest for each in (cold, *changes)}) == len(changes) + 1


def _lessons(chosen: list[int], control: list[int]) -> list[Lesson]:
    return [
        Lesson(f"{arm}{nth}", 0, value, 1)
        for arm, values in (("a", chosen), ("b", control))
        for nth, value in enumerate(values)
    ]


def _arms(lessons: list[Lesson]) -> dict[str, Arm]:
    return {each.post: Arm.CHOSEN if each.post.startswith("a") else Arm.CONTROL for each in lessons}


def test_a_comparison_says_how_many_more_posts_an_answer_needs() -> None:
    spread = [-800_000, 800_000] * 20
    lessons = _lessons([100_000 + each for each in spread], spread[:8])
    comparison = compared(lessons, _arms(lessons))
    assert comparison is not None
    assert (comparison.chosen, comparison.control, comparison.difference) == (40, 8, 100_000)
    assert comparison.low < 0 < comparison.high
    assert not comparison.answers
    times = comparison.more_posts // 48 + 2
    again = _lessons([100_000 + each for each in spread] * times, spread[:8] * times)
    answered = compared(again, _arms(again))
    assert answered is not None
    assert answered.answers
    assert answered.more_posts == 0


def test_the_interval_of_a_comparison_is_that_of_student() -> None:
    """Five posts on either side that vary alike have eight degrees of freedom: 2.306 standard errors."""
    lessons = _lessons([100_000, 200_000, 300_000, 400_000, 500_000], [0, 100_000, 200_000, 300_000, 400_000])
    comparison = compared(lessons, _arms(lessons))
    assert comparison is not None
    assert comparison.difference == 100_000
    assert comparison.low == pytest.approx(100_000 - 230_600, abs=100)
    assert comparison.high == pytest.approx(100_000 + 230_600, abs=100)


def test_two_posts_on_either_side_answer_nothing_where_many_alike_would() -> None:
    """Two know next to nothing of how much they vary: 4.3 standard errors where both vary alike."""
    few = _lessons([300_000, 500_000], [0, 200_000])
    many = _lessons([300_000, 500_000] * 10, [0, 200_000] * 10)
    answers = {len(each): compared(each, _arms(each)) for each in (few, many)}
    assert [each is not None and each.answers for each in answers.values()] == [False, True]


def test_without_two_posts_on_either_side_there_is_no_comparison() -> None:
    lessons = _lessons([1, 2, 3], [1])
    assert compared(lessons, _arms(lessons)) is None
