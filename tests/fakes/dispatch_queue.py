"""The queue in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.lifecycle import claimed, drops_repeats_until, may_be_claimed
from marketmind_scheduler.domain.schedule import ACTIVE, Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Wanted
from marketmind_scheduler.ports.transitions import Change, Tried
from tests.fakes.rows import Row, Rows
from tests.fakes.storage import InMemoryStorage


class InMemoryDispatchQueue:
    def __init__(self, storage: InMemoryStorage, reach: Reach = EVERYWHERE, actor: str = SERVICE) -> None:
        self._storage = storage
        self._reach = reach
        self._actor = actor

    def within(self, reach: Reach) -> "InMemoryDispatchQueue":
        return InMemoryDispatchQueue(self._storage, reach, self._actor)

    def acting(self, actor: str) -> "InMemoryDispatchQueue":
        return InMemoryDispatchQueue(self._storage, self._reach, actor)

    async def claim(
        self,
        wanted: Sequence[Wanted],
        *,
        most: int | None = None,
        claim_id: UUID,
        owner: UUID,
        lease: timedelta,
    ) -> Sequence[Attempt]:
        now = self._storage.clock.now()
        fitting: dict[UUID, tuple[Row, Wanted]] = {}
        with self._storage.changing() as rows:
            for each in wanted:
                due = sorted((row for row in rows.schedules.values() if self._is_due(row, each, now)), key=_order)
                fitting |= {row.schedule_id: (row, each) for row in due[: each.room]}
            in_order = sorted(fitting.values(), key=lambda found: _order(found[0]))[:most]
            return [_claimed(rows, *found, claim_id, owner, lease, now) for found in in_order]

    async def give_back(self, claim_ids: Collection[UUID]) -> int:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            lost = [row for row in rows.schedules.values() if row.lease_expires_at and row.claim_id in claim_ids]
            for row in lost:
                back = replace(
                    row,
                    schedule=replace(row.schedule, status=ScheduleStatus.PENDING),
                    claim_id=None,
                    given_to=None,
                    lease_expires_at=None,
                    begun_at=None,
                )
                rows.schedules[row.schedule_id] = replace(back, due_at=back.waiting_until(now))
        return len(lost)

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        with self._storage.changing(self._actor) as rows:
            known = ((each, rows.schedules.get(each.schedule_id)) for each in settlements)
            in_time = [(each, row) for each, row in known if row is not None and _is_open(row, each.token, owner)]
            return {each.schedule_id: self._settle(rows, row, each) for each, row in in_time}

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            leased = (row for row in rows.schedules.values() if row.lease_expires_at is not None)
            held = [row for row in leased if (claims.get(row.schedule_id), owner) == (row.token, row.given_to)]
            for row in held:
                rows.schedules[row.schedule_id] = replace(row, lease_expires_at=now + lease, leased_for=lease)
        return {row.schedule_id for row in held}

    async def now(self) -> datetime:
        return self._storage.clock.now()

    async def next_due_in(self, wanted: Sequence[Wanted]) -> timedelta | None:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            of_each = [
                row.due_at
                for row in rows.schedules.values()
                for each in wanted
                if row.due_at is not None and self._is_due(row, each, max(now, row.due_at))
            ]
        return min(of_each) - now if of_each else None

    def _is_due(self, row: Row, wanted: Wanted, now: datetime) -> bool:
        schedule = row.schedule
        is_meant = schedule.brand_id == wanted.brand_id if wanted.brand_id else schedule.brand_id not in wanted.others
        return (
            row.due_at is not None
            and schedule.platform is wanted.platform
            and is_meant
            and self._reach.covers(schedule.brand_id)
            and may_be_claimed(
                row.standing,
                is_due=row.due_at <= now,
                is_too_late=row.is_too_late(now),
                drops_repeats=wanted.resend_window is not None
                and row.resend_until is not None
                and row.resend_until >= now + wanted.least_lease,
            )
        )

    def _settle(self, rows: Rows, row: Row, settled: Settlement) -> ScheduleStatus:
        now = self._storage.clock.now()
        is_unsent, is_accepted = settled.verdict is VerdictKind.UNSENT, settled.verdict is VerdictKind.ACCEPTED
        step = settled.step.where_repeats_are(dropped=row.drops_repeats(until=now + settled.delay))
        tried = Tried(
            token=settled.token,
            owner=row.given_to,
            verdict=settled.verdict,
            reason=settled.reason,
            external_id=settled.external_id,
        )
        change = Change(
            schedule_id=settled.schedule_id,
            step=replace(step, to=_known_after(row, step.to)),
            wait=settled.delay,
            error=None if is_accepted else settled.reason,
            external_id=settled.external_id,
            tried=None if is_unsent else tried,
        )
        return rows.record(change, at=now, now=now).status


def _known_after(row: Row, to: Standing) -> Standing:
    """What a verdict decides; the rest is as it stands now, for it may have been paused while it was sent."""
    holds = row.schedule.holds | (to.holds & {Hold.LATE}) if to.status in ACTIVE else to.holds
    return replace(row.standing, status=to.status, retry_count=to.retry_count, is_doubtful=to.is_doubtful, holds=holds)


def _is_open(row: Row, token: int, owner: UUID) -> bool:
    return row.lease_expires_at is not None and (row.token, row.given_to) == (token, owner)


def _order(row: Row) -> tuple[datetime, UUID]:
    assert row.due_at is not None
    return row.due_at, row.schedule_id


def _claimed(
    rows: Rows, row: Row, wanted: Wanted, claim_id: UUID, owner: UUID, lease: timedelta, now: datetime
) -> Attempt:
    post, before = rows.posts[row.schedule.post_id], row.standing
    rows.schedules[row.schedule_id] = replace(
        row,
        schedule=replace(row.schedule, status=claimed(before).status),
        due_at=None,
        token=row.token + 1,
        claim_id=claim_id,
        given_to=owner,
        lease_expires_at=now + lease,
        leased_for=lease,
        begun_at=now,
        sent=(post.title, post.s3_url),
        resend_until=drops_repeats_until(before, so_far=row.resend_until, window=wanted.resend_window, now=now),
    )
    claim = Claim(
        schedule_id=row.schedule_id,
        brand_id=row.schedule.brand_id,
        platform=row.schedule.platform,
        token=row.token + 1,
        publish_time=row.schedule.publish_time,
        latest_at=row.schedule.latest_at,
        standing=Standing(
            status=ScheduleStatus.PUBLISHING,
            retry_count=row.schedule.retry_count,
            max_retries=row.schedule.max_retries,
            is_doubtful=row.schedule.is_doubtful,
            on_late=row.schedule.on_late,
        ),
    )
    return Attempt(
        claim=claim,
        post_id=post.post_id,
        campaign_id=post.campaign_id,
        title=post.title,
        s3_url=post.s3_url,
        publish_time=row.schedule.publish_time,
        late_by=now - row.schedule.publish_time,
    )
