"""A lane's slots in pieces that hold at most one post each, and the kinds of its posts."""

import numpy as np
import numpy.typing as npt

from marketmind_scheduler.adapters.numeric.case import Case
from marketmind_scheduler.adapters.numeric.lane import Ints, Limits, joined
from marketmind_scheduler.adapters.numeric.linear import Model, stretches
from marketmind_scheduler.adapters.numeric.posts import NOWHERE


class Grid:
    """A piece is the slots of one day within the same ``seconds``, which are no more than the gap. A column is a kind
    of posts, those of one weight and window, in a piece; columns stand in the order of the pieces."""

    def __init__(self, case: Case, seconds: int) -> None:
        self._case, lane = case, case.lane
        starts = (np.diff(lane.day, prepend=-1) != 0) | (np.diff(lane.at // seconds, prepend=-1) != 0)
        self._first = np.flatnonzero(starts)
        self._behind = np.append(self._first[1:], len(lane.at))
        self._kinds, kind_of = _kinds(case)
        self._members = [np.flatnonzero(kind_of == kind) for kind in range(len(self._kinds))]
        piece_of = np.cumsum(starts) - 1
        first, behind = self._kinds[:, 1], self._kinds[:, 2]
        begin, pieces = stretches(piece_of[first], piece_of[behind - 1] + 1)
        kinds = np.repeat(np.arange(len(self._kinds)), np.diff(begin))
        order = np.lexsort((kinds, pieces))
        self._piece, self._kind = pieces[order], kinds[order]
        self._from = np.maximum(self._first[self._piece], first[self._kind])
        self._until = np.minimum(self._behind[self._piece], behind[self._kind])

    @property
    def columns(self) -> int:
        return len(self._piece)

    @property
    def posts(self) -> int:
        """Those that may go anywhere at all."""
        return sum(map(len, self._members))

    @property
    def is_whole_by_nature(self) -> bool:
        """Whether the model is a flow: posts into slots into days."""
        return not len(self._case.lane.gaps.first) and not len(self._case.lane.rolling.first)

    def model(self, count: int | None) -> Model:
        """The best for ``count`` posts; without it, as many posts as fit."""
        limits = self._limits()
        of_kind = np.argsort(self._kind, kind="stable")
        begin, columns = stretches(np.concatenate((limits.first, [0])), np.concatenate((limits.behind, [self.columns])))
        sizes = np.array([len(members) for members in self._members], np.int64)
        lengths = np.bincount(self._kind, minlength=len(sizes))
        least = np.full(len(limits.most) + 1 + len(sizes), -np.inf)
        most = np.concatenate((limits.most, [self.posts], sizes)).astype(np.float64)
        if count is not None:
            least[len(limits.most)] = most[len(limits.most)] = count
        return Model(
            cost=self._cost() if count is not None else np.ones(self.columns, np.int64),
            begin=np.concatenate((begin, begin[-1] + np.cumsum(lengths))),
            columns=np.concatenate((columns, of_kind)),
            least=least,
            most=most,
        )

    def slots(self, x: npt.NDArray[np.float64]) -> Ints:
        """For each post its slot: of its piece the best that the gap leaves, or else NOWHERE; members of a kind in
        campaign order."""
        lane = self._case.lane
        slots = np.full(len(self._case.posts), NOWHERE, np.int64)
        waiting = [iter(members.tolist()) for members in self._members]
        open_from = 0
        for column in np.flatnonzero(x > 1 / 2).tolist():
            first, until = max(open_from, int(self._from[column])), int(self._until[column])
            if first < until:
                slot = first + int(np.argmax(lane.value[first:until]))
                slots[next(waiting[int(self._kind[column])])] = slot
                open_from = int(np.searchsorted(lane.at, int(lane.at[slot]) + lane.gap, "left"))
        return slots

    def _cost(self) -> Ints:
        """The best value of what a kind may take of a piece, times its weight."""
        lane = self._case.lane
        value = np.maximum.reduceat(lane.value, self._first)[self._piece]
        cut = np.flatnonzero(self._until - self._from < (self._behind - self._first)[self._piece])
        value[cut] = [int(lane.value[self._from[each] : self._until[each]].max()) for each in cut.tolist()]
        return value * self._kinds[self._kind, 0]

    def _limits(self) -> Limits:
        """The lane's, over columns: of each the pieces that lie within it as a whole; and one post in each piece."""
        lane = self._case.lane
        limits = joined((lane.gaps, lane.days, lane.rolling))
        alone = np.arange(len(self._first))
        first = np.concatenate((np.searchsorted(self._first, limits.first, "left"), alone))
        behind = np.concatenate((np.searchsorted(self._behind, limits.behind, "right"), alone + 1))
        most = np.concatenate((limits.most, np.ones(len(alone), np.int64)))
        column = np.searchsorted(self._piece, np.arange(len(self._first) + 1), "left")
        over_columns = Limits(column[np.minimum(first, behind)], column[behind], most)
        over_columns = over_columns.where(over_columns.behind - over_columns.first > over_columns.most)
        rows = np.unique(np.stack((over_columns.first, -over_columns.behind, over_columns.most)), axis=1)
        return Limits(rows[0], -rows[1], rows[2])


def _kinds(case: Case) -> tuple[Ints, Ints]:
    """Weight, first slot and slot behind of each kind of posts that may go anywhere, and of which kind each post is."""
    posts = case.posts
    rows = np.stack((posts.weight, posts.first, posts.behind), axis=1)
    kinds, kind_of = np.unique(rows, axis=0, return_inverse=True)
    has_slots = kinds[:, 1] < kinds[:, 2]
    new = np.where(has_slots, np.cumsum(has_slots) - 1, NOWHERE)
    return kinds[has_slots], new[kind_of]
