"""Where the next look for what is due begins: behind what has been found already."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic as usual_monotonic
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.dispatch_queue import Wanted

_FROM_THE_START_SECONDS = 10.0
EVER = timedelta(days=100_000)
_WRITTEN_WITHIN = timedelta(seconds=5)
"""Longer than a statement that makes something due takes to commit."""
_ANSWERED_WITHIN = timedelta(seconds=1)

_Lane = tuple[Platform, UUID | None, frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class _Look:
    """Before the moment that lies ``ago`` before ``at`` there was nothing left."""

    at: float
    ago: timedelta


@dataclass(frozen=True, slots=True)
class Looks:
    """Else each look would walk through the dead versions of all that was sent before, for as long as somebody holds an
    old snapshot, and through all that waits for a receiver with a route of its own.

    What others have in their hands, or write late, may lie before; so every ten seconds a look begins at the start.
    Times are readings of the monotonic clock, and moments are told as how long ago they are: whose clock it is by does
    not matter then.
    """

    monotonic: Callable[[], float] = usual_monotonic
    _latest: dict[_Lane, _Look] = field(default_factory=dict[_Lane, _Look])
    _from_the_start: dict[_Lane, float] = field(default_factory=dict[_Lane, float])

    def how_long_ago(self, wanted: Sequence[Wanted]) -> Sequence[timedelta]:
        """For each, how long ago what is to be found may have become due."""
        now = self.monotonic()
        return [self._ago(_lane(each), now) for each in wanted]

    def found(
        self, wanted: Sequence[Wanted], due_for: Mapping[int, Sequence[timedelta]], *, most: int | None, asked_at: float
    ) -> None:
        """What was wanted was asked for, and of each, by its place from 1 on, these were found, which had been due for
        so long."""
        is_cut = most is not None and sum(map(len, due_for.values())) >= most
        for nth, each in enumerate(wanted, start=1):
            those = due_for.get(nth, ())
            if len(those) >= each.room:
                self._latest[_lane(each)] = _Look(asked_at, min(those) + _ANSWERED_WITHIN)
            elif not is_cut:
                self._latest[_lane(each)] = _Look(asked_at, _WRITTEN_WITHIN)

    def _ago(self, lane: _Lane, now: float) -> timedelta:
        started = self._from_the_start.get(lane)
        if started is None or now - started >= _FROM_THE_START_SECONDS or lane not in self._latest:
            self._from_the_start[lane] = now
            return EVER
        latest = self._latest[lane]
        return timedelta(seconds=now - latest.at) + latest.ago


def _lane(wanted: Wanted) -> _Lane:
    return wanted.platform, wanted.brand_id, wanted.others
