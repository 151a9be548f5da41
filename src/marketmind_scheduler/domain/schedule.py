"""A schedule: the record of one post's appointment, and how it may change."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from marketmind_scheduler.domain.errors import IllegalTransition, StaleVersion
from marketmind_scheduler.domain.planning import SchedulerKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.wall_clock import Slot


class ScheduleStatus(StrEnum):
    PENDING = "PENDING"  # → PUBLISHING when claimed, CANCELLED, MISSED
    PUBLISHING = "PUBLISHING"  # → COMPLETED, PENDING for a retry, FAILED, UNCONFIRMED
    UNCONFIRMED = "UNCONFIRMED"  # nobody knows whether the post is out: → COMPLETED, PENDING, FAILED
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"


ACTIVE = frozenset({ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED})
"""A post has at most one schedule in these statuses; the others are final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One post's appointment. ``scheduler`` names the one that chose the time; None: a caller did."""

    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    platform: Platform
    slot: Slot
    status: ScheduleStatus
    retry_count: int
    scheduler: SchedulerKind | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def pending(
        cls,
        schedule_id: UUID,
        *,
        post_id: UUID,
        brand_id: UUID,
        platform: Platform,
        slot: Slot,
        scheduler: SchedulerKind | None,
        now: datetime,
    ) -> Self:
        """A new appointment, made at ``now``."""
        return cls(
            schedule_id=schedule_id,
            post_id=post_id,
            brand_id=brand_id,
            platform=platform,
            slot=slot,
            status=ScheduleStatus.PENDING,
            retry_count=0,
            scheduler=scheduler,
            version=1,
            created_at=now,
            updated_at=now,
        )

    @property
    def publish_time(self) -> datetime:
        return self.slot.publish_time

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def moved(self, slot: Slot, *, now: datetime) -> Self:
        """This schedule at another time; raises IllegalTransition unless it is PENDING."""
        self._must_be_pending("moved")
        return replace(self, slot=slot, version=self.version + 1, updated_at=now)

    def cancelled(self, *, now: datetime) -> Self:
        """This schedule, never to be sent; raises IllegalTransition unless it is PENDING."""
        self._must_be_pending("cancelled")
        return replace(self, status=ScheduleStatus.CANCELLED, version=self.version + 1, updated_at=now)

    def check_version(self, given: int | None) -> None:
        """Raise StaleVersion when the caller names a version and it is not the current one."""
        if given is not None and given != self.version:
            raise StaleVersion(self.schedule_id, given=given, current=self.version)

    def _must_be_pending(self, change: str) -> None:
        if self.status is not ScheduleStatus.PENDING:
            raise IllegalTransition(self.schedule_id, status=self.status, change=change)
