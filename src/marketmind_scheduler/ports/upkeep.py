"""What keeps the queue and the event log in order, whoever of any number of processes does it."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform


class Upkeep(Protocol):
    """Each method is one transaction of its own, judged by the storage's clock, and raises StorageUnavailable."""

    def acting(self, actor: str) -> "Upkeep":
        """The same, whose events are told as ``actor``'s."""
        ...

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int | None:
        """Give what is due soon its place on each lane that is behind, as ``domain.lanes`` says: where something has
        waited for longer than ``age``, its posts go out in the order of their publish times, a pace apart, behind what
        was sent last. Returns how many have to wait longer than they did; None while another process does this. May
        take minutes for millions."""
        ...

    async def lanes_due(self, platforms: Collection[Platform], *, since: timedelta, limit: int) -> Collection[Lane]:
        """The lanes of these platforms with something that waits though its publish time has been over for ``since``,
        among the ``limit`` of each platform that are due first."""
        ...

    async def lanes_held(self, platforms: Collection[Platform]) -> Collection[Lane]:
        """The lanes of these platforms with something held for having no receiver."""
        ...

    async def hold(self, lanes: Mapping[Lane, str], *, since: timedelta, limit: int) -> int:
        """Hold up to ``limit`` of each lane that wait though their publish time has been over for ``since``, for having
        no receiver: ``lifecycle.held``. What is given for the lane is shown as the error. Returns how many."""
        ...

    async def release(
        self, lanes: Collection[Lane], *, age: timedelta, paces: Mapping[Platform, timedelta], limit: int
    ) -> int:
        """Release up to ``limit`` of each lane that are held for having no receiver, the earliest first:
        ``lifecycle.released``. They take turns as in ``catch_up``. Returns how many."""
        ...

    async def forget_expired(self, *, limit: int) -> int:
        """Forget up to ``limit`` of each: answers kept under an Idempotency-Key that have expired, allowances that are
        whole again, slots that were held until now, API keys that expired or were revoked long ago, but never the
        youngest key; plans that ended long ago, or were made, and held, as long ago and never ended, but no committed
        one of which a schedule is active or the campaign UNDER_WAY; and where they are not kept for ever, the first
        events, as far as no younger one stands before them, and schedules that ended so long ago, and should have gone
        out as long ago, with their attempts. What ``Forgotten`` tells stays. Schedules of a campaign that is UNDER_WAY
        stay as well, and go at the latest as long after that is over. Returns how many were looked at of the kind with
        most."""
        ...

    async def sequence_events(self, *, limit: int) -> int:
        """Let up to ``limit`` more written events be read, in the order of their positions, once none comes any more
        before the last of them, and let the statuses of their campaigns follow. Where the storage has gone back since
        the last ones, another history begins first. Returns how many; 0 while another process does this, and where
        somebody who may write one before them takes longer than a moment."""
        ...
