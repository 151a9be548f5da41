"""A caller's share of the solver: bursts of one keep nobody else waiting."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.schedulers import SOLVED, SchedulerKind

MOST_AT_ONCE = 4
"""Fewer than the solver takes at one time, on however few cores."""


@dataclass(frozen=True, slots=True)
class SolverShare:
    """Of one caller; how many plans each has ``under_way`` in this process is known to all shares."""

    caller: str = ""
    under_way: Counter[str] = field(default_factory=Counter[str])

    def acting(self, caller: str) -> "SolverShare":
        return replace(self, caller=caller)

    @contextmanager
    def taken(self, kind: SchedulerKind) -> Generator[None]:
        """While a plan is made by a scheduler that asks the solver. Raises SchedulerUnavailable where MOST_AT_ONCE of
        the caller's are under way."""
        if kind not in SOLVED:
            yield
            return
        if self.under_way[self.caller] >= MOST_AT_ONCE:
            raise SchedulerUnavailable(
                f"{MOST_AT_ONCE} plans of yours are being made already; send the same request again when one is there"
            )
        self.under_way[self.caller] += 1
        try:
            yield
        finally:
            self.under_way[self.caller] -= 1
            if not self.under_way[self.caller]:
                del self.under_way[self.caller]
