"""The queue in memory, over the rows of the storage in memory and its clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import Attempt, AttemptRecord, Claim, Settlement
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Send, Settled
from tests.fakes.rows import Row, Rows, changed, kind_of
from tests.fakes.storage import InMemoryStorage

_LONGEST_TEXT = 1000


class InMemoryDispatchQueue:
    def __init__(self, storage: InMemoryStorage, reach: Reach = EVERYWHERE) -> None:
        self._storage = storage
        self._reach = reach

    def within(self, reach: Reach) -> "InMemoryDispatchQueue":
        return InMemoryDispatchQueue(self._storage, reach)

    async def claim(self, room: Mapping[Platform, int], *, owner: UUID, lease: timedelta) -> Sequence[Claim]:
        now = self._storage.clock.now()
        claimed: list[Row] = []
        with self._storage.changing() as rows:
            for platform, most in room.items():
                there = (row for row in _due(rows, now) if row[2].schedule.platform is platform)
                due = sorted((row for row in there if self._reach.covers(row[2].schedule.brand_id)), key=_order)
                claimed += [row for *_, row in due[:most]]
            for row in claimed:
                rows.schedules[row.schedule_id] = replace(
                    row, due_at=None, token=row.token + 1, owner=owner, lease_expires_at=now + lease
                )
        return [_claim(row) for row in claimed]

    async def begin_send(self, sends: Sequence[Send], *, owner: UUID, least_lease: timedelta) -> Sequence[Attempt]:
        now = self._storage.clock.now()
        begun: list[Attempt] = []
        with self._storage.changing() as rows:
            for send in sends:
                row = rows.schedules.get(send.claim.schedule_id)
                if row is None or not _may_begin(row, send, owner=owner, now=now, least_lease=least_lease):
                    continue
                rows.schedules[row.schedule_id] = replace(
                    row,
                    schedule=replace(row.schedule, status=ScheduleStatus.PUBLISHING),
                    begun_at=now,
                    resend_until=_resend_until(row, send.resend_window, now),
                )
                begun.append(_attempt(rows, row, send.claim, now))
        return begun

    async def settle(self, settlements: Sequence[Settlement], *, owner: UUID) -> Mapping[UUID, Settled]:
        with self._storage.changing() as rows:
            return {each.schedule_id: self._settle(rows, _storable(each), owner) for each in settlements}

    async def extend(self, claims: Mapping[UUID, int], *, owner: UUID, lease: timedelta) -> Collection[UUID]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            held = [
                row
                for row in rows.schedules.values()
                if row.lease_expires_at is not None and (claims.get(row.schedule_id), owner) == (row.token, row.owner)
            ]
            for row in held:
                rows.schedules[row.schedule_id] = replace(row, lease_expires_at=now + lease)
        return {row.schedule_id for row in held}

    async def next_due_in(self, platforms: Collection[Platform]) -> timedelta | None:
        with self._storage.changing() as rows:
            waiting = [row for row in rows.schedules.values() if row.schedule.platform in platforms]
            due_at = min((row.due_at for row in waiting if row.due_at is not None), default=None)
        return None if due_at is None else due_at - self._storage.clock.now()

    def _settle(self, rows: Rows, verdict: Settlement, owner: UUID) -> Settled:
        now = self._storage.clock.now()
        row = rows.schedules.get(verdict.schedule_id)
        if row is None:
            return Settled(Recorded.STALE, None)
        if (row.token, row.owner) == (verdict.token, owner) and row.schedule.is_active:
            return _counted(rows, row, verdict, now)
        recorded = rows.attempts.get((row.schedule_id, verdict.token))
        is_settled = row.token == verdict.token and row.owner is None
        if recorded is not None and recorded.verdict is verdict.verdict:
            return Settled(Recorded.REPEATED, row.status)
        if verdict.verdict is VerdictKind.ACCEPTED and row.is_open and (row.token > verdict.token or is_settled):
            return _accepted_late(rows, row, verdict, now)
        if is_settled:
            return Settled(Recorded.REPEATED, row.status)
        if verdict.verdict is not VerdictKind.UNSENT:
            _tell_stale(rows, row, verdict, now)
        return Settled(Recorded.STALE, row.status)


def _due(rows: Rows, now: datetime) -> Sequence[tuple[datetime, UUID, Row]]:
    return [
        (row.due_at, row.schedule_id, row)
        for row in rows.schedules.values()
        if row.due_at is not None and row.due_at <= now and not row.is_too_late(now)
    ]


def _order(due: tuple[datetime, UUID, Row]) -> tuple[datetime, UUID]:
    return due[:2]


def _claim(row: Row) -> Claim:
    return Claim(
        schedule_id=row.schedule_id,
        brand_id=row.schedule.brand_id,
        platform=row.schedule.platform,
        token=row.token + 1,
        retry_count=row.schedule.retry_count,
    )


def _may_begin(row: Row, send: Send, *, owner: UUID, now: datetime, least_lease: timedelta) -> bool:
    is_ours = row.is_claimed and (row.token, row.owner) == (send.claim.token, owner)
    has_time = row.lease_expires_at is not None and row.lease_expires_at >= now + least_lease
    is_the_time = row.schedule.publish_time <= now and not row.is_too_late(now)
    is_harmless = not row.schedule.is_doubtful or (
        send.resend_window is not None and row.resend_until is not None and row.resend_until >= now + least_lease
    )
    return is_ours and has_time and is_the_time and is_harmless


def _resend_until(row: Row, window: timedelta | None, now: datetime) -> datetime | None:
    """A repeat does not prolong the window of the send that it repeats."""
    if window is None:
        return None
    if row.schedule.is_doubtful and row.resend_until is not None:
        return min(row.resend_until, now + window)
    return now + window


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


def _counted(rows: Rows, row: Row, verdict: Settlement, now: datetime) -> Settled:
    """A verdict on the schedule's latest claim: the one that was waited for, or one after the lease ran out."""
    is_unsent, is_unknown = verdict.verdict is VerdictKind.UNSENT, verdict.verdict is VerdictKind.UNKNOWN
    status = _status_after(row, verdict, now)
    is_repeated = status is ScheduleStatus.PENDING and not is_unsent
    # one that the lease let go already has counted this send as a retry
    retries = row.schedule.retry_count + (is_repeated and (row.is_claimed or row.status is not ScheduleStatus.PENDING))
    is_accepted = status is ScheduleStatus.COMPLETED
    schedule = replace(
        changed(row.schedule, now=now, status=status),
        retry_count=retries,
        version=row.schedule.version + (not is_unsent),
        is_doubtful=is_unknown or (row.schedule.is_doubtful and not is_accepted),
        error=None if is_accepted else _newer(verdict.reason, row.schedule.error),
        external_id=_newer(verdict.external_id, row.schedule.external_id),
    )
    settled = replace(
        row, schedule=schedule, owner=None, lease_expires_at=None, begun_at=None, last_send_at=_sent_at(row)
    )
    settled = replace(settled, due_at=settled.waiting_until(now + verdict.delay))
    was_unconfirmed = row.status is ScheduleStatus.UNCONFIRMED
    if status is not ScheduleStatus.PENDING:
        kind = kind_of(status)
    else:
        kind = EventKind.RETRYING if is_repeated or was_unconfirmed else None
    rows.put(settled, kind, now=now)
    if not is_unsent or (was_unconfirmed and (row.schedule_id, verdict.token) in rows.attempts):
        _remember(rows, settled, verdict, now)
    return Settled(Recorded.SETTLED, status)


