"""What the storage in memory holds, and the few changes that several of its ports share."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.brand import Brand, Lateness, OnLate
from marketmind_scheduler.domain.campaign import Campaign, status_of
from marketmind_scheduler.domain.event import Event, EventKind
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus

FRESH_RETRIES = 3
_FIRST_LEASE = timedelta(seconds=30)
_FINISHED = frozenset({ScheduleStatus.COMPLETED, ScheduleStatus.FAILED, ScheduleStatus.MISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A schedule as everybody sees it, with what only dispatch knows of it.

    ``due_at`` is when it may next be claimed; None: not at all. A schedule that is claimed stays PENDING for everybody
    until its send begins: ``lease_expires_at`` says that it is claimed, ``begun_at`` that it is being sent.
    """

    schedule: Schedule
    on_late: OnLate = OnLate.PUBLISH
    latest_at: datetime | None = None
    due_at: datetime | None = None
    max_retries: int = FRESH_RETRIES
    lost_leases: int = 0
    token: int = 0
    owner: UUID | None = None
    lease_expires_at: datetime | None = None
    begun_at: datetime | None = None
    last_send_at: datetime | None = None
    resend_until: datetime | None = None

    @classmethod
    def added(cls, schedule: Schedule, lateness: Lateness) -> Self:
        is_sent = schedule.status in (ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED)
        is_limited = lateness.on_late is not OnLate.PUBLISH
        return cls(
            schedule=schedule,
            on_late=lateness.on_late,
            latest_at=schedule.publish_time + lateness.max_lateness if is_limited else None,
            due_at=schedule.publish_time if schedule.status is ScheduleStatus.PENDING and not schedule.holds else None,
            max_retries=max(FRESH_RETRIES, schedule.retry_count),
            lease_expires_at=schedule.updated_at + _FIRST_LEASE
            if schedule.status is ScheduleStatus.PUBLISHING
            else None,
            begun_at=schedule.updated_at if is_sent else None,
            last_send_at=schedule.updated_at if is_sent else None,
        )

    @property
    def schedule_id(self) -> UUID:
        return self.schedule.schedule_id

    @property
    def status(self) -> ScheduleStatus:
        return self.schedule.status

    @property
    def is_claimed(self) -> bool:
        """Whether somebody has it whose send has not begun."""
        return self.status is ScheduleStatus.PENDING and self.lease_expires_at is not None

    @property
    def is_open(self) -> bool:
        """Whether a newer word may still change it: it is active, and no send of it is under way."""
        return self.schedule.is_active and self.status is not ScheduleStatus.PUBLISHING

    def is_too_late(self, now: datetime) -> bool:
        return self.latest_at is not None and self.latest_at <= now

    def waiting_until(self, ready_at: datetime) -> datetime | None:
        """When it is due, if it is ready at ``ready_at``: never early, and not at all while it is held."""
        if self.status is not ScheduleStatus.PENDING or self.schedule.holds:
            return None
        return max(self.schedule.publish_time, ready_at)

    def held(self, hold: Hold, *, now: datetime) -> Self:
        """Not to be sent until the hold is lifted; a claim whose send has not begun is taken back."""
        parked = replace(
            self,
            schedule=changed(self.schedule, now=now, holds=self.schedule.holds | {hold}),
            due_at=None,
        )
        return replace(parked, lease_expires_at=None, token=self.token + 1) if self.is_claimed else parked

    def released(self, hold: Hold, *, ready_at: datetime, now: datetime) -> Self:
        lifted = replace(self, schedule=changed(self.schedule, now=now, holds=self.schedule.holds - {hold}))
        return replace(lifted, due_at=lifted.waiting_until(ready_at))


def changed(
    schedule: Schedule,
    *,
    now: datetime,
    status: ScheduleStatus | None = None,
    holds: frozenset[Hold] | None = None,
) -> Schedule:
    """The next version of a schedule."""
    return replace(
        schedule,
        status=schedule.status if status is None else status,
        holds=schedule.holds if holds is None else holds,
        version=schedule.version + 1,
        updated_at=now,
    )


