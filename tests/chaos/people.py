"""People who change their minds while posts fall due: they cancel, move, pause and resume, and note the answers."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2

from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus

_WITHIN = timedelta(seconds=0.5)
_MOVED_BY = timedelta(seconds=2)
_PAUSED_SECONDS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody was told at ``answered_at``; ``to`` is the new time of what was moved."""

    schedule_id: UUID
    answered_at: datetime
    status: ScheduleStatus
    to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """From when it was answered until shortly before the campaign was resumed."""

    campaign_id: UUID
    since: datetime
    until: datetime


@dataclass(slots=True)
class People:
    """Only what was answered well is noted: a change whose answer was lost may have been made or not."""

    api: httpx2.AsyncClient
    schedules: Sequence[Schedule]
    campaigns: Sequence[UUID]
    changes: list[Change] = field(default_factory=list[Change])
    pauses: list[Pause] = field(default_factory=list[Pause])
    in_flight: int = 0
    """How often they were told that a send is in flight."""

    async def cancel(self, chance: random.Random) -> bool:
        """One that is about due; whether there was any, as with the others."""
        if schedule := self._about_due(chance):
            answer = await self._ask("DELETE", f"/schedule/post/{schedule.post_id}")
            self._note(schedule, answer)
        return schedule is not None

    async def move(self, chance: random.Random) -> bool:
        if schedule := self._about_due(chance):
            to = (clock() + _MOVED_BY).replace(microsecond=0)
            answer = await self._ask("PUT", f"/schedule/post/{schedule.post_id}", {"timestamp": to.isoformat()})
            self._note(schedule, answer, to=to)
        return schedule is not None

    async def pause(self, chance: random.Random) -> bool:
        campaign_id = chance.choice(self.campaigns)
        paused = await self._ask("POST", f"/campaigns/{campaign_id}/pause")
        since = clock()
        await asyncio.sleep(_PAUSED_SECONDS)
        until = clock()
        while True:
            resumed = await self._ask("POST", f"/campaigns/{campaign_id}/resume")
            if resumed is not None and resumed.is_success:
                break
            await asyncio.sleep(0.1)
        if paused is not None and paused.is_success:
            self.pauses.append(Pause(campaign_id=campaign_id, since=since, until=until))
        return True

    def _about_due(self, chance: random.Random) -> Schedule | None:
        now = clock()
        return chance.choice([each for each in self.schedules if abs(each.publish_time - now) < _WITHIN] or [None])

    async def _ask(self, method: str, path: str, body: object = None) -> httpx2.Response | None:
        """None where no answer came."""
        try:
            return await self.api.request(method, path, json=body)
        except httpx2.TransportError:
            return None

    def _note(self, schedule: Schedule, answer: httpx2.Response | None, *, to: datetime | None = None) -> None:
        if answer is None:
            return
        if answer.status_code == 409:
            self.in_flight += answer.json()["code"] == "send_in_flight"
        elif answer.is_success:
            status = ScheduleStatus(answer.json()["status"])
            self.changes.append(Change(schedule_id=schedule.schedule_id, answered_at=clock(), status=status, to=to))
        else:
            assert answer.status_code in (404, 503), answer.text


def clock() -> datetime:
    """What the machine's clock shows, which is the database's too."""
    return datetime.fromtimestamp(time.time(), UTC)
