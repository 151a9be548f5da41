"""What a schedule that was forgotten still forbids."""

from collections.abc import Sequence
from uuid import UUID

from marketmind_scheduler.domain.errors import AlreadyPublished, Deleted
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import Repositories


async def check_not_forgotten(repositories: Repositories, post_id: UUID, latest: Schedule | None) -> None:
    """Raises Gone where the post's most recent schedule is not ``latest`` but one that was forgotten."""
    forgotten = await repositories.forgotten.latest_of(post_id)
    if forgotten is not None and (latest is None or latest.schedule_id < forgotten):
        raise Deleted.schedule(forgotten)


async def check_not_published(repositories: Repositories, post_id: UUID, completed: Sequence[Schedule]) -> None:
    """Raises AlreadyPublished where the post has a ``completed`` schedule, or had one that was forgotten."""
    if completed:
        raise AlreadyPublished(post_id, schedule_id=completed[0].schedule_id)
    for schedule_id in (await repositories.forgotten.published([post_id])).values():
        raise AlreadyPublished(post_id, schedule_id=schedule_id)
