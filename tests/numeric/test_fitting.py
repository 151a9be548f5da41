"""Profiles are fitted so that they are never surer than their posts, and are left out where they do harm."""

from dataclasses import replace
from math import exp
from random import Random
from time import process_time

import numpy as np

from marketmind_scheduler.adapters.numeric.fitting import fitted, informed, narrowed
from marketmind_scheduler.adapters.numeric.hours import Belief, Seen, covariance
from marketmind_scheduler.domain.audience.lessons import Lesson, Lessons, Statistics, statistics_of
from marketmind_scheduler.domain.audience.observations import Figure
from marketmind_scheduler.domain.audience.profile import COLD_SD, Kernel, Profile, Signal, Verdict
from marketmind_scheduler.domain.audience.residuals import residuals
from marketmind_scheduler.domain.audience.week import CELLS, MILLION, cell_of
from marketmind_scheduler.domain.post import Platform
from tests.domain.audiences import HOUR, TODAY, history, measured, morning, observed
from tests.loops import on_each, telling_all_misses

NORMAL_90 = 1.644854


def no_effect(_cell: int, _nth: int) -> float:
    return 0.0


@on_each("platform", Platform)
def test_without_observations_the_profile_is_the_prior_exactly(platform: Platform) -> None:
    assert fitted(history([], platform=platform)) == Profile.cold(platform)


def test_any_order_of_arrival_gives_one_snapshot() -> None:
    in_order = observed(150)
    shuffled = [*in_order.measurements, *in_order.measurements[:40]]
    Random(7).shuffle(shuffled)  # noqa: S311
    assert fitted(replace(in_order, measurements=shuffled)).digest == fitted(in_order).digest


def test_the_hours_at_which_people_react_are_found() -> None:
    profile = fitted(observed(400))
    assert (profile.gate.verdict, profile.signal) == (Verdict.TRUSTED, Signal.OK)
    nine, evening = (profile.value(cell_of(2, hour)) for hour in (9, 21))
    assert 1.2 * MILLION < nine < 2 * MILLION
    assert 0.5 * MILLION < evening < 0.85 * MILLION


def test_the_deviation_never_rises_with_the_number_of_posts() -> None:
    before = covariance(Kernel())
    weights, sds = np.zeros(CELLS), np.sqrt(np.diagonal(before))
    chance = np.random.default_rng(2)
    for _ in range(60):
        weights[chance.integers(CELLS)] += chance.integers(1, 50)
        after = Belief.after(Seen.of(weights), before, 0.7).sds
        assert (after <= sds + 1e-12).all()
        sds = after


def test_learning_post_by_post_is_learning_all_at_once() -> None:
    chance = np.random.default_rng(4)
    posts = [(int(chance.integers(CELLS)), float(chance.normal())) for _ in range(40)]
    before = covariance(Kernel())
    step_by_step = Belief(np.zeros(CELLS), before)
    for cell, above in posts:
        step_by_step.learn(cell, above, 0.8)
    cells = sorted({cell for cell, _ in posts})
    of_cell = [[above for at, above in posts if at == cell] for cell in cells]
    seen = Seen(
        np.array(cells),
        np.array([float(len(each)) for each in of_cell]),
        np.array([sum(each) / len(each) for each in of_cell]),
    )
    at_once = Belief.after(seen, before, 0.8)
    assert np.allclose(at_once.above, step_by_step.above)
    assert np.allclose(at_once.covariance, step_by_step.covariance)


def _drawn(posts: int, seed: int) -> tuple[list[float], Lessons]:
    """The effects of a week, drawn as the kernel says, and what so many posts at random hours teach of them."""
    chance = np.random.default_rng(seed)
    effects = np.linalg.cholesky(covariance(Kernel()) + 1e-9 * np.eye(CELLS)) @ chance.standard_normal(CELLS)
    effects = effects - effects.mean()  # the level is the running median's
    cells = [int(each) for each in chance.integers(CELLS, size=posts)]
    values = [round(exp(5 + effects[cell] + 0.8 * chance.standard_normal())) for cell in cells]
    each = [Lesson("", cell, left, MILLION) for cell, left in zip(cells, residuals(values), strict=True)]
    return effects.tolist(), Lessons(figure=Figure.VIEWS, each=each, last_published=None)


