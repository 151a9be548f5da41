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
    reach = _NORMAL_95 * sqrt(variance(chosen) / len(chosen) + variance(control) / len(control))
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
