"""Whether chosen times do better than the naive rule's: the only question here that an experiment answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt
from statistics import fmean, variance

from marketmind_scheduler.domain.audience.lessons import Lesson
from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.audience.week import MILLION

_FEWEST = 2  # posts of each arm, without which nothing varies
_WORTH_KNOWING = round(log(1.05) * MILLION)
_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Posts at times that were chosen against posts that the lot left at the naive rule's time. ``difference`` and its
    95 % interval, ``low`` to ``high``, are logarithms of ratios in millionths. ``more_posts``: about how many more an
    answer needs, at the same shares; 0 where the interval answers. A difference below 5 % is not worth looking for."""

    chosen: int
    control: int
    difference: int
    low: int
    high: int
    more_posts: int

    @property
    def answers(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low > 0 or self.high < 0


def compared(lessons: Iterable[Lesson], arms: Mapping[str, Arm]) -> Comparison | None:
    """None before both arms have two posts that are learned from."""
    of_arm: dict[Arm, list[int]] = {arm: [] for arm in Arm}
    for lesson in lessons:
        if arm := arms.get(lesson.post):
            of_arm[arm].append(lesson.residual)
    chosen, control = of_arm[Arm.CHOSEN], of_arm[Arm.CONTROL]
    return None if min(len(chosen), len(control)) < _FEWEST else _comparison(chosen, control)


def _comparison(chosen: Sequence[int], control: Sequence[int]) -> Comparison:
    difference = fmean(chosen) - fmean(control)
    errors = [variance(arm) / len(arm) for arm in (chosen, control)]
    freedom = _freedom(errors, [len(chosen), len(control)])
    reach = _student_95(freedom) * sqrt(sum(errors))
    posts = len(chosen) + len(control)
    sought = max(abs(difference), _WORTH_KNOWING)
    return Comparison(
        chosen=len(chosen),
        control=len(control),
        difference=round(difference),
        low=round(difference - reach),
        high=round(difference + reach),
        more_posts=0 if reach < abs(difference) else max(1, ceil(posts * (reach / sought) ** 2) - posts),
    )


def _freedom(errors: Sequence[float], posts: Sequence[int]) -> float:
    """Of the error of a difference of two means, after Welch and Satterthwaite; ``errors`` are the variances of the
    means."""
    doubt = sum(error**2 / (count - 1) for error, count in zip(errors, posts, strict=True))
    return sum(errors) ** 2 / doubt if doubt else float("inf")


def _student_95(freedom: float) -> float:
    """How many standard errors a 95 % interval reaches: Student's, for few posts know little of how much they vary
    (Cornish and Fisher's expansion: a tenth short at one degree of freedom, next to nothing from two on)."""
    z = _NORMAL_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