def test_intervals_hold_what_they_promise() -> None:
    with telling_all_misses() as trying:
        for posts, worlds in ((5, 20), (30, 10), (100, 6), (1_000, 4), (20_000, 3)):
            with trying(posts=posts):
                within: list[bool] = []
                for seed in range(worlds):
                    effects, lessons = _drawn(posts, seed)
                    profile = informed(Profile.cold(Platform.REDDIT), statistics_of(lessons.each))
                    within += [
                        abs(found - effect * MILLION) <= NORMAL_90 * sd
                        for found, effect, sd in zip(profile.effects, effects, profile.sds, strict=True)
                    ]
                assert 0.85 <= sum(within) / len(within) <= 0.99


def test_hours_that_do_not_matter_are_left_where_nobody_knows_anything() -> None:
    """Neither what studies say of them nor what chance makes of few posts moves a plan far."""
    for seed in range(6):
        chance = Random(seed)  # noqa: S311
        lane = history(
            [
                measured(
                    nth,
                    published=TODAY - (57 - nth) * 24 * HOUR + chance.randrange(6, 23) * HOUR,
                    value=round(exp(5 + chance.gauss(0, 0.8))),
                    platform=Platform.TWITTER,
                )
                for nth in range(56)
            ],
            platform=Platform.TWITTER,
        )
        profile = fitted(lane)
        assert max(profile.effects) - min(profile.effects) < 0.5 * MILLION, seed


def test_studies_that_are_wrong_of_a_lane_are_given_up() -> None:
    """It hears from its audience in the evening only, of which no study of the platform speaks."""
    profile = fitted(replace(observed(300, lambda cell, _: -morning(cell)), platform=Platform.TWITTER))
    assert profile.gate.verdict is Verdict.TRUSTED
    assert profile.gate.nothing_score > profile.gate.prior_score
    assert profile.value(cell_of(1, 12)) < 0.9 * MILLION < profile.value(cell_of(1, 21))


def test_a_series_whose_hours_have_changed_closes_the_gate_and_leaves_the_prior() -> None:
    turned = fitted(observed(1_060, lambda cell, nth: (2 if nth < 1_000 else -2) * morning(cell)))
    assert turned.gate.verdict is Verdict.REJECTED
    assert (turned.effects, set(turned.sds)) == (Profile.cold(Platform.REDDIT).effects, {COLD_SD})
    assert turned.signal is Signal.NONE
    assert sum(turned.posts) == 1_060


@on_each(
    ("posts", "noise", "usual"),
    [(1, 0.0, 5.0), (2, 0.0, 5.0), (300, 0.0, 5.0), (300, 0.0, -20.0), (300, 5.0, 22.0), (19, 1.0, 0.0)],
)
def test_one_equal_zero_and_huge_figures_are_fitted(posts: int, noise: float, usual: float) -> None:
    profile = fitted(observed(posts, no_effect, noise=noise, usual=usual))
    assert sum(profile.posts) == posts
    assert profile.sigma > 0
    assert all(0 < sd <= 2 * COLD_SD for sd in profile.sds)


def test_below_twenty_posts_the_signal_is_thin_at_most() -> None:
    same_hour = history([measured(nth, value=100) for nth in range(19)])
    assert fitted(same_hour).signal is not Signal.OK


def test_a_million_posts_are_fitted_within_a_second() -> None:
    each = MILLION // CELLS + 1
    means = [round(morning(cell) * MILLION) for cell in range(CELLS)]
    statistics = Statistics(
        posts=(each,) * CELLS,
        weights=(each * MILLION,) * CELLS,
        sums=tuple(each * MILLION * mean for mean in means),
        squares=sum(each * MILLION * (mean**2 + 640_000 * MILLION) for mean in means),
    )
    began = process_time()
    profile = informed(Profile.cold(Platform.REDDIT), statistics)
    assert process_time() - began < 5  # five times the target, for machines that are busy
    assert abs(profile.sigma - 800_000) < 20_000
    assert max(profile.sds) < 11_000


def test_what_a_plan_adds_narrows_the_hours_that_it_uses_and_changes_nothing_where_it_adds_nothing() -> None:
    profile = fitted(observed(200))
    nothing, monday_at_nine = [0] * CELLS, [20 if cell == cell_of(0, 9) else 0 for cell in range(CELLS)]
    same, after = narrowed(profile, nothing).sds, narrowed(profile, monday_at_nine).sds
    assert max(abs(one - other) for one, other in zip(same, profile.sds, strict=True)) <= 1_000
    assert after[cell_of(0, 9)] < 0.9 * profile.sds[cell_of(0, 9)]
    assert all(narrowed <= sd + 1 for narrowed, sd in zip(after, same, strict=True))
