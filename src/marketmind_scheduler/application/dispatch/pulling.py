"""Pull mode: another service takes what is due, publishes it by itself, and says what became of it."""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from marketmind_scheduler.application.dispatch.dead_ends import release_to_puller
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.domain.access import ANYBODY, EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement, conclude
from marketmind_scheduler.domain.errors import DuplicateClaim
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import (
    Accepted,
    Deferred,
    Recorded,
    Refused,
    Unknown,
    Unsent,
    Verdict,
    VerdictKind,
)
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Settled, Wanted
from marketmind_scheduler.ports.storage import Storage

_PULLERS = UUID("70756c6c-0000-4000-8000-000000000000")
_NO_SUCH_SCHEDULE = Settled(Recorded.STALE, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a puller says of a claim. ``reason`` is theirs, else that they gave none."""

    schedule_id: UUID
    token: int
    verdict: VerdictKind
    reason: str | None
    external_id: str | None
    retry_after: timedelta | None

    def given(self) -> Verdict:
        reason = self.reason or f"{self.verdict} by whoever took it, without a reason"
        match self.verdict:
            case VerdictKind.ACCEPTED:
                return Accepted(self.external_id, remark=self.reason)
            case VerdictKind.DEFERRED:
                return Deferred(reason, self.retry_after)
            case VerdictKind.REFUSED:
                return Refused(reason)
            case VerdictKind.UNSENT:
                return Unsent(reason, self.retry_after)
            case _:
                return Unknown(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulling:
    storage: Storage
    queue: DispatchQueue
    upkeeping: Upkeeping
    retries: RetryPolicy
    reach: Reach = EVERYWHERE
    puller: str = ANYBODY.name

    @property
    def owner(self) -> UUID:
        """The puller, whichever process and whichever of its keys: what it was given nobody else settles."""
        return uuid5(_PULLERS, self.puller)

    async def claim(self, platforms: Collection[Platform], *, limit: int, lease: timedelta) -> Sequence[Attempt]:
        """Up to ``limit`` due schedules for the caller to publish, each once, within ``lease``.

        Their sends count as begun, so none of them can be cancelled or moved any more; one that is not settled in time
        is UNCONFIRMED."""
        await release_to_puller(self.upkeeping.upkeep, platforms, self.reach)
        await self.upkeeping.catch_up()
        wanted = [Wanted(platform=platform, room=limit) for platform in platforms]
        attempts = await self.upkeeping.lost_claims.claim(self.queue, wanted, most=limit, owner=self.owner, lease=lease)
        return sorted(attempts, key=lambda attempt: attempt.publish_time)

    async def settle(self, told: Sequence[Told]) -> Mapping[UUID, Settled]:
        """Record what became of claims; safe to repeat. See ``DispatchQueue.settle`` for late ones. Raises
        DuplicateClaim."""
        _check_distinct(told)
        known = await self._known({each.schedule_id for each in told})
        verdicts, now = Verdicts(queue=self.queue, storage=self.storage, owner=self.owner), await self.queue.now()
        settled = await verdicts.record(
            [self._settlement(each, known[each.schedule_id], now) for each in told if each.schedule_id in known]
        )
        return {each.schedule_id: settled.get(each.schedule_id, _NO_SUCH_SCHEDULE) for each in told}

    async def extend(self, claims: Mapping[UUID, int], *, lease: timedelta) -> Collection[UUID]:
        """Let these claims, each schedule with its token, last ``lease`` from now; return those still held."""
        known = await self._known(claims.keys())
        held = {schedule_id: token for schedule_id, token in claims.items() if schedule_id in known}
        return await self.queue.extend(held, owner=self.owner, lease=lease)

    async def _known(self, schedule_ids: Collection[UUID]) -> Mapping[UUID, Schedule]:
        async with self.storage.reading() as repositories:
            return {each.schedule_id: each for each in await repositories.schedules.find_all(schedule_ids)}

    def _settlement(self, told: Told, schedule: Schedule, now: datetime) -> Settlement:
        """While the claim is open nothing else changes what its verdict depends on, so what was read still stands."""
        claim = Claim(
            schedule_id=told.schedule_id,
            brand_id=schedule.brand_id,
            platform=schedule.platform,
            token=told.token,
            publish_time=schedule.publish_time,
            latest_at=schedule.latest_at,
            standing=Standing.of(schedule),
        )
        return conclude(claim, told.given(), policy=self.retries, jitter=random.random(), now=now)  # noqa: S311


def _check_distinct(told: Sequence[Told]) -> None:
    for schedule_id, times in Counter(each.schedule_id for each in told).items():
        if times > 1:
            raise DuplicateClaim(schedule_id)
