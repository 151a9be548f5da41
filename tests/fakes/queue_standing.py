"""How the queue in memory stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, NextPost, PlatformStanding, QueueStanding
from tests.fakes.rows import Rows
from tests.fakes.storage import InMemoryStorage

_LATE = timedelta(minutes=1)
_RECENT = timedelta(hours=24)


class InMemoryQueueStandings:
    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def read(self) -> QueueStanding:
        with self._storage.changing() as rows:
            platforms = [self._standing(rows, platform) for platform in Platform]
            first = min((event.occurred_at for event in rows.outbox), default=None)
            return QueueStanding(
                platforms=platforms,
                events_to_sequence=min(len(rows.outbox), MOST_COUNTED),
                oldest_event_to_sequence=first and self._storage.clock.now() - first,
            )

    async def next_posts(self, *, limit: int) -> Sequence[NextPost]:
        with self._storage.changing() as rows:
            waiting = [(row.due_at, row.schedule) for row in rows.schedules.values() if row.due_at is not None]
            waiting.sort(key=lambda each: (each[0], each[1].schedule_id))
            return [self._next(rows, schedule, due_at) for due_at, schedule in waiting[:limit]]

    def _next(self, rows: Rows, schedule: Schedule, due_at: datetime) -> NextPost:
        return NextPost(
            schedule_id=schedule.schedule_id,
            post_id=schedule.post_id,
            title=rows.posts[schedule.post_id].title,
            brand_id=schedule.brand_id,
            brand_name=rows.brands[schedule.brand_id].content.name,
            platform=schedule.platform,
            publish_time=schedule.publish_time,
            due_in=due_at - self._storage.clock.now(),
        )

    def _standing(self, rows: Rows, platform: Platform) -> PlatformStanding:
        now = self._storage.clock.now()
        of_it = [row for row in rows.schedules.values() if row.schedule.platform is platform]
        due_at = [row.due_at for row in of_it if row.due_at is not None]
        recent = [row.status for row in of_it if row.schedule.updated_at > now - _RECENT]
        unconfirmed = [row for row in of_it if row.status is ScheduleStatus.UNCONFIRMED]
        sent_at = [row.last_send_at for row in unconfirmed if row.last_send_at is not None]
        return PlatformStanding(
            platform=platform,
            waiting=len(due_at),
            due=sum(each <= now for each in due_at),
            late=sum(each <= now - _LATE for each in due_at),
            in_flight=sum(row.lease_expires_at is not None for row in of_it),
            held=sum(bool(row.schedule.holds) for row in of_it if row.status is ScheduleStatus.PENDING),
            unconfirmed=len(unconfirmed),
            failed=recent.count(ScheduleStatus.FAILED),
            missed=recent.count(ScheduleStatus.MISSED),
            next_due_in=min(due_at) - now if due_at else None,
            oldest_unconfirmed=now - min(sent_at) if sent_at else None,
        )
