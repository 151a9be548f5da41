"""What is left of figures when a lane's growth and its level are taken out."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence
from math import isqrt, log1p

from marketmind_scheduler.domain.audience.week import MILLION

_SETTLED = 20  # posts before which the median of what went before is not trusted by itself
_SHORTEST, _LONGEST = 30, 400
_CUT = 4


def residuals(values: Iterable[int]) -> Sequence[int]:
    """For each figure of a lane, by publish time, how far the logarithm of one more than it lies above that of the
    lane's usual post at that time, in millionths.

    The usual post is the running median of those before it, so what comes later changes nothing; that of the first
    posts leans on their mean, and the first of all is usual by itself. What lies farther out than four standard
    deviations is cut there: a post that goes round the world says little of its hour.
    """
    usual = _Usual()
    left = [usual.above(round(log1p(value) * MILLION)) for value in values]
    if not left:
        return left
    farthest = _CUT * isqrt(sum(each * each for each in left) // len(left))
    return [max(-farthest, min(farthest, each)) for each in left]


class _Usual:
    """The running median of a lane's latest posts: the last 30, and of long histories up to 400."""

    def __init__(self) -> None:
        self._seen = 0
        self._latest: deque[int] = deque()
        self._ordered: list[int] = []

    def above(self, figure: int) -> int:
        """How far this one lies above it; from then on it is one of them."""
        above = figure - self._level() if self._seen else 0
        self._add(figure)
        return above

    def _level(self) -> int:
        ordered, size = self._ordered, len(self._ordered)
        median = (ordered[(size - 1) // 2] + ordered[size // 2]) // 2
        if size >= _SETTLED:
            return median
        return (size * median + (_SETTLED - size) * (sum(ordered) // size)) // _SETTLED

    def _add(self, figure: int) -> None:
        self._seen += 1
        self._latest.append(figure)
        insort(self._ordered, figure)
        if len(self._latest) > max(_SHORTEST, min(_LONGEST, self._seen // 20)):
            oldest = self._latest.popleft()
            del self._ordered[bisect_left(self._ordered, oldest)]
