"""What can be deleted, and what becomes of the schedules in its way."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.lifecycle import cancelled, doubted
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.standing import Standing, Step


class Noun(StrEnum):
    POST = "post"
    CAMPAIGN = "campaign"
    BRAND = "brand"


@dataclass(frozen=True, slots=True)
class Doomed:
    """What is to be deleted: a post, a campaign with its posts, or a brand with all that is its own."""

    noun: Noun
    object_id: UUID

    @property
    def told_as(self) -> EventKind:
        return EventKind(f"{self.noun}.deleted")


def called_off(before: Standing, *, forgets: bool) -> Step | None:
    """What becomes of an active schedule whose post is deleted; None: it is in the way. What is PENDING is cancelled.
    What may be out is in the way, unless the caller ``forgets`` the doubt: then it stays UNCONFIRMED, and no send of it
    is ever repeated. What is being sent is always in the way."""
    if before.status is ScheduleStatus.PUBLISHING:
        return None
    if before.status is ScheduleStatus.UNCONFIRMED or before.is_doubtful:
        return doubted(before) if forgets else None
    return cancelled(before)
