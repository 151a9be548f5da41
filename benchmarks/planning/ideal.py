"""What could be learned at all: by somebody who is told how alike the hours of this world are and how much single posts
vary about them, and who learns from hours that were drawn by lot."""

import numpy as np
from benchmarks.planning.engaging import chosen, history, hour_of_week
from benchmarks.planning.policies import Planner, Told
from benchmarks.planning.worlds import WEEK, Floats

from marketmind_scheduler.adapters.numeric.hours import Belief, Seen, covariance
from marketmind_scheduler.adapters.numeric.likelihood import most_probable
from marketmind_scheduler.domain.audience.lessons import lessons_of, statistics_of
from marketmind_scheduler.domain.audience.week import CELLS, MILLION

_SURE = 1_000.0  # posts in each hour: the kernel is that of the true effects
_NO_PRIOR = (0,) * CELLS


def ideal(effects: Floats, noise_sd: float) -> Planner:
    """The best slots by Bayes' rule, where the effects are those of a Gaussian process with this kernel, which is the
    most probable one of the true effects themselves."""
    kernel, _ = most_probable(Seen(np.arange(CELLS), np.full(CELLS, _SURE), effects - effects.mean()))
    before = covariance(kernel)

    def plan(told: Told) -> Floats:
        lessons = lessons_of(history(told.posts, told.figures, float(told.first * WEEK)))
        belief = Belief.after(Seen.over(_NO_PRIOR, statistics_of(lessons.each)), before, noise_sd**2)
        values = np.rint(np.exp(belief.above) * MILLION).astype(np.int64)
        return chosen(told.slots, values[hour_of_week(told.slots)].tolist(), told.to_place, told.taken)

    return plan
