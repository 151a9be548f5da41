"""Everything that was promised, checked over whole sets once all has settled."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.chaos.deliveries import Delivery
from tests.chaos.people import Change, Pause
from tests.standing import AS_THEY_STAND
from tests.system.servers import Sql

_ENDED_BY_US = (ScheduleStatus.COMPLETED, ScheduleStatus.FAILED, ScheduleStatus.MISSED)
_FINAL = {*_ENDED_BY_US, ScheduleStatus.CANCELLED}

_SCHEDULES = f"""
SELECT s.schedule_id, s.post_id, s.brand_id, p.campaign_id, s.platform, s.publish_time, s.status, s.retry_count,
       s.max_retries, s.last_error
  FROM {AS_THEY_STAND} s JOIN posts p USING (post_id)
"""  # noqa: S608  # the text is ours
_ATTEMPTS = "SELECT schedule_id, started_at, verdict FROM attempts ORDER BY started_at"
_EVENTS = "SELECT schedule_id, kind, status FROM events ORDER BY position"
UNTOLD = "SELECT count(*) FROM events WHERE position > coalesce(pg_sequence_last_value('final_events'), 0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is stored at the end, what the receiver remembers, and what people were told."""

    schedules: Mapping[UUID, Record]
    attempts: Mapping[UUID, Sequence[Record]]
    events: Mapping[UUID, Sequence[Record]]
    events_left: int
    deliveries: Mapping[UUID, Sequence[Delivery]]
    idempotent_platforms: Collection[Platform]
    changes: Sequence[Change]
    pauses: Sequence[Pause]

    def repeats(self, schedule_id: UUID) -> int:
        """How many deliveries came after one that had been taken."""
        deliveries = self.deliveries[schedule_id]
        firsts = [nth for nth, delivery in enumerate(deliveries) if delivery.conduct.takes]
        return len(deliveries) - 1 - firsts[0] if firsts else 0

    def tries(self, schedule_id: UUID) -> int:
        """How many deliveries were not put off until a time that the receiver named."""
        return sum(not delivery.conduct.puts_off for delivery in self.deliveries[schedule_id])

    def is_taken(self, schedule_id: UUID) -> bool:
        return any(delivery.conduct.takes for delivery in self.deliveries[schedule_id])

    def with_status(self, *statuses: ScheduleStatus) -> set[UUID]:
        return {schedule_id for schedule_id, row in self.schedules.items() if row["status"] in statuses}

    @property
    def all_deliveries(self) -> Sequence[Delivery]:
        return [delivery for each in self.deliveries.values() for delivery in each]

    @property
    def unclear_answers(self) -> int:
        return sum(delivery.conduct.is_unclear for delivery in self.all_deliveries)


async def aftermath(
    sql: Sql,
    *,
    deliveries: Sequence[Delivery],
    idempotent_platforms: Collection[Platform],
    changes: Sequence[Change] = (),
    pauses: Sequence[Pause] = (),
) -> Aftermath:
    by_schedule: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_schedule[delivery.schedule_id].append(delivery)
    return Aftermath(
        schedules={row["schedule_id"]: row for row in await sql.fetch(_SCHEDULES)},
        attempts=_by_schedule(await sql.fetch(_ATTEMPTS)),
        events=_by_schedule(await sql.fetch(_EVENTS)),
        events_left=await sql.fetchval(UNTOLD),
        deliveries=by_schedule,
        idempotent_platforms=idempotent_platforms,
        changes=changes,
        pauses=pauses,
    )


def _by_schedule(rows: Sequence[Record]) -> Mapping[UUID, Sequence[Record]]:
    grouped: defaultdict[UUID, list[Record]] = defaultdict(list)
    for row in rows:
        grouped[row["schedule_id"]].append(row)
    return grouped