def _status_after(row: Row, verdict: Settlement, now: datetime) -> ScheduleStatus:
    if verdict.verdict is VerdictKind.ACCEPTED:
        return ScheduleStatus.COMPLETED
    has_retry = row.schedule.retry_count < row.max_retries or _expired_into_pending(row)
    is_retried = verdict.verdict in (VerdictKind.DEFERRED, VerdictKind.UNKNOWN) and has_retry
    may_be_out = verdict.verdict is VerdictKind.UNKNOWN or row.schedule.is_doubtful
    is_harmless = not may_be_out or (row.resend_until is not None and row.resend_until > now + verdict.delay)
    if (is_retried or verdict.verdict is VerdictKind.UNSENT) and is_harmless:
        return ScheduleStatus.PENDING
    return ScheduleStatus.UNCONFIRMED if may_be_out else ScheduleStatus.FAILED


def _expired_into_pending(row: Row) -> bool:
    return row.status is ScheduleStatus.PENDING and not row.is_claimed


def _sent_at(row: Row) -> datetime | None:
    return row.begun_at or row.last_send_at


def _remember(rows: Rows, row: Row, verdict: Settlement, now: datetime) -> None:
    rows.attempts[row.schedule_id, verdict.token] = AttemptRecord(
        token=verdict.token,
        started_at=row.last_send_at or now,
        finished_at=now,
        verdict=verdict.verdict,
        reason=verdict.reason,
        external_id=verdict.external_id,
    )


def _correct(rows: Rows, verdict: Settlement, now: datetime) -> None:
    """Let an attempt that is remembered already have this verdict."""
    key = verdict.schedule_id, verdict.token
    if key in rows.attempts:
        rows.attempts[key] = replace(
            rows.attempts[key],
            finished_at=now,
            verdict=verdict.verdict,
            reason=verdict.reason,
            external_id=verdict.external_id,
        )


def _accepted_late(rows: Rows, row: Row, verdict: Settlement, now: datetime) -> Settled:
    schedule = replace(
        changed(row.schedule, now=now, status=ScheduleStatus.COMPLETED),
        is_doubtful=False,
        error=None,
        external_id=_newer(verdict.external_id, row.schedule.external_id),
    )
    closed = replace(row, schedule=schedule, due_at=None, owner=None, lease_expires_at=None, token=row.token + 1)
    rows.put(closed, EventKind.COMPLETED, now=now)
    _correct(rows, replace(verdict, reason=None), now)
    return Settled(Recorded.SETTLED, ScheduleStatus.COMPLETED)


def _tell_stale(rows: Rows, row: Row, verdict: Settlement, now: datetime) -> None:
    said = f"{verdict.verdict} came too late" + ("" if verdict.reason is None else f": {verdict.reason}")
    told = replace(row.schedule, external_id=verdict.external_id, error=said)
    rows.tell(told, EventKind.STALE_VERDICT, now=now)
    _correct(rows, verdict, now)


def _newer(said: str | None, known: str | None) -> str | None:
    return known if said is None else said


def _storable(verdict: Settlement) -> Settlement:
    def text(given: str | None) -> str | None:
        return given and given[:_LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\0", "\ufffd")

    return replace(verdict, reason=text(verdict.reason), external_id=text(verdict.external_id))
