"""Verdicts recorded: those that come in time by one statement, the late ones looked at first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.attempt import Settlement
from marketmind_scheduler.domain.lifecycle import after_late_verdict
from marketmind_scheduler.domain.standing import Step
from marketmind_scheduler.domain.verdict import Recorded, VerdictKind
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Settled
from marketmind_scheduler.ports.schedules import Sends
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.transitions import Change, Locked, Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What became of the claims of ``owner``."""

    queue: DispatchQueue
    storage: Storage
    owner: UUID

    async def record(self, settlements: Sequence[Settlement]) -> Mapping[UUID, Settled]:
        """Record how claims ended; safe to repeat. Those that are not late are recorded together or not at all, and so
        are the late ones: ``lifecycle.after_late_verdict`` says what they still change, and those that change nothing
        are told as events. Raises StorageUnavailable."""
        in_time = await self.queue.settle(settlements, owner=self.owner)
        settled = {schedule_id: Settled(Recorded.SETTLED, status) for schedule_id, status in in_time.items()}
        if late := [each for each in settlements if each.schedule_id not in in_time]:
            settled |= await self._record_late(late)
        return settled

    @repeats_lost_races
    async def _record_late(self, late: Sequence[Settlement]) -> Mapping[UUID, Settled]:
        schedule_ids = [each.schedule_id for each in late]
        settled = dict.fromkeys(schedule_ids, Settled(Recorded.STALE, None))
        changes: list[Change] = []
        async with self.storage.unit_of_work() as work:
            locked = {each.schedule.schedule_id: each for each in await work.transitions.lock(schedule_ids)}
            sends = await work.schedules.sends_of(schedule_ids)
            for each in (each for each in late if each.schedule_id in locked):
                found = locked[each.schedule_id]
                remembered = self._remembered(sends[each.schedule_id], each.token)
                claim = found.state_of(each.token, self.owner)
                follows = after_late_verdict(
                    found.standing, each.verdict, claim=claim, remembered=remembered, is_told=each.is_told
                )
                if isinstance(follows, Step):
                    changes.append(self._change(each, found, follows, remembered))
                    continue
                settled[each.schedule_id] = Settled(follows, found.schedule.status)
                if follows is Recorded.STALE and each.verdict is not VerdictKind.UNSENT:
                    await work.transitions.tell_stale(each.schedule_id, self._tried(each))
            stored = await work.transitions.record(changes)
            await work.commit()
        return settled | {each.schedule_id: Settled(Recorded.SETTLED, each.status) for each in stored}

    def _remembered(self, sends: Sends, token: int) -> VerdictKind | None:
        """What is remembered of the claim, if it was this owner's."""
        own = (each for each in sends.attempts if (each.token, each.owner) == (token, self.owner))
        return next((each.verdict for each in own), None)

    def _change(self, late: Settlement, locked: Locked, step: Step, remembered: VerdictKind | None) -> Change:
        leaves_a_trace = late.verdict is not VerdictKind.UNSENT or remembered is not None
        return Change(
            schedule_id=late.schedule_id,
            step=step.where_repeats_are(dropped=locked.drops_repeats(after=late.delay)),
            wait=late.delay,
            error=None if late.verdict is VerdictKind.ACCEPTED else late.reason,
            external_id=late.external_id,
            tried=self._tried(late) if leaves_a_trace else None,
        )

    def _tried(self, late: Settlement) -> Tried:
        return Tried(
            token=late.token,
            owner=self.owner,
            verdict=late.verdict,
            reason=late.reason,
            external_id=late.external_id,
        )
