"""What happened, as it is told to others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.schedule import ScheduleStatus, dry_run_id
from marketmind_scheduler.domain.schedulers import SchedulerKind


class EventKind(StrEnum):
    SCHEDULED = "schedule.scheduled"
    RESCHEDULED = "schedule.rescheduled"
    POST_CHANGED = "schedule.post_changed"  # its post says something else now
    RETRYING = "schedule.retrying"  # PENDING again after a send that began
    PARKED = "schedule.parked"  # not sent though it may be due: paused, late, or without a receiver
    RESUMED = "schedule.resumed"
    COMPLETED = "schedule.completed"
    FAILED = "schedule.failed"
    UNCONFIRMED = "schedule.unconfirmed"
    MISSED = "schedule.missed"
    CANCELLED = "schedule.cancelled"
    CORRECTED = "schedule.corrected"  # a person knows better how it ended: see its status
    SOURCE_CHANGED = "schedule.source_changed"  # its brand or campaign says otherwise by now
    STALE_VERDICT = "schedule.stale_verdict"  # a verdict came that changed nothing
    POST_DELETED = "post.deleted"  # these three tell of no schedule
    CAMPAIGN_DELETED = "campaign.deleted"
    BRAND_DELETED = "brand.deleted"


DISPATCHER, UPKEEP, OPERATOR, SERVICE = "dispatcher", "upkeep", "operator", "service"
"""Who acts where no caller does: what sends, what takes back and gives up, whoever runs the service by its command
line, and the service for all the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of one schedule, and where it stood right after. Positions rise in the final order: one that has been
    read is never preceded by a new one. ``campaign_id`` is the campaign that its post was in when it was told,
    ``title`` what the post has now. ``actor`` is the caller's name, or one of those above; None: it was told before
    events named one."""

    position: int
    kind: EventKind
    brand_id: UUID
    schedule_id: UUID
    post_id: UUID
    campaign_id: UUID | None
    platform: Platform
    title: str | None
    publish_time: datetime
    previous_publish_time: datetime | None  # of one that was moved
    status: ScheduleStatus
    retry_count: int
    external_id: str | None
    error: str | None
    note: str | None
    occurred_at: datetime
    actor: str | None
    overridden: frozenset[RuleKind] = frozenset()  # of one that was made or moved
    scheduler: SchedulerKind | None = None  # who chose its time, of one that was made or moved

    @property
    def is_dry_run(self) -> bool:
        """Whether its schedule was called published and nothing was posted."""
        return self.external_id == dry_run_id(self.schedule_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionEvent:
    """A post, a campaign or a brand was deleted, in one order with all events. ``post_id`` and ``campaign_id`` are None
    where it is not theirs: a post's has the campaign it was in. ``posts`` went with it, itself included, and so many
    schedules were ``cancelled``, each of which is told by itself."""

    position: int
    kind: EventKind
    brand_id: UUID
    campaign_id: UUID | None
    post_id: UUID | None
    posts: int
    cancelled: int
    occurred_at: datetime
    actor: str | None


AnyEvent: TypeAlias = Event | DeletionEvent
