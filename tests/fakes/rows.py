"""What the storage in memory holds, and the few changes that several of its ports share."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from marketmind_scheduler.domain.agent.records import KeptEntry
from marketmind_scheduler.domain.attempt import AttemptRecord, digest_of
from marketmind_scheduler.domain.audience.observations import Observation
from marketmind_scheduler.domain.brand import Brand, Lateness, OnLate
from marketmind_scheduler.domain.campaign import FINISHED, PUBLISHED, Campaign, status_of
from marketmind_scheduler.domain.event import SERVICE, AnyEvent, Event, EventKind
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.lifecycle import held, released
from marketmind_scheduler.domain.planning.preparation import Preparation
from marketmind_scheduler.domain.planning.preview import Preview
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.rules.caps import PlatformCap
from marketmind_scheduler.domain.rules.policy import Policy
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.sources import Sources
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.ports.observations import Snapshot
from marketmind_scheduler.ports.transitions import Change, Locked, Tried

_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A schedule as everybody sees it, with what only dispatch knows of it.

    ``due_at`` is when it may next be claimed; None: not at all. ``claim_id`` is None once its claim has had its
    verdict.
    """

    schedule: Schedule
    due_at: datetime | None = None
    not_before: datetime | None = None  # until when its latest attempt lets it wait
    token: int = 0
    claim_id: UUID | None = None
    given_to: UUID | None = None
    lease_expires_at: datetime | None = None
    leased_for: timedelta = timedelta()
    begun_at: datetime | None = None
    last_send_at: datetime | None = None
    resend_until: datetime | None = None
    sent: tuple[str, str] | None = None  # title and media URL of the latest send that has begun

    @property
    def schedule_id(self) -> UUID:
        return self.schedule.schedule_id

    @property
    def status(self) -> ScheduleStatus:
        return self.schedule.status

    @property
    def standing(self) -> Standing:
        return Standing.of(self.schedule)

    def is_too_late(self, now: datetime) -> bool:
        return self.schedule.latest_at is not None and self.schedule.latest_at <= now

    def drops_repeats(self, *, until: datetime) -> bool:
        return self.resend_until is not None and self.resend_until > until

    def waiting_until(self, ready_at: datetime) -> datetime | None:
        """When it is due, if it is ready at ``ready_at``: never early, and not at all while it is held."""
        if self.status is not ScheduleStatus.PENDING or self.schedule.holds:
            return None
        return max(self.schedule.publish_time, ready_at, self.not_before or ready_at)

    def locked(self, now: datetime) -> Locked:
        resend_left = None if self.resend_until is None else self.resend_until - now
        return Locked(
            schedule=self.schedule,
            token=self.token,
            is_answered=self.claim_id is None,
            given_to=self.given_to,
            resend_left=resend_left,
        )

    def after(self, change: Change, *, at: datetime, now: datetime) -> Self:
        """The row once a step is recorded whose claim ends with it."""
        step, sent_at = change.step, self.begun_at or self.last_send_at
        is_pending, is_unconfirmed = (
            step.to.status is ScheduleStatus.PENDING,
            step.to.status is ScheduleStatus.UNCONFIRMED,
        )
        row = replace(
            self,
            schedule=_shown_after(self.schedule, change, at=at),
            token=self.token + step.revokes,
            claim_id=None if step.closes else self.claim_id,
            given_to=None if step.revokes else self.given_to,
            lease_expires_at=None,
            begun_at=None if is_pending else sent_at,
            last_send_at=sent_at or (self.schedule.publish_time if is_unconfirmed else None),
            resend_until=None if step.revokes else self.resend_until,
            not_before=now + change.wait if is_pending else None,
        )
        return replace(row, due_at=row.waiting_until(now))

    def held(self, hold: Hold, *, now: datetime) -> Self:
        """As ``lifecycle.held`` says; a send that has begun goes on."""
        step = held(self.standing, hold)
        return replace(self, schedule=changed(self.schedule, now=now, holds=step.to.holds), due_at=None)

    def post_changed(self, *, now: datetime) -> Self:
        """As ``lifecycle.post_changed`` says; what has been sent is what the post said before."""
        is_outdated = self.begun_at is not None or self.last_send_at is not None
        return replace(
            self,
            schedule=replace(changed(self.schedule, now=now, holds=self.schedule.holds), is_outdated=is_outdated),
        )

    def released(self, hold: Hold, *, ready_at: datetime, now: datetime) -> Self:
        """As ``lifecycle.released`` says."""
        step = released(self.standing, hold)
        lifted = replace(self, schedule=changed(self.schedule, now=now, holds=step.to.holds))
        return replace(lifted, due_at=lifted.waiting_until(ready_at))


