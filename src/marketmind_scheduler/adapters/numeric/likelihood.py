"""How alike hours are, found from a lane's posts: the most probable steps of the kernel and of the noise.

The search walks a lattice and compares its points only, so that the last bits of a machine's floats choose nothing.
"""

from collections.abc import Callable, Sequence

import numpy as np

from marketmind_scheduler.adapters.numeric.hours import STEP, Seen, covariance
from marketmind_scheduler.domain.audience.profile import Kernel

_SPREADS = (1.0, 0.7, 0.7, 0.7, 0.7, 0.4)
"""How far the logarithms of the kernel's parts are expected to lie from where they start."""
_NOISE_STEP = 0.02
_NOISE_DEGREES = 1
"""How much single posts vary is known before as well as one post could tell: counts of who saw a post vary far less
than counts of what they did."""
_SWEEPS = 3
_REACHES = (*(round(2 * spread / STEP) for spread in _SPREADS), 300)
_ALONE = 4
"""That single hours depart from what those around them say is never believed less than at first: how smooth a week is
was only assumed, and thousands of posts would be too sure of it."""
_ANY_LEVEL = 1.0
"""Posts are measured against the lane's usual one, so that the level of the hours at which it posts is near 0 anyway.
How unlike hours are is told by what lies between them alone."""
_GOLDEN = (5**0.5 - 1) / 2


def most_probable(seen: Seen) -> tuple[Kernel, float]:
    """The kernel, and the variance of a single post about its hour, that explain best what was seen; where nothing was,
    those that were expected."""
    steps = [0] * len(_REACHES)
    for _ in range(_SWEEPS):
        before = list(steps)
        for place, reach in reversed([*enumerate(_REACHES)]):
            steps[place] = _peak(_along(seen, steps, place), 0 if place == _ALONE else -reach, reach)
        if steps == before:
            break
    return Kernel(steps=tuple(steps[:-1])), _variance(steps)


def _along(seen: Seen, steps: Sequence[int], place: int) -> Callable[[int], float]:
    def plausibility(step: int) -> float:
        return _log_posterior(seen, [*steps[:place], step, *steps[place + 1 :]])

    return plausibility


def _peak(height: Callable[[int], float], lowest: int, highest: int) -> int:
    """Where, between these, it is highest: a fixed grid, then the golden section between its neighbours. Of equal ones
    the one nearest to 0."""
    known: dict[int, float] = {}

    def high(step: int) -> tuple[float, int]:
        if step not in known:
            known[step] = height(step)
        return known[step], -abs(step)

    stride = max(1, (highest - lowest) // 6)
    top = max({lowest, highest, *range(lowest, highest, stride)}, key=high)
    low, up = max(lowest, top - stride), min(highest, top + stride)
    while up - low > 2:
        left = low + max(1, round((1 - _GOLDEN) * (up - low)))
        right = max(left + 1, up - (left - low))
        low, up = (low, right) if high(left) >= high(right) else (left, up)
    return max(range(low, up + 1), key=high)


def _variance(steps: Sequence[int]) -> float:
    return float(np.exp(2 * _NOISE_STEP * steps[-1]))


def _log_posterior(seen: Seen, steps: Sequence[int]) -> float:
    variance = _variance(steps)
    roots = np.sqrt(seen.weights / variance)
    of_hours = covariance(Kernel(steps=tuple(steps[:-1]))) + _ANY_LEVEL**2
    of_cells = of_hours[np.ix_(seen.cells, seen.cells)]
    lower = np.linalg.cholesky(np.eye(len(roots)) + of_cells * np.outer(roots, roots))
    misfit = np.linalg.solve(lower, roots * seen.above)
    of_posts = -(float(seen.weights.sum()) * np.log(variance) + seen.spread / variance + misfit @ misfit) / 2
    of_steps = -sum((STEP * step / spread) ** 2 for step, spread in zip(steps, _SPREADS, strict=False)) / 2
    of_noise = -_NOISE_DEGREES / 2 * (np.log(variance) + 1 / variance)
    return float(of_posts - np.log(np.diagonal(lower)).sum() + of_steps + of_noise)
