"""Between which instants a scheduler is to place a post by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind

UNLESS_SAID = timedelta(days=14)
"""How long a window is whose end nobody names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Both ends are part of it; where ``first`` is None it begins now."""

    first: datetime | None
    last: datetime

    def begin(self, now: datetime) -> datetime:
        return max(now, self.first or now)

    def is_met_by(self, standing: Schedule, scheduler: SchedulerKind) -> bool:
        """Whether it stands already as is wished: where this scheduler placed it, and within the window."""
        is_inside = (self.first is None or self.first <= standing.publish_time) and standing.publish_time <= self.last
        return standing.scheduler is scheduler and is_inside


def window_of(first: datetime | None, last: datetime | None, *, now: datetime) -> Window:
    """A window of these ends. Without an end it is UNLESS_SAID long, from now on or from where it begins later."""
    return Window(first=first, last=last or max(now, first or now) + UNLESS_SAID)
