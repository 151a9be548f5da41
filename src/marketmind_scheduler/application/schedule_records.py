"""What became of a schedule, and what a person says of one that nobody is sure of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.errors import ContradictoryConfirmation, NotUnconfirmed
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.lifecycle import confirmed, may_be_confirmed
from marketmind_scheduler.domain.schedule import Confirmation, Schedule
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.ports.storage import Repositories, Storage
from marketmind_scheduler.ports.transitions import Change


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
        ``send_again`` PENDING and sent once more, however late.

        Raises UnknownSchedule, PreconditionFailed, NotUnconfirmed, ContradictoryConfirmation.
        """
        if published and send_again:
            raise ContradictoryConfirmation(schedule_id, field="send_again", published=published)
        if external_id is not None and not published:
            raise ContradictoryConfirmation(schedule_id, field="external_id", published=published)
        confirmation = Confirmation.PUBLISHED if published else _not_out(send_again=send_again)
        async with self.storage.unit_of_work() as work:
            found = await work.bookings.lock(schedule_id)
            expected.check(await record_of(work, found))
            before = Standing.of(found)
            if not may_be_confirmed(before):
                raise NotUnconfirmed(schedule_id, status=found.status)
            step = confirmed(before, confirmation)
            change = Change(schedule_id=schedule_id, step=step, error=note, external_id=external_id)
            [stored] = await work.transitions.record([change])
            if stored.is_active:
                await take_turns(work, [stored], now=stored.updated_at, age=timedelta())
            await work.commit()
        return stored


async def record_of(repositories: Repositories, schedule: Schedule) -> ScheduleRecord:
    """The schedule with all that is known of its sends."""
    sends = (await repositories.schedules.sends_of([schedule.schedule_id]))[schedule.schedule_id]
    return ScheduleRecord(schedule=schedule, attempts=sends.attempts, next_attempt_at=sends.next_attempt_at)


def _not_out(*, send_again: bool) -> Confirmation:
    return Confirmation.SEND_AGAIN if send_again else Confirmation.FAILED
