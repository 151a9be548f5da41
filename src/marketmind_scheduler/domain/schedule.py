"""A schedule: the record of one post's appointment, and how it may change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.errors import StaleVersion
from marketmind_scheduler.domain.pacing import CLAIMED_WITHIN, RETRIES
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.schedulers import SchedulerKind, room_made
from marketmind_scheduler.domain.sources import Sources
from marketmind_scheduler.domain.wall_clock import Slot


class ScheduleStatus(StrEnum):
    PENDING = "PENDING"
    PUBLISHING = "PUBLISHING"  # a send of it has begun
    UNCONFIRMED = "UNCONFIRMED"  # nobody knows whether the post is out
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"


class Confirmation(StrEnum):
    """What a person says of an UNCONFIRMED schedule."""

    PUBLISHED = "published"
    SEND_AGAIN = "send_again"  # it is not out
    FAILED = "failed"  # it is not out, and is not to be


class Hold(StrEnum):
    """Why a PENDING schedule is not sent though it may be due."""

    CAMPAIGN_PAUSED = "campaign_paused"
    BRAND_PAUSED = "brand_paused"
    LATE = "late"  # until a person moves or cancels it
    NO_RECEIVER = "no_receiver"  # until somebody publishes its lane


OF_ITS_TIME = frozenset({Hold.LATE, Hold.NO_RECEIVER})
"""These come with the time of a schedule and go with it; the others with its brand or campaign."""


ACTIVE = frozenset({ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED})
"""A post has at most one schedule in these statuses; the others are final."""

MAY_BE_OUT = frozenset({ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED, ScheduleStatus.COMPLETED})
"""In these statuses a post is out, or nobody can say that it is not."""


def dry_run_id(schedule_id: UUID) -> str:
    """What a dry run calls a post, and no platform does."""
    return f"dry-run-{schedule_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One post's appointment. ``scheduler`` names the one that chose the time; None: a caller did. ``title`` and
    ``campaign_id`` are what its post has now, not what it had when it was made.

    ``is_doubtful``: an earlier send of it may be out, though it is PENDING again. Such a schedule never ends as FAILED,
    MISSED or CANCELLED by itself, because those mean that nothing is out. ``retry_of`` is the FAILED or MISSED schedule
    that this one makes good for. ``on_late`` and ``latest_at`` are what its brand said of lateness when it was made;
    the storage fills them in. ``overridden`` are the rules that it may break, because somebody who may said so.
    ``arm``: how the lot of a ``control_share`` fell when it was made. ``is_outdated``: its post has changed since its
    latest send began. ``beside``: a few other active schedules of its brand and platform at the same instant,
    ``s3_url``, where its post's media lie now, and ``sources``, what its brand and campaign say now, are no part of it.
    """

    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    platform: Platform
    title: str
    campaign_id: UUID | None
    slot: Slot
    status: ScheduleStatus
    retry_count: int
    scheduler: SchedulerKind | None
    version: int
    created_at: datetime
    updated_at: datetime
    is_doubtful: bool = False
    holds: frozenset[Hold] = field(default_factory=frozenset[Hold])
    external_id: str | None = None
    error: str | None = None
    note: str | None = None
    retry_of: UUID | None = None
    max_retries: int = RETRIES
    on_late: OnLate = OnLate.PUBLISH
    latest_at: datetime | None = None
    overridden: frozenset[RuleKind] = frozenset()
    arm: Arm | None = None
    is_outdated: bool = False
    beside: tuple[UUID, ...] = field(default=(), compare=False)
    s3_url: str = field(default="", compare=False)
    sources: Sources | None = field(default=None, compare=False)

    @classmethod
    def pending(
        cls,
        schedule_id: UUID,
        *,
        post: Post,
        slot: Slot,
        scheduler: SchedulerKind | None,
        now: datetime,
        retry_of: UUID | None = None,
        overridden: frozenset[RuleKind] = frozenset(),
        arm: Arm | None = None,
    ) -> Self:
        """A new appointment of ``post``, made at ``now``."""
        return cls(
            schedule_id=schedule_id,
            post_id=post.post_id,
            brand_id=post.brand_id,
            platform=post.platform,
            title=post.title,
            campaign_id=post.campaign_id,
            s3_url=post.s3_url,
            slot=slot,
            status=ScheduleStatus.PENDING,
            retry_count=0,
            scheduler=scheduler,
            version=1,
            created_at=now,
            updated_at=now,
            retry_of=retry_of,
            overridden=overridden,
            arm=arm,
        )

    @property
    def publish_time(self) -> datetime:
        return self.slot.publish_time

    @property
    def delivery(self) -> Delivery:
        """What would be sent now."""
        return Delivery(
            schedule_id=self.schedule_id,
            post_id=self.post_id,
            brand_id=self.brand_id,
            campaign_id=self.campaign_id,
            platform=self.platform,
            title=self.title,
            s3_url=self.s3_url,
            publish_time=self.publish_time,
        )

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_dry_run(self) -> bool:
        """Whether it was called published and nothing was posted."""
        return self.external_id == dry_run_id(self.schedule_id)

    @property
    def is_chosen(self) -> bool:
        """Whether a person chose its time, first or by moving it."""
        return self.scheduler is None

    @property
    def compared_as(self) -> Arm | None:
        """Its side of the comparison of chosen times with the naive rule's; a time that a person gave it is on
        none."""
        return None if self.is_chosen else self.arm

    @property
    def may_be_out(self) -> bool:
        """Whether it is published, or nobody can say that it is not."""
        return self.status in MAY_BE_OUT or self.is_doubtful

    def warnings(self) -> tuple[str, ...]:
        """What a person should know of it, a sentence each."""
        together = ", ".join(map(str, self.beside))
        room = room_made(self.scheduler, self.slot, self.platform)
        return (
            *self.slot.warnings(),
            *([f"{room}; {self._cure()}"] if room else []),
            *([self.what_is_live()] if self.is_outdated and self.may_be_out else []),
            *([self._goes_out_with(together)] if together else []),
        )

    def _goes_out_with(self, others: str) -> str:
        return f"goes out on {self.platform} at the same instant as schedule {others}; {self._cure()}"

    def _cure(self) -> str:
        return f"where that is not meant, move it: PUT /schedule/post/{self.post_id}"

    def why_it_waits(self, *, now: datetime) -> tuple[str, ...]:
        """What to say where its time is over and neither a hold nor an error says why it is not sent."""
        is_said = self.holds or self.error is not None
        if self.status is not ScheduleStatus.PENDING or is_said or self.publish_time > now - CLAIMED_WITHIN:
            return ()
        said = (
            f"due since {self.publish_time:%Y-%m-%dT%H:%M:%SZ} and nothing has claimed it yet: it waits for its turn "
            "where its lane is behind; else see `marketmind-scheduler status` whether anything dispatches"
        )
        return (said,)

    def what_is_live(self) -> str:
        """What to say where its post changes, or has changed, after a send of it began."""
        return (
            f"the post changed after schedule {self.schedule_id}, which is {self.status}, had begun to be sent: what "
            "is live may be what it said before; look at the platform"
        )

    def check_version(self, given: int | None) -> None:
        """Raise StaleVersion when the caller names a version and it is not the current one."""
        if given is not None and given != self.version:
            raise StaleVersion(self.schedule_id, given=given, current=self.version)


def what_is_live(changed: Iterable[Schedule]) -> Sequence[str]:
    """What to say where the posts of these schedules have changed, so that nobody is deceived."""
    return [each.what_is_live() for each in changed if each.may_be_out]
