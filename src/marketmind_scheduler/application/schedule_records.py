"""What became of a schedule, and what a person says of one that nobody is sure of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.corrections import annotated, corrected, may_be_corrected
from marketmind_scheduler.domain.errors import AlreadyScheduled, ContradictoryConfirmation, Gone, NotUnconfirmed
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.lifecycle import (
    COMPLETED,
    confirmed,
    may_be_confirmed,
)
from marketmind_scheduler.domain.schedule import Confirmation, Schedule
from marketmind_scheduler.domain.standing import Standing, Step
from marketmind_scheduler.ports.storage import Repositories, Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import Change

_CORRECTED = "it was COMPLETED, and a person says that it is not out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """A schedule with every try to publish it; ``next_attempt_at`` is None where nothing is to be sent."""

    schedule: Schedule
    attempts: Sequence[AttemptRecord]
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecords:
    storage: Storage

    async def get(self, schedule_id: UUID) -> ScheduleRecord:
        """Raises UnknownSchedule."""
        async with self.storage.reading() as repositories:
            return await record_of(repositories, await repositories.schedules.get(schedule_id))

    async def confirm(
        self,
        schedule_id: UUID,
        *,
        published: bool,
        send_again: bool,
        external_id: str | None,
        note: str | None,
        expected: Expectation[ScheduleRecord] = ANYTHING,
    ) -> Schedule:
        """Say whether the post of an UNCONFIRMED schedule is out: COMPLETED if it is; if not FAILED, or with
        ``send_again`` PENDING and sent once more, however late. Of a COMPLETED or FAILED one, correct what was believed
        until now; saying what is known already changes nothing.

        Raises UnknownSchedule, Gone where a deleted post is to be sent again, PreconditionFailed, NotUnconfirmed,
        ContradictoryConfirmation, and AlreadyScheduled
        where a post is said to be out that is to be sent by another schedule.
        """
        if published and send_again:
            raise ContradictoryConfirmation(schedule_id, field="send_again", published=published)
        if external_id is not None and not published:
            raise ContradictoryConfirmation(schedule_id, field="external_id", published=published)
        confirmation = Confirmation.PUBLISHED if published else _not_out(send_again=send_again)
        async with self.storage.unit_of_work() as work:
            await _lock_post(work, (await work.schedules.get(schedule_id)).post_id, may_be_gone=not send_again)
            found = await work.bookings.lock(schedule_id)
            expected.check(await record_of(work, found))
            step = _step(
                found, confirmation, says_more=note is not None or external_id not in (None, found.external_id)
            )
            if step is None:
                return found
            if published and not found.is_active:
                await _check_none_is_active(work, found.post_id)
            change = Change(
                schedule_id=schedule_id,
                step=step,
                error=_CORRECTED if found.status is COMPLETED and not published else None,
                external_id=external_id,
                note=note,
            )
            [stored] = await work.transitions.record([change])
            if stored.is_active:
                await take_turns(work, [stored], now=stored.updated_at, age=timedelta())
            await work.commit()
        return stored


async def _lock_post(work: UnitOfWork, post_id: UUID, *, may_be_gone: bool) -> None:
    """What became of a post can be said when it is deleted, too."""
    try:
        await work.posts.lock(post_id)
    except Gone:
        if not may_be_gone:
            raise


def _step(found: Schedule, confirmation: Confirmation, *, says_more: bool) -> Step | None:
    """What follows; None: all of it is known. Raises NotUnconfirmed."""
    before = Standing.of(found)
    if may_be_confirmed(before):
        return confirmed(before, confirmation)
    if may_be_corrected(before, confirmation):
        return corrected(before, confirmation) or (annotated(before) if says_more else None)
    raise NotUnconfirmed(found.schedule_id, status=found.status)


async def _check_none_is_active(work: UnitOfWork, post_id: UUID) -> None:
    for each in await work.schedules.standing_of_post(post_id):
        if each.is_active:
            raise AlreadyScheduled(
                post_id, schedule_id=each.schedule_id, publish_time=each.publish_time, status=each.status
            )


async def record_of(repositories: Repositories, schedule: Schedule) -> ScheduleRecord:
    """The schedule with all that is known of its sends."""
    sends = (await repositories.schedules.sends_of([schedule.schedule_id]))[schedule.schedule_id]
    return ScheduleRecord(schedule=schedule, attempts=sends.attempts, next_attempt_at=sends.next_attempt_at)


def _not_out(*, send_again: bool) -> Confirmation:
    return Confirmation.SEND_AGAIN if send_again else Confirmation.FAILED