def broken_promises(after: Aftermath) -> Mapping[str, set[UUID]]:
    """Every promise that was not kept, with the schedules that show it."""
    completed, failed, missed = (after.with_status(each) for each in _ENDED_BY_US)
    promises = {
        "everything ends or waits for a confirmation": after.schedules.keys()
        - after.with_status(*_FINAL, ScheduleStatus.UNCONFIRMED),
        "nothing is sent that is not stored": after.deliveries.keys() - after.schedules.keys(),
        "nothing is sent before its time": _early(after),
        "each send is recorded before it begins": {each for each in after.deliveries if not _is_recorded(after, each)},
        "what is sent is the schedule's post": {
            delivery.schedule_id
            for delivery in after.all_deliveries
            if delivery.post_id != after.schedules[delivery.schedule_id]["post_id"]
        },
        "COMPLETED: it is out": {each for each in completed if not after.is_taken(each)},
        "FAILED, MISSED, CANCELLED: it is not out": {
            each for each in after.with_status(*_FINAL) - completed if after.is_taken(each)
        },
        "FAILED: there is a reason": {each for each in failed if not after.schedules[each]["last_error"]},
        "MISSED: nothing was sent": {each for each in missed if after.deliveries[each]},
        "no second send where it might publish twice": {
            each
            for each, row in after.schedules.items()
            if row["platform"] not in after.idempotent_platforms and after.repeats(each)
        },
        "no more sends than retries allow": {
            each for each, row in after.schedules.items() if after.tries(each) > row["max_retries"] + 1
        },
        "each repeat was announced": {
            each for each, deliveries in after.deliveries.items() if len(deliveries) > 1 + _announced(after, each)
        },
        "one key for all sends, and each signed": {
            delivery.schedule_id
            for delivery in after.all_deliveries
            if delivery.key != str(delivery.schedule_id) or not delivery.is_signed
        },
        "cancelled: no send starts afterwards": _sent_after_cancelling(after),
        "moved: nothing at the old time": _sent_after_moving(after),
        "paused: no send starts meanwhile": _sent_in_a_pause(after),
        "the last event tells where it stands": {
            each for each, row in after.schedules.items() if _last_status(after, each) != row["status"]
        },
        "nothing follows a final event": {each for each in after.schedules if _goes_on_after_the_end(after, each)},
    }
    return {promise: set(broken_by) for promise, broken_by in promises.items() if broken_by}


def _is_recorded(after: Aftermath, schedule_id: UUID) -> bool:
    begun = [each["started_at"] for each in after.attempts[schedule_id] if each["verdict"] != VerdictKind.UNSENT]
    deliveries = after.deliveries[schedule_id]
    return len(deliveries) <= len(begun) and all(
        started_at <= delivery.at for started_at, delivery in zip(begun, deliveries, strict=False)
    )


def _early(after: Aftermath) -> set[UUID]:
    return {
        delivery.schedule_id
        for delivery in after.all_deliveries
        if delivery.at < delivery.publish_time
        or (delivery.conduct.takes and delivery.at < after.schedules[delivery.schedule_id]["publish_time"])
    }


def _announced(after: Aftermath, schedule_id: UUID) -> int:
    return len([event for event in after.events[schedule_id] if event["kind"] == "schedule.retrying"])


def _begun(after: Aftermath, schedule_id: UUID) -> Sequence[datetime]:
    return [attempt["started_at"] for attempt in after.attempts[schedule_id]]


def _sent_after_cancelling(after: Aftermath) -> set[UUID]:
    return {
        change.schedule_id
        for change in after.changes
        if change.to is None
        and (
            any(at > change.answered_at for at in _begun(after, change.schedule_id))
            or (
                change.status is ScheduleStatus.CANCELLED
                and any(delivery.at > change.answered_at for delivery in after.deliveries[change.schedule_id])
            )
        )
    }


def _sent_after_moving(after: Aftermath) -> set[UUID]:
    return {
        change.schedule_id
        for change in after.changes
        if change.to is not None
        and any(change.answered_at < delivery.at < change.to for delivery in after.deliveries[change.schedule_id])
    }


def _sent_in_a_pause(after: Aftermath) -> set[UUID]:
    return {
        schedule_id
        for pause in after.pauses
        for schedule_id, row in after.schedules.items()
        if row["campaign_id"] == pause.campaign_id
        and any(pause.since < at < pause.until for at in _begun(after, schedule_id))
    }


def _last_status(after: Aftermath, schedule_id: UUID) -> str | None:
    events = after.events[schedule_id]
    return events[-1]["status"] if events else None


def _goes_on_after_the_end(after: Aftermath, schedule_id: UUID) -> bool:
    kinds = [event["kind"] for event in after.events[schedule_id] if event["kind"] != "schedule.stale_verdict"]
    return any(kind.removeprefix("schedule.").upper() in _FINAL for kind in kinds[:-1])
