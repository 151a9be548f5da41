"""Previews in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import Deleted, PlanNotFound
from marketmind_scheduler.domain.planning.preview import Preview, PreviewStatus
from marketmind_scheduler.domain.rules.violations import Occupied
from marketmind_scheduler.ports.clock import Clock
from tests.fakes.rows import Rows, View


class InMemoryPreviews:
    """The slots of a preview are held while it is open and has not expired; each is held once."""

    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def get(self, plan_id: UUID) -> Preview:
        preview = self._view().previews.get(plan_id)
        forgotten = self._view().forgotten_previews.get(plan_id)
        if forgotten is not None and self._reach.covers(forgotten):
            raise Deleted.plan(plan_id)
        if preview is None or not self._reach.covers(preview.brand_id):
            raise PlanNotFound(plan_id)
        return preview

    async def lock(self, plan_id: UUID) -> Preview:
        return await self.get(plan_id)  # whoever commits second loses the race

    async def list(
        self, campaign_id: UUID, *, limit: int, after: UUID | None, status: PreviewStatus | None = None
    ) -> Sequence[Preview]:
        of_it = [
            each
            for each in self._view().previews.values()
            if each.campaign_id == campaign_id and status in (None, each.status)
        ]
        latest = sorted(of_it, key=lambda each: each.plan_id, reverse=True)
        return [each for each in latest if after is None or each.plan_id < after][:limit]

    async def add(self, preview: Preview) -> Preview:
        expires_at = self._clock.now() + preview.asked.hold if preview.asked.hold else None
        stored = replace(preview, expires_at=expires_at)
        self._view().previews[preview.plan_id] = stored
        return stored

    async def end(self, preview: Preview) -> None:
        self._view().previews[preview.plan_id] = preview

    async def give_back(self, campaign_id: UUID) -> None:
        previews = self._view().previews
        for each in [each for each in previews.values() if each.campaign_id == campaign_id]:
            previews[each.plan_id] = replace(each, expires_at=None)

    async def titles(self, preview: Preview) -> Mapping[UUID, str]:
        return {post_id: self._view().posts[post_id].title for post_id in preview.post_ids}

    async def count_held(self, brand_id: UUID) -> int:
        return len(reserved(self._view(), brand_id, now=self._clock.now()))


def reserved(rows: Rows, brand_id: UUID, *, now: datetime, besides: Collection[UUID] = ()) -> Sequence[Occupied]:
    """The slots of a brand that are held at ``now`` for plans, ``besides`` those of these campaigns."""
    held = {
        (each.plan_id, placement.post.platform, placement.slot.publish_time)
        for each in rows.previews.values()
        if each.brand_id == brand_id and each.campaign_id not in besides and each.status is PreviewStatus.OPEN
        if each.expires_at is not None and each.expires_at > now
        for placement in each.plan.placements
    }
    return [Occupied(holder_id=plan, platform=platform, publish_time=at) for plan, platform, at in sorted(held)]