def _shown_after(schedule: Schedule, change: Change, *, at: datetime) -> Schedule:
    to = change.step.to
    known = None if to.status is ScheduleStatus.COMPLETED else schedule.error
    return replace(
        schedule,
        status=to.status,
        retry_count=to.retry_count,
        max_retries=to.max_retries,
        is_doubtful=to.is_doubtful,
        holds=to.holds,
        on_late=to.on_late,
        latest_at=None if to.on_late is OnLate.PUBLISH else schedule.latest_at,
        error=known if change.error is None else storable(change.error),
        note=schedule.note if change.note is None else storable(change.note),
        external_id=schedule.external_id if change.external_id is None else storable(change.external_id),
        version=schedule.version + (change.step.event is not None),
        updated_at=at,
    )


def changed(schedule: Schedule, *, now: datetime, holds: frozenset[Hold]) -> Schedule:
    """The next version of a schedule."""
    return replace(schedule, holds=holds, version=schedule.version + 1, updated_at=now)


def storable(text: str | None) -> str | None:
    """As the storage keeps what others say: not without end, and no text that it cannot hold."""
    return text and text[:_LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


_WITH_TIMES = (EventKind.SCHEDULED, EventKind.RESCHEDULED)


@dataclass(slots=True)
class Rows:
    brands: dict[UUID, Brand] = field(default_factory=dict[UUID, Brand])
    campaigns: dict[UUID, Campaign] = field(default_factory=dict[UUID, Campaign])
    paused_campaigns: frozenset[UUID] = field(default_factory=frozenset[UUID])
    posts: dict[UUID, Post] = field(default_factory=dict[UUID, Post])
    schedules: dict[UUID, Row] = field(default_factory=dict[UUID, Row])
    attempts: dict[tuple[UUID, int], AttemptRecord] = field(default_factory=dict[tuple[UUID, int], AttemptRecord])
    previews: dict[UUID, Preview] = field(default_factory=dict[UUID, Preview])
    forgotten_previews: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])  # with their brands
    forgotten: dict[UUID, Schedule] = field(default_factory=dict[UUID, Schedule])
    deleted: frozenset[UUID] = field(default_factory=frozenset[UUID])
    outbox: tuple[AnyEvent, ...] = ()
    events: tuple[AnyEvent, ...] = ()
    histories: tuple[tuple[UUID, int], ...] = ((UUID(int=1), 0),)
    """The mark of each, and the position after which it began."""
    forgotten_up_to: int = 0  # the position of the last event that was forgotten
    tz_releases: dict[str, datetime] = field(default_factory=dict[str, datetime])
    policies: dict[UUID, tuple[Policy, ...]] = field(default_factory=dict[UUID, tuple[Policy, ...]])
    own_caps: dict[UUID, tuple[tuple[Platform, PlatformCap | None], ...]] = field(
        default_factory=dict[UUID, tuple[tuple[Platform, PlatformCap | None], ...]]
    )
    observations: dict[tuple[UUID, str], Observation] = field(default_factory=dict[tuple[UUID, str], Observation])
    profiles: dict[Lane, Snapshot] = field(default_factory=dict[Lane, Snapshot])
    refits: dict[Lane, tuple[datetime, datetime | None]] = field(
        default_factory=dict[Lane, tuple[datetime, datetime | None]]
    )
    """Of each lane when it is due, and until when somebody is at it."""
    preparations: dict[UUID, Preparation] = field(default_factory=dict[UUID, Preparation])
    agent_runs: tuple[KeptEntry, ...] = ()
    agent_texts: dict[str, tuple[UUID, datetime]] = field(default_factory=dict[str, tuple[UUID, datetime]])
    """By the digest of each entry whose texts are kept, its campaign, and since when they are."""
    agent_costs: dict[tuple[UUID, date], int] = field(default_factory=dict[tuple[UUID, date], int])
    agent_asking: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict[UUID, tuple[UUID, datetime]])
    """By its brand, the run that asks, and until when."""
    last_position: int = 0
    actor: str = field(default=SERVICE, compare=False)
    """Who tells the events."""

    def copy(self) -> "Rows":
        return replace(
            self,
            brands=dict(self.brands),
            campaigns=dict(self.campaigns),
            posts=dict(self.posts),
            schedules=dict(self.schedules),
            attempts=dict(self.attempts),
            previews=dict(self.previews),
            preparations=dict(self.preparations),
            agent_texts=dict(self.agent_texts),
            agent_costs=dict(self.agent_costs),
            agent_asking=dict(self.agent_asking),
            forgotten_previews=dict(self.forgotten_previews),
            forgotten=dict(self.forgotten),
            tz_releases=dict(self.tz_releases),
            policies=dict(self.policies),
            own_caps=dict(self.own_caps),
            observations=dict(self.observations),
            profiles=dict(self.profiles),
            refits=dict(self.refits),
        )

    def forget_agent_texts(self, entries: Collection[str]) -> None:
        """Of the entries with these digests."""
        self.agent_runs = tuple(
            replace(each, texts=None) if each.chain_hash in entries else each for each in self.agent_runs
        )
        self.agent_texts = {each: kept for each, kept in self.agent_texts.items() if each not in entries}

    def posts_of(self, campaign_id: UUID) -> list[Post]:
        posts = (post for post in self.posts.values() if post.campaign_id == campaign_id)
        return sorted(posts, key=lambda post: post.position)

    def campaign_shown(self, campaign: Campaign) -> Campaign:
        """With the number of its posts and its brand's zone."""
        brand = self.brands.get(campaign.brand_id)
        zone = brand.content.default_zone if brand else "UTC"
        return replace(campaign, post_count=len(self.kept_posts_of(campaign.campaign_id)), zone=zone)

    def kept_posts_of(self, campaign_id: UUID) -> list[Post]:
        """Without those that were deleted."""
        return [post for post in self.posts_of(campaign_id) if post.post_id not in self.deleted]

    def forgotten_of(self, campaign_id: UUID) -> list[Schedule]:
        posts = {post.post_id for post in self.posts_of(campaign_id)}
        return [each for each in self.forgotten.values() if each.post_id in posts]

    def put_post(self, post: Post) -> None:
        """Store a post; its schedules show what it says from now on."""
        self.posts[post.post_id] = post
        for row in self.rows_of({post.post_id}):
            self.schedules[row.schedule_id] = replace(row, schedule=of_post(row.schedule, post))

    def rows_of(self, post_ids: Collection[UUID]) -> list[Row]:
        return [row for row in self.schedules.values() if row.schedule.post_id in post_ids]

    def put(
        self,
        row: Row,
        kind: EventKind | None,
        *,
        now: datetime,
        before: datetime | None = None,
        note: str | None = None,
    ) -> None:
        """Store a row, and the event that tells of its change; ``before`` is when it was to go out until now, ``note``
        what a person said."""
        self.schedules[row.schedule_id] = row
        if kind is not None:
            self.tell(row.schedule, kind, now=now, before=before, note=note)

    def record(self, change: Change, *, at: datetime, now: datetime) -> Schedule:
        """Store a step with its event and attempt; return the schedule as it is now."""
        row = self.schedules[change.schedule_id].after(change, at=at, now=now)
        self.put(row, change.step.event, now=now, note=storable(change.note))
        if change.tried is not None:
            self.remember(row, change.tried, now=now)
        return row.schedule

    def remember(self, row: Row, tried: Tried, *, now: datetime) -> None:
        self.attempts[row.schedule_id, tried.token] = AttemptRecord(
            token=tried.token,
            started_at=row.last_send_at or now,
            finished_at=now,
            verdict=tried.verdict,
            reason=storable(tried.reason),
            external_id=storable(tried.external_id),
            title=row.sent and row.sent[0],
            s3_url=row.sent and row.sent[1],
            digest=row.sent and digest_of(*row.sent),
            owner=tried.owner,
        )

    def tell(
        self,
        schedule: Schedule,
        kind: EventKind,
        *,
        now: datetime,
        before: datetime | None = None,
        note: str | None = None,
    ) -> None:
        event = Event(
            position=0,  # given when the events are put in order
            kind=kind,
            brand_id=schedule.brand_id,
            schedule_id=schedule.schedule_id,
            post_id=schedule.post_id,
            campaign_id=self.posts[schedule.post_id].campaign_id,
            platform=schedule.platform,
            title=None,  # so is this
            publish_time=schedule.publish_time,
            previous_publish_time=before,
            status=schedule.status,
            retry_count=schedule.retry_count,
            external_id=schedule.external_id,
            error=schedule.error,
            note=note,
            occurred_at=now,
            actor=self.actor,
            overridden=schedule.overridden if kind in _WITH_TIMES else frozenset(),
            scheduler=schedule.scheduler if kind in _WITH_TIMES else None,
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

    def shown(self, schedule: Schedule) -> Schedule:
        """A schedule with what its post, brand and campaign say now, and what stands beside it."""
        known = of_post(schedule, self.posts[schedule.post_id]) if schedule.post_id in self.posts else schedule
        others = (row.schedule for row in self.schedules.values() if is_beside(row.schedule, known))
        beside = tuple(sorted(each.schedule_id for each in others)[:3])
        return replace(known, beside=beside, sources=self._sources(schedule))

    def move(self, schedule: Schedule, *, now: datetime) -> Schedule:
        """Store another time of a schedule, and revoke its claim."""
        row = self.schedules[schedule.schedule_id]
        moved = replace(
            row,
            schedule=replace(self.shown(schedule), holds=self.holds_on(schedule)),
            token=row.token + 1,
            claim_id=None,
            given_to=None,
            lease_expires_at=None,
            begun_at=None,
        )
        before = row.schedule.publish_time
        if schedule.publish_time != before:
            moved = replace(moved, not_before=None)
        self.put(replace(moved, due_at=moved.waiting_until(now)), EventKind.RESCHEDULED, now=now, before=before)
        return moved.schedule

    def _sources(self, schedule: Schedule) -> Sources | None:
        brand, post = self.brands.get(schedule.brand_id), self.posts.get(schedule.post_id)
        if brand is None:
            return None
        campaign = self.campaigns.get(post.campaign_id) if post and post.campaign_id else None
        days = (campaign.start_date, campaign.end_date) if campaign else None
        return Sources(zone=brand.content.default_zone, lateness=brand.content.lateness, days=days)

    def from_brand(self, schedule: Schedule) -> Schedule:
        """A new schedule with what its brand says of lateness, held where something pauses it."""
        lateness = self.brands[schedule.brand_id].content.lateness if schedule.brand_id in self.brands else Lateness()
        is_limited = lateness.on_late is not OnLate.PUBLISH
        latest_at = schedule.publish_time + lateness.max_lateness if is_limited else None
        return replace(
            self.shown(schedule), holds=self.holds_on(schedule), on_late=lateness.on_late, latest_at=latest_at
        )

    def follow_schedules(self, campaign_id: UUID, *, now: datetime) -> None:
        if campaign_id not in self.campaigns:
            return
        of_it = [row.schedule for row in self.rows_of({post.post_id for post in self.posts_of(campaign_id)})]
        statuses = {schedule.status for schedule in (*of_it, *self.forgotten_of(campaign_id))}
        status = status_of(
            is_paused=campaign_id in self.paused_campaigns,
            is_active=any(schedule.is_active for schedule in of_it),
            is_published=not statuses.isdisjoint(PUBLISHED),
            is_finished=not statuses.isdisjoint(FINISHED),
        )
        campaign = self.campaigns[campaign_id]
        if campaign.status is not status:
            self.campaigns[campaign_id] = replace(campaign, status=status, updated_at=now)


def is_beside(one: Schedule, other: Schedule) -> bool:
    """Whether both go out on one lane at one instant."""
    is_another = one.schedule_id != other.schedule_id and one.is_active and other.is_active
    return is_another and _lane_and_time(one) == _lane_and_time(other)


def _lane_and_time(schedule: Schedule) -> tuple[UUID, Platform, datetime]:
    return schedule.brand_id, schedule.platform, schedule.publish_time


def of_post(schedule: Schedule, post: Post) -> Schedule:
    return replace(schedule, title=post.title, campaign_id=post.campaign_id, s3_url=post.s3_url)


View = Callable[[], Rows]


def place_in_time(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


def in_time_order(schedules: Iterable[Schedule]) -> Sequence[Schedule]:
    return sorted(schedules, key=place_in_time)
