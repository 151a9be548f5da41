"""The queue in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, Claim, Settlement
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.lifecycle import begun, drops_repeats_until, may_be_claimed, may_begin
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Send
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
        self, room: Mapping[Platform, int], *, most: int | None = None, owner: UUID, lease: timedelta
    ) -> Sequence[Claim]:
        now = self._storage.clock.now()
        fitting: list[tuple[datetime, UUID, Row]] = []
        with self._storage.changing() as rows:
            for platform, free in room.items():
                there = (row for row in _due(rows, now) if row[2].schedule.platform is platform)
                due = sorted((row for row in there if self._reach.covers(row[2].schedule.brand_id)), key=_order)
                fitting += due[:free]
            claimed = [row for *_, row in sorted(fitting, key=_order)[:most]]
            for row in claimed:
                rows.schedules[row.schedule_id] = replace(
                    row,
                    due_at=None,
                    token=row.token + 1,
                    owner=owner,
                    given_to=owner,
                    lease_expires_at=now + lease,
                    leased_for=lease,
                )
        return [_claim(row) for row in claimed]

    async def begin_send(self, sends: Sequence[Send], *, owner: UUID, least_lease: timedelta) -> Sequence[Attempt]:
        now = self._storage.clock.now()
        attempts: list[Attempt] = []
        with self._storage.changing() as rows:
            for send in sends:
                row = rows.schedules.get(send.claim.schedule_id)
                if row is None or not _may_begin(row, send, owner=owner, now=now, least_lease=least_lease):
                    continue
                rows.schedules[row.schedule_id] = replace(
                    row,
                    schedule=replace(row.schedule, status=begun(row.standing).status),
                    begun_at=now,
                    sent=_content(rows, row),
                    resend_until=drops_repeats_until(
                        row.standing, so_far=row.resend_until, window=send.resend_window, now=now
                    ),
                )
                attempts.append(_attempt(rows, row, send.claim, now))
        return attempts

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, ScheduleStatus]:
        with self._storage.changing(self._actor) as rows:
            known = ((each, rows.schedules.get(each.schedule_id)) for each in settlements)
            in_time = [(each, row) for each, row in known if row is not None and _is_open(row, each.token, owner)]
            return {each.schedule_id: self._settle(rows, row, each) for each, row in in_time}

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            held = [
                row
                for row in rows.schedules.values()
                if row.lease_expires_at is not None and (claims.get(row.schedule_id), owner) == (row.token, row.owner)
            ]
            for row in held:
                rows.schedules[row.schedule_id] = replace(row, lease_expires_at=now + lease, leased_for=lease)
        return {row.schedule_id for row in held}

    async def now(self) -> datetime:
        return self._storage.clock.now()

    async def next_due_in(self, platforms: Collection[Platform]) -> timedelta | None:
        with self._storage.changing() as rows:
            waiting = [row for row in rows.schedules.values() if row.schedule.platform in platforms]
            due_at = min((row.due_at for row in waiting if row.due_at is not None), default=None)
        return None if due_at is None else due_at - self._storage.clock.now()

    def _settle(self, rows: Rows, row: Row, settled: Settlement) -> ScheduleStatus:
        now = self._storage.clock.now()
        is_unsent, is_accepted = settled.verdict is VerdictKind.UNSENT, settled.verdict is VerdictKind.ACCEPTED
        step = settled.step.where_repeats_are(dropped=row.drops_repeats(until=now + settled.delay))
        tried = Tried(
            token=settled.token,
            owner=row.owner,
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
    return row.lease_expires_at is not None and (row.token, row.owner) == (token, owner)


def _due(rows: Rows, now: datetime) -> Sequence[tuple[datetime, UUID, Row]]:
    return [
        (row.due_at, row.schedule_id, row)
        for row in rows.schedules.values()
        if row.due_at is not None
        and may_be_claimed(row.standing, is_due=row.due_at <= now, is_too_late=row.is_too_late(now))
    ]


def _order(due: tuple[datetime, UUID, Row]) -> tuple[datetime, UUID]:
    return due[:2]


def _claim(row: Row) -> Claim:
    return Claim(
        schedule_id=row.schedule_id,
        brand_id=row.schedule.brand_id,
        platform=row.schedule.platform,
        token=row.token + 1,
        publish_time=row.schedule.publish_time,
        latest_at=row.schedule.latest_at,
        standing=Standing(
            retry_count=row.schedule.retry_count,
            max_retries=row.schedule.max_retries,
            is_doubtful=row.schedule.is_doubtful,
            on_late=row.schedule.on_late,
        ),
    )


def _may_begin(row: Row, send: Send, *, owner: UUID, now: datetime, least_lease: timedelta) -> bool:
    is_ours = row.is_claimed and (row.token, row.owner) == (send.claim.token, owner)
    has_time = row.lease_expires_at is not None and row.lease_expires_at >= now + least_lease
    is_dropped = row.resend_until is not None and row.resend_until >= now + least_lease
    return (
        is_ours
        and has_time
        and may_begin(
            row.standing,
            is_due=row.schedule.publish_time <= now,
            is_too_late=row.is_too_late(now),
            drops_repeats=send.resend_window is not None and is_dropped,
        )
    )


def _content(rows: Rows, row: Row) -> tuple[str, str]:
    post = rows.posts[row.schedule.post_id]
    return post.title, post.s3_url


def _attempt(rows: Rows, row: Row, claim: Claim, now: datetime) -> Attempt:
    post = rows.posts[row.schedule.post_id]
    return Attempt(
        claim=claim,
        post_id=post.post_id,
        campaign_id=post.campaign_id,
        title=post.title,
        s3_url=post.s3_url,
        publish_time=row.schedule.publish_time,
        late_by=now - row.schedule.publish_time,
    )
