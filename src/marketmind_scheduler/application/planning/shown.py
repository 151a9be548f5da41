"""Previews as they are answered: beside what they speak of, as that is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import PlanNotFound, PlanNotReady
from marketmind_scheduler.domain.planning.digests import Part
from marketmind_scheduler.domain.planning.preview import Preview, PreviewStatus
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import Repositories


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A preview with what it speaks of, as that is now. ``changed`` are the parts of its brief that are others now, and
    ``broken`` says what of it cannot stand any more; it would be committed where nothing does. Both are empty once it
    has ended."""

    preview: Preview
    campaign: Campaign
    zone: str
    titles: Mapping[UUID, str]
    schedules: Mapping[UUID, Schedule]
    changed: Sequence[Part] = ()
    broken: Sequence[str] = ()

    @property
    def would_commit(self) -> bool:
        is_whole = not (self.broken or self.preview.plan.is_incomplete or self.preview.drops_a_wish)
        return self.preview.status is PreviewStatus.OPEN and is_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """A preview beside what is believed and open now: ``profiles`` are those of its lanes, ``open_hours`` the hours, by
    the wall clock, in which at least one of them has an open time."""

    shown: Shown
    profiles: Sequence[Profile]
    open_hours: frozenset[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The schedules of a preview in time order, and whether they were made now. ``changed`` are the parts of its brief
    that are others now, without harm to it."""

    campaign_id: UUID
    schedules: Sequence[Schedule]
    changed: Sequence[Part] = ()
    is_new: bool = False


async def preview_of(plan_id: UUID, repositories: Repositories, *, is_locked: bool = False) -> Preview:
    """Raises PlanNotFound, and PlanNotReady for one that is being made, or was not made in time."""
    previews = repositories.previews
    try:
        return await (previews.lock(plan_id) if is_locked else previews.get(plan_id))
    except PlanNotFound:
        preparation = await repositories.preparations.find(plan_id)
        if preparation is None:
            raise
        raise PlanNotReady(plan_id, status=preparation.status, deadline=preparation.deadline) from None


async def shown_of(preview: Preview, repositories: Repositories) -> Shown:
    """A preview beside what it speaks of; nothing is looked at again."""
    schedules = await repositories.schedules.find_all([*preview.kept, *preview.replaces])
    brand = await repositories.brands.get(preview.brand_id)
    return Shown(
        preview=preview,
        campaign=await repositories.campaigns.get(preview.campaign_id),
        zone=brand.content.default_zone,
        titles=await repositories.previews.titles(preview),
        schedules={each.schedule_id: each for each in schedules},
    )
