"""Profiles from what was observed of a lane. Everything here is a pure function, and the same on any machine."""

from collections.abc import Sequence
from dataclasses import replace
from math import log, pi

import numpy as np

from marketmind_scheduler.adapters.numeric.hours import Belief, Floats, Seen, covariance
from marketmind_scheduler.adapters.numeric.likelihood import most_probable
from marketmind_scheduler.domain.audience.comparison import compared
from marketmind_scheduler.domain.audience.lessons import Lesson, Lessons, Statistics, lessons_of, statistics_of
from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.priors import KNOWING_NOTHING, prior_of
from marketmind_scheduler.domain.audience.profile import JUDGED_BY, Gate, Profile, Verdict
from marketmind_scheduler.domain.audience.week import MILLION
from marketmind_scheduler.domain.post import Platform


def fitted(history: LaneHistory) -> Profile:
    """What the lane's posts leave to believe; where that has foretold the latest posts worse than who learns nothing,
    the prior alone, or that nothing is known."""
    lessons = lessons_of(history)
    return replace(learned(history.platform, lessons), comparison=compared(lessons.each, history.arms))


def learned(platform: Platform, lessons: Lessons) -> Profile:
    """The same from what the posts teach, without a comparison."""
    statistics = statistics_of(lessons.each)
    prior = prior_of(platform)
    gate = _gate(lessons.each, prior.effects)
    cold = replace(
        Profile.cold(platform),
        figure=lessons.figure,
        posts=statistics.posts,
        gate=gate,
        last_published=lessons.last_published,
    )
    if gate.verdict is Verdict.REJECTED:
        return replace(cold, effects=gate.believed(prior).effects)
    return informed(cold, statistics)


def informed(cold: Profile, statistics: Statistics) -> Profile:
    """The cold profile of a lane, with what its posts say of its hours."""
    seen = Seen.over(cold.effects, statistics)
    kernel, variance = most_probable(seen)
    before = covariance(kernel)
    belief = Belief.after(seen, before, variance)
    return replace(
        cold,
        effects=tuple(effect + above for effect, above in zip(cold.effects, _millionths(belief.above), strict=True)),
        sds=_millionths(belief.sds),
        weights=statistics.weights,
        kernel=kernel,
        prior_sd=round(before[0, 0] ** 0.5 * MILLION),
        sigma=round(variance**0.5 * MILLION),
    )


def narrowed(profile: Profile, posts: Sequence[int]) -> Profile:
    """The profile once so many posts more had been learned of each hour of the week. Whatever would come of them, how
    sure it is depends on their number alone; what it expects stays."""
    weights = [weight + count * MILLION for weight, count in zip(profile.weights, posts, strict=True)]
    seen = Seen.of(np.array(weights, dtype=np.float64) / MILLION)
    variance = (profile.sigma / MILLION) ** 2
    sds = _millionths(Belief.after(seen, covariance(profile.kernel), variance).sds)
    return replace(profile, sds=sds, weights=tuple(weights))


def _gate(lessons: Sequence[Lesson], prior: Sequence[int]) -> Gate:
    """Each of the latest posts foretold from those before it; how alike hours are is known from before all of them."""
    seen = Seen.over(prior, statistics_of(lessons[:-JUDGED_BY]))
    kernel, variance = most_probable(seen)
    before = covariance(kernel)
    belief = Belief.after(seen, before, variance)
    latest = lessons[-JUDGED_BY:]
    scores = np.zeros((len(latest), 3))
    for nth, (_, cell, residual, _) in enumerate(latest):
        above, unlearned = (residual - prior[cell]) / MILLION, before[cell, cell] + variance
        scores[nth] = (
            _log_density(above - belief.above[cell], belief.covariance[cell, cell] + variance),
            _log_density(above, unlearned),
            _log_density((residual - KNOWING_NOTHING.effects[cell]) / MILLION, unlearned),
        )
        belief.learn(cell, above, variance)
    by_profile, by_prior, by_nothing = _millionths(scores.sum(axis=0))
    between = scores[:, 0] - scores[:, 1 if by_prior > by_nothing else 2]
    return Gate(
        scored=len(latest),
        profile_score=by_profile,
        prior_score=by_prior,
        nothing_score=by_nothing,
        error=round(_error_of_sum(between) * MILLION),
    )


def _error_of_sum(each: Floats) -> float:
    return float(np.std(each, ddof=1)) * len(each) ** 0.5 if len(each) > 1 else 0.0


def _log_density(distance: float, variance: float) -> float:
    return -(log(2 * pi * variance) + distance**2 / variance) / 2


def _millionths(values: Floats) -> tuple[int, ...]:
    return tuple(round(float(each) * MILLION) for each in values)
