"""Campaigns whose posts came or went."""

from collections.abc import Iterable
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.ports.storage import Storage


async def follow_schedules(storage: Storage, campaign_ids: Iterable[UUID | None]) -> None:
    """Let the status of each follow the schedules that it has now.

    Not in the transaction of the posts: whoever pauses a campaign locks it before its posts.
    """
    for campaign_id in campaign_ids:
        if campaign_id is not None:
            await _follow(storage, campaign_id)


@repeats_lost_races
async def _follow(storage: Storage, campaign_id: UUID) -> None:
    async with storage.unit_of_work() as work:
        await work.campaigns.follow_schedules(campaign_id)
        await work.commit()
