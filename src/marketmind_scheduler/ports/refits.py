"""Profiles fitted anew, by whoever of any number of processes does it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.lanes import Lane


class Refits(Protocol):
    """Each method is one transaction of its own, judged by the storage's clock, and raises StorageUnavailable. Of one
    lane there is one refit at a time."""

    async def begin_due(self, *, limit: int, lease: timedelta) -> Sequence[Refit]:
        """Begin up to ``limit`` refits that are due and that nobody else has begun, the longest due first. Each is due
        again when its lease runs out, unless it is finished."""
        ...

    async def begin(self, lane: Lane, *, lease: timedelta) -> Refit | None:
        """Begin the refit of a lane whether it is due or not; None while somebody else is at it."""
        ...

    async def history(self, refit: Refit, *, most: int) -> LaneHistory:
        """What may be learned of the lane, from its latest ``most`` observations."""
        ...

    async def finish(self, refit: Refit, profile: Profile) -> None:
        """Keep the profile where it differs from the newest, and let the lane be due at ``next_at``, or soon where
        something was observed meanwhile. Nothing is kept once the lease has run out and somebody else has begun."""
        ...
