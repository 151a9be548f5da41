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
from marketmind_scheduler.domain.audience.priors import prior_of
from marketmind_scheduler.domain.audience.profile import JUDGED_BY, Gate, Profile, Verdict
from marketmind_scheduler.domain.audience.week import MILLION
from marketmind_scheduler.domain.post import Platform


def fitted(history: LaneHistory) -> Profile:
    """What the lane's posts leave to believe, or the prior alone where that has foretold the latest posts better."""
    lessons = lessons_of(history)
    return replace(learned(history.platform, lessons), comparison=compared(lessons.each, history.arms))


def learned(platform: Platform, lessons: Lessons) -> Profile:
    """The same from what the posts teach, without a comparison."""
    statistics = statistics_of(lessons.each)
    cold = replace(
        Profile.cold(platform),
        figure=lessons.figure,
        posts=statistics.posts,
        gate=_gate(lessons.each, prior_of(platform).effects),
        last_published=lessons.last_published,
    )
    return cold if cold.gate.verdict is Verdict.REJECTED else informed(cold, statistics)


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
    by_profile = by_prior = 0.0
    for lesson in lessons[-JUDGED_BY:]:
        cell, above = lesson.cell, (lesson.residual - prior[lesson.cell]) / MILLION
        by_profile += _log_density(above - belief.above[cell], belief.covariance[cell, cell] + variance)
        by_prior += _log_density(above, before[cell, cell] + variance)
        belief.learn(cell, above, variance)
    return Gate(
        scored=len(lessons[-JUDGED_BY:]),
        profile_score=round(by_profile * MILLION),
        prior_score=round(by_prior * MILLION),
    )


def _log_density(distance: float, variance: float) -> float:
    return -(log(2 * pi * variance) + distance**2 / variance) / 2


def _millionths(values: Floats) -> tuple[int, ...]:
    return tuple(round(float(each) * MILLION) for each in values)
