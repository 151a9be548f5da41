"""To which history of the storage a reader's position belongs: what was told before it went back may not have been."""

from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.domain.errors import HistoryChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """``mark`` names the one that events are told of now; None: none has been told yet. ``shared_up_to`` is the last
    position that it has in common with the one a reader knows; None: that is the same, or the reader names none."""

    mark: UUID | None
    shared_up_to: int | None = None

    def check(self, after: int, *, latest: int) -> None:
        """Raise HistoryChanged where a reader has read up to a position that is not there, or is another event's."""
        there = latest if self.shared_up_to is None else min(latest, self.shared_up_to)
        if after > there:
            raise HistoryChanged(after, there=there, mark=self.mark)