@dataclass(slots=True)
class Rows:
    brands: dict[UUID, Brand] = field(default_factory=dict[UUID, Brand])
    campaigns: dict[UUID, Campaign] = field(default_factory=dict[UUID, Campaign])
    paused_campaigns: frozenset[UUID] = field(default_factory=frozenset[UUID])
    posts: dict[UUID, Post] = field(default_factory=dict[UUID, Post])
    schedules: dict[UUID, Row] = field(default_factory=dict[UUID, Row])
    attempts: dict[tuple[UUID, int], AttemptRecord] = field(default_factory=dict[tuple[UUID, int], AttemptRecord])
    outbox: tuple[Event, ...] = ()
    events: tuple[Event, ...] = ()
    tz_releases: dict[str, datetime] = field(default_factory=dict[str, datetime])
    last_position: int = 0

    def copy(self) -> "Rows":
        return replace(
            self,
            brands=dict(self.brands),
            campaigns=dict(self.campaigns),
            posts=dict(self.posts),
            schedules=dict(self.schedules),
            attempts=dict(self.attempts),
            tz_releases=dict(self.tz_releases),
        )

    def posts_of(self, campaign_id: UUID) -> list[Post]:
        posts = (post for post in self.posts.values() if post.campaign_id == campaign_id)
        return sorted(posts, key=lambda post: post.position)

    def rows_of(self, post_ids: Collection[UUID]) -> list[Row]:
        return [row for row in self.schedules.values() if row.schedule.post_id in post_ids]

    def put(self, row: Row, kind: EventKind | None, *, now: datetime) -> None:
        """Store a row, and the event that tells of its change."""
        self.schedules[row.schedule_id] = row
        if kind is not None:
            self.tell(row.schedule, kind, now=now)

    def tell(
        self,
        schedule: Schedule,
        kind: EventKind,
        *,
        now: datetime,
    ) -> None:
        event = Event(
            position=0,  # given when the events are put in order
            kind=kind,
            brand_id=schedule.brand_id,
            schedule_id=schedule.schedule_id,
            post_id=schedule.post_id,
            platform=schedule.platform,
            publish_time=schedule.publish_time,
            status=schedule.status,
            retry_count=schedule.retry_count,
            external_id=schedule.external_id,
            error=schedule.error,
            occurred_at=now,
        )
        self.outbox = (*self.outbox, event)

    def holds_on(self, schedule: Schedule) -> frozenset[Hold]:
        """What pauses a schedule that is added now."""
        brand, post = self.brands.get(schedule.brand_id), self.posts.get(schedule.post_id)
        holds = set[Hold]()
        if brand is not None and brand.paused_at is not None:
            holds.add(Hold.BRAND_PAUSED)
        if post is not None and post.campaign_id in self.paused_campaigns:
            holds.add(Hold.CAMPAIGN_PAUSED)
        return frozenset(holds)

    def follow_schedules(self, campaign_id: UUID, *, now: datetime) -> None:
        if campaign_id not in self.campaigns:
            return
        of_it = [row.schedule for row in self.rows_of({post.post_id for post in self.posts_of(campaign_id)})]
        statuses = {schedule.status for schedule in of_it}
        status = status_of(
            is_paused=campaign_id in self.paused_campaigns,
            is_active=any(schedule.is_active for schedule in of_it),
            is_published=ScheduleStatus.COMPLETED in statuses,
            is_finished=not statuses.isdisjoint(_FINISHED),
        )
        campaign = self.campaigns[campaign_id]
        if campaign.status is not status:
            self.campaigns[campaign_id] = replace(campaign, status=status, updated_at=now)


View = Callable[[], Rows]


def place_in_time(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


def in_time_order(schedules: Iterable[Schedule]) -> Sequence[Schedule]:
    return sorted(schedules, key=place_in_time)


def kind_of(status: ScheduleStatus) -> EventKind:
    """The event that tells of a schedule's getting this status."""
    return EventKind(f"schedule.{status.lower()}")
