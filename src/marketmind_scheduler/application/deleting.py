"""The way out: posts, campaigns and brands deleted, with all that they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.application.campaign_statuses import follow_schedules
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.deletion import Doomed, Noun, called_off
from marketmind_scheduler.domain.errors import DeletionBlocked, Gone
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import Change, Locked
from marketmind_scheduler.unhurried import unhurried


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleting:
    storage: Storage
    clock: Clock

    @repeats_lost_races
    async def delete(self, doomed: Doomed, *, forgets: bool = False) -> None:
        """Cancel what is PENDING of it, and erase every text and URL of it, all or nothing; its ids and times stay, and
        nothing can be made under them again. One event tells it, besides those of what is cancelled. A campaign goes
        with its posts, a brand with all that is its own. What is deleted already stays so, and is not told again. With
        ``forgets``, what is UNCONFIRMED is not in the way.

        Raises BrandNotFound, CampaignNotFound, PostNotFound, DeletionBlocked.
        """
        async with self.storage.unit_of_work() as work:
            try:
                campaign_id = await _campaign_of(work, doomed)
            except Gone:
                return
            now = self.clock.now()
            post_ids = await work.erasures.lock_posts(doomed)
            active = await work.erasures.lock_active(post_ids)
            changes = await _called_off(doomed, active, forgets=forgets)
            await work.transitions.record(changes, at=now, shown=False)
            cancelled = sum(each.step.to.status is ScheduleStatus.CANCELLED for each in changes)
            await work.erasures.erase(doomed, post_ids, cancelled=cancelled, at=now)
            await work.commit()
        await follow_schedules(self.storage, [campaign_id])


async def _campaign_of(work: UnitOfWork, doomed: Doomed) -> UUID | None:
    """The campaign that a post belongs to, for its status follows; raises the NotFound of what is doomed, Gone."""
    match doomed.noun:
        case Noun.POST:
            return (await work.posts.get(doomed.object_id)).campaign_id
        case Noun.CAMPAIGN:
            await work.campaigns.get(doomed.object_id)
        case Noun.BRAND:
            await work.brands.get(doomed.object_id)
    return None


async def _called_off(doomed: Doomed, active: Sequence[Locked], *, forgets: bool) -> Sequence[Change]:
    """Raises DeletionBlocked."""
    changes: list[Change] = []
    blocking: list[Locked] = []
    async for each in unhurried(active):
        if step := called_off(each.standing, forgets=forgets):
            changes.append(Change(schedule_id=each.schedule.schedule_id, step=step))
        else:
            blocking.append(each)
    if blocking:
        raise DeletionBlocked(
            doomed.noun,
            doomed.object_id,
            blocking=[(each.schedule.schedule_id, each.schedule.status) for each in blocking],
        )
    return changes
