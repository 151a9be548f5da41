"""Observations and profiles in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.audience.observations import Arm, Observation
from marketmind_scheduler.domain.audience.refitting import SOON
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.observations import ObservedPost, Snapshot
from tests.fakes.rows import Row, Rows, View


class InMemoryObservations:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def lock(self, lanes: Collection[Lane]) -> None:
        soon, refits = self._clock.now() + SOON, self._view().refits
        for lane in lanes:
            due_at, leased_until = refits.get(lane, (soon, None))
            refits[lane] = min(due_at, soon), leased_until

    async def find_all(self, keys: Collection[tuple[UUID, str]]) -> Sequence[Observation]:
        stored = self._view().observations
        return [stored[key] for key in {*keys} if key in stored]

    async def save(self, observations: Sequence[Observation]) -> None:
        self._view().observations |= {each.key: each for each in observations}

    async def posts(self, post_ids: Collection[UUID]) -> Mapping[UUID, ObservedPost]:
        rows = self._view()
        found = (rows.posts[post_id] for post_id in post_ids if post_id in rows.posts and post_id not in rows.deleted)
        return {
            post.post_id: ObservedPost(
                lane=(post.brand_id, post.platform), published_at=published_at(rows, post.post_id)
            )
            for post in found
            if self._reach.covers(post.brand_id)
        }

    async def outdate(self, brand_id: UUID) -> None:
        await self.lock([lane for lane in self._view().refits if lane[0] == brand_id])

    async def newest(self, lane: Lane) -> Snapshot | None:
        return self._view().profiles.get(lane)


def published_at(rows: Rows, post_id: UUID, *, by: datetime | None = None) -> datetime | None:
    """When its latest send ended that went well, as far as that was ``by`` then."""
    sent = _sent(rows, post_id, by)
    return _sent_at(sent) if sent else None


def arm_of(rows: Rows, post_id: UUID, *, by: datetime) -> Arm | None:
    """Of that send's schedule."""
    sent = _sent(rows, post_id, by)
    return sent.schedule.compared_as if sent else None


def _sent(rows: Rows, post_id: UUID, by: datetime | None) -> Row | None:
    sent = [row for row in rows.rows_of({post_id}) if row.status is ScheduleStatus.COMPLETED]
    return max((row for row in sent if by is None or _sent_at(row) <= by), key=_sent_at, default=None)


def _sent_at(row: Row) -> datetime:
    return row.last_send_at or row.schedule.updated_at
