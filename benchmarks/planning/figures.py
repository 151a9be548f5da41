"""What the lanes of a world come to, with how sure that is, and which targets it meets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from benchmarks.planning.playing import LEARNING, NAIVE, ORACLE, POLICIES, Known, LaneOutcomes, Outcome
from benchmarks.planning.rules import CLOSES, OPENS
from benchmarks.planning.worlds import WEEK, Floats

SHARE_OF_ORACLE = 0.95
COVERAGE = 0.75, 0.88
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of two sums over the same lanes, and how far its 95 % interval reaches to either side."""

    mean: float
    reach: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ±{self.reach:.3f}"


@dataclass(frozen=True, slots=True)
class Played:
    """A world with what became of every policy on each of its lanes."""

    known: Known
    lanes: Sequence[LaneOutcomes]

    def mean(self, policy: str, figure: Callable[[Outcome], float]) -> float:
        return fmean(figure(lane.outcomes[policy]) for lane in self.lanes)

    def total(self, policy: str, figure: Callable[[Outcome], float]) -> float:
        return sum(figure(lane.outcomes[policy]) for lane in self.lanes)

    def share(self, policy: str, other: str = ORACLE) -> Ratio:
        """Of the other's visibility after learning."""
        return _ratio(self._after(policy), self._after(other))

    def share_of_gain(self, policy: str) -> float:
        """Which part of what the oracle has more than the naive rule, which is 0."""
        naive, oracle = self._after(NAIVE).sum(), self._after(ORACLE).sum()
        return float((self._after(policy).sum() - naive) / (oracle - naive))

    def weekly(self, policy: str) -> Floats:
        """The share of the oracle's visibility in each week."""
        own, oracle = (sum(lane.outcomes[name].visibility for lane in self.lanes) for name in (policy, ORACLE))
        return np.asarray(own / oracle)

    def coverage(self, policy: str) -> float:
        return fmean(lane.beliefs[policy].covered for lane in self.lanes)

    @property
    def best_fifth(self) -> float:
        """How much more than the mean of the open hours the best fifth of them engages."""
        hours = np.sort(self.known.chances.by_hour[[cell for cell in range(WEEK) if OPENS <= cell % 24 < CLOSES]])
        return float(hours[-len(hours) // 5 :].mean() / hours.mean() - 1)

    def _after(self, policy: str) -> Floats:
        return np.array([lane.outcomes[policy].visibility[self.known.season.learning :].sum() for lane in self.lanes])


def targets(played: Played) -> Iterable[tuple[str, bool]]:
    for policy in LEARNING:
        for told, is_met in _targets_of(policy, played):
            yield f"{policy}: {told}", is_met
    broken = sum(int(played.total(policy, lambda outcome: outcome.broken)) for policy in POLICIES)
    yield f"{broken} rules broken, target 0", broken == 0


def _targets_of(policy: str, played: Played) -> Iterable[tuple[str, bool]]:
    of_oracle, of_naive = played.share(policy), played.share(policy, NAIVE)
    yield f"{of_oracle} of the oracle's visibility, target {SHARE_OF_ORACLE:g}", of_oracle.mean >= SHARE_OF_ORACLE
    is_above = of_naive.mean + of_naive.reach >= 1
    yield f"{of_naive} of the naive rule's, target not significantly below 1", is_above
    low, high = COVERAGE
    covered = played.coverage(policy)
    yield (
        f"80 % intervals hold {covered:.0%} of the true effects, target {low:.0%} to {high:.0%}",
        low <= covered <= high,
    )


def _ratio(own: Floats, other: Floats) -> Ratio:
    mean = float(own.sum() / other.sum())
    if len(own) == 1:
        return Ratio(mean, float("inf"))
    spread = float((own - mean * other).std(ddof=1))
    return Ratio(mean, _NORMAL_95 * spread / float(other.mean()) / len(own) ** 0.5)
