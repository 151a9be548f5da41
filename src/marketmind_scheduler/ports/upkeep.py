"""What keeps the queue and the event log in order, whoever of any number of processes does it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.post import Platform


class Upkeep(Protocol):
    """Each method is one transaction of its own, judged by the storage's clock, and raises StorageUnavailable."""

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        """Give what is due soon its place on each lane that is behind, as ``domain.lanes`` says: where something has
        waited for longer than ``age``, its posts go out in the order of their publish times, a pace apart, behind what
        was sent last. Returns how many have to wait longer than they did; 0 while another process does this. May take
        minutes for millions."""
        ...

    async def forget_expired(self, *, limit: int) -> int:
        """Forget up to ``limit`` of each: answers kept under an Idempotency-Key that have expired, allowances that are
        whole again, and API keys that expired or were revoked long ago, but never the youngest key.
        Returns how many went of the kind with most."""
        ...

    async def sequence_events(self, *, limit: int) -> int:
        """Give up to ``limit`` written events their final position, in an order that keeps each schedule's own, and
        let the statuses of their campaigns follow. Returns how many; 0 while another process does this."""
        ...
