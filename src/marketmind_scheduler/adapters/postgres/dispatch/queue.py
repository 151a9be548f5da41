"""The queue: due schedules claimed and settled, each by one statement over any number of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.dispatch.looks import EVER, Looks
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.texts import storable
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected, repeated
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Wanted

CLAIM = statement("claim")
GIVE_BACK = statement("give_back")
SETTLE = statement("settle")
SETTLE_ACCEPTED = statement("settle_accepted")
NEXT_DUE_IN = statement("next_due_in")
EXTEND = statement("extend_leases")
_PLATFORMS = {str(platform): platform for platform in Platform}


class PostgresDispatchQueue:
    def __init__(
        self, pool: Pool, reach: Reach = EVERYWHERE, actor: str = SERVICE, *, looks: Looks | None = None
    ) -> None:
        self._pool = pool
        self._reach = reach
        self._actor = actor
        self._looks = looks

    def within(self, reach: Reach) -> "PostgresDispatchQueue":
        return PostgresDispatchQueue(self._pool, reach, self._actor)

    def acting(self, actor: str) -> "PostgresDispatchQueue":
        return PostgresDispatchQueue(self._pool, self._reach, actor, looks=self._looks)

    async def claim(
        self,
        wanted: Sequence[Wanted],
        *,
        most: int | None = None,
        claim_id: UUID,
        owner: UUID,
        lease: timedelta,
    ) -> Sequence[Attempt]:
        asked = self._within_reach(wanted)
        asked_at = monotonic()
        lanes = self._lanes(asked)
        rows = await self._fetch(
            CLAIM,
            [each.platform for each in asked],
            [each.room for each in asked],
            *lanes,
            owner,
            claim_id,
            lease,
            most,
            self._brands,
        )
        if self._looks:
            self._looks.found(asked, _due_for(rows), most=most, asked_at=asked_at)
        return [_to_attempt(row) for row in rows]

    async def give_back(self, claim_ids: Collection[UUID]) -> int:
        return len(await self._fetch(GIVE_BACK, list(claim_ids)))

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        items = sorted(settlements, key=lambda each: each.schedule_id)
        are_out = all(each.verdict is VerdictKind.ACCEPTED for each in items)
        rows = await (self._settle_accepted(items, owner) if are_out else self._settle(items, owner))
        return {row["schedule_id"]: ScheduleStatus(row["status"]) for row in rows}

    async def _settle_accepted(self, items: Sequence[Settlement], owner: UUID) -> Sequence[Record]:
        return await self._fetch(
            SETTLE_ACCEPTED,
            [each.schedule_id for each in items],
            [each.token for each in items],
            [storable(each.reason) for each in items],
            [storable(each.external_id) for each in items],
            owner,
            storable(self._actor),
        )

    async def _settle(self, items: Sequence[Settlement], owner: UUID) -> Sequence[Record]:
        steps = [each.step for each in items]
        return await self._fetch(
            SETTLE,
            [each.schedule_id for each in items],
            [each.token for each in items],
            [step.to.status for step in steps],
            [step.event for step in steps],
            [step.to.retry_count for step in steps],
            [step.to.is_doubtful for step in steps],
            [step.otherwise is not None for step in steps],
            [each.delay for each in items],
            [each.verdict for each in items],
            [storable(each.reason) for each in items],
            [storable(each.external_id) for each in items],
            owner,
            storable(self._actor),
            [Hold.LATE in step.to.holds for step in steps],
            list(ACTIVE),
        )

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        rows = await self._fetch(EXTEND, list(claims.keys()), list(claims.values()), owner, lease)
        return {row["schedule_id"] for row in rows}

    async def now(self) -> datetime:
        [row] = await self._fetch("SELECT now()")
        return row[0]

    async def next_due_in(self, wanted: Sequence[Wanted]) -> timedelta | None:
        asked = self._within_reach(wanted)
        [row] = await self._fetch(NEXT_DUE_IN, [each.platform for each in asked], *self._lanes(asked), self._brands)
        return row[0]

    @property
    def _brands(self) -> Sequence[UUID] | None:
        return None if self._reach.brands is None else list(self._reach.brands)

    def _within_reach(self, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
        return [each for each in wanted if each.brand_id is None or self._reach.covers(each.brand_id)]

    def _lanes(self, wanted: Sequence[Wanted]) -> Sequence[Sequence[object]]:
        """What ``claim`` and ``next_due_in`` are told of each alike, and which brands each leaves out."""
        left_out = [(nth, brand_id) for nth, each in enumerate(wanted, start=1) for brand_id in each.others]
        return [
            [each.resend_window for each in wanted],
            [each.least_lease for each in wanted],
            self._looks.how_long_ago(wanted) if self._looks else [EVER] * len(wanted),
            [each.brand_id for each in wanted],
            [nth for nth, _ in left_out],
            [brand_id for _, brand_id in left_out],
        ]

    async def _fetch(self, statement: str, *parameters: object) -> Sequence[Record]:
        async def work() -> Sequence[Record]:
            async with connected(self._pool) as connection:
                return await connection.fetch(statement, *parameters)

        return await repeated(work)


@lru_cache(1024)  # there are few of them
def _standing(retry_count: int, max_retries: int, is_doubtful: bool, on_late: str) -> Standing:  # noqa: FBT001
    return Standing(
        status=ScheduleStatus.PUBLISHING,
        retry_count=retry_count,
        max_retries=max_retries,
        is_doubtful=is_doubtful,
        on_late=OnLate(on_late),
    )


def _due_for(rows: Sequence[Record]) -> Mapping[int, Sequence[timedelta]]:
    """Of each that was wanted, how long what was found had been due."""
    due_for: defaultdict[int, list[timedelta]] = defaultdict(list)
    for row in rows:
        due_for[row["nth"]].append(row["was_due_for"])
    return due_for


def _to_attempt(row: Record) -> Attempt:
    claim = Claim(
        schedule_id=row["schedule_id"],
        brand_id=row["brand_id"],
        platform=_PLATFORMS[row["platform"]],
        token=row["lease_token"],
        publish_time=row["publish_time"],
        latest_at=row["latest_at"],
        standing=_standing(row["retry_count"], row["max_retries"], row["is_doubtful"], row["on_late"]),
    )
    return Attempt(
        claim=claim,
        post_id=row["post_id"],
        campaign_id=row["campaign_id"],
        title=row["title"],
        s3_url=row["s3_url"],
        publish_time=row["publish_time"],
        late_by=row["late_by"],
    )
