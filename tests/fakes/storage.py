"""Storage in memory: an adapter that keeps every promise of its port, and is trusted because the contract suite runs
on it as on PostgreSQL.

A unit of work writes into a copy of everything, which takes its place at commit; leaving without commit drops the
copy. Nothing ever waits: where PostgreSQL would make one unit of work wait for another, here the one that commits
second gets LostRace, as the port allows. References between rows are not checked.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Container, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.attempt import AttemptRecord, lease_ends
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.derivation import differences
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound, Deleted, PostNotFound, UnknownSchedule
from marketmind_scheduler.domain.event import SERVICE, AnyEvent, Event, EventKind
from marketmind_scheduler.domain.history import History
from marketmind_scheduler.domain.lifecycle import may_be_doubted
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.sources import Difference
from marketmind_scheduler.domain.wall_clock import IntentKind
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.post_bookings import Look
from marketmind_scheduler.ports.schedule_search import Found
from marketmind_scheduler.ports.schedules import ScheduleFilter, Sends
from marketmind_scheduler.ports.storage import LostRace
from marketmind_scheduler.ports.transitions import Change, LaneCount, Locked, Tried
from tests.fakes.agent_runs import InMemoryAgentRuns, InMemoryPreparations
from tests.fakes.erasures import InMemoryErasures
from tests.fakes.lanes import take_turns
from tests.fakes.observations import InMemoryObservations
from tests.fakes.policies import InMemoryLanes, InMemoryPolicyRepository, rules_of
from tests.fakes.previews import InMemoryPreviews
from tests.fakes.retryables import InMemoryRetryables
from tests.fakes.rows import Row, Rows, View, in_time_order, place_in_time, storable


class InMemoryBrandRepository:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def get(self, brand_id: UUID) -> Brand:
        if brand := await self.find(brand_id):
            return brand
        raise BrandNotFound(brand_id)

    async def find(self, brand_id: UUID) -> Brand | None:
        if not self._reach.covers(brand_id):
            raise BrandNotFound(brand_id)
        _check_kept("brand", brand_id, self._view())
        return self._view().brands.get(brand_id)

    async def save(self, brand: Brand) -> Brand:
        brands = self._view().brands
        known = brands.get(brand.brand_id)
        kept = (known.created_at, known.paused_at) if known else (brand.created_at, None)
        stored = replace(brand, created_at=kept[0], paused_at=kept[1])
        brands[brand.brand_id] = stored
        return stored

    async def add(self, brand: Brand) -> Brand:
        _check_new(brand.brand_id, self._view().brands)
        return await self.save(brand)

    async def lock(self, brand_id: UUID) -> None:
        del brand_id  # whoever commits second loses the race

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        brands = sorted(self._view().brands.values(), key=lambda brand: brand.brand_id)
        return [
            brand
            for brand in brands
            if self._reach.covers(brand.brand_id)
            and brand.brand_id not in self._view().deleted
            and (after is None or brand.brand_id > after)
        ][:limit]


class InMemoryCampaignRepository:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def get(self, campaign_id: UUID) -> Campaign:
        if campaign := await self.find(campaign_id):
            return campaign
        raise CampaignNotFound(campaign_id)

    async def find(self, campaign_id: UUID) -> Campaign | None:
        rows = self._view()
        campaign = rows.campaigns.get(campaign_id)
        if campaign and not self._reach.covers(campaign.brand_id):
            return None
        _check_kept("campaign", campaign_id, rows)
        if campaign is None:
            return None
        return rows.campaign_shown(campaign)

    async def save(self, campaign: Campaign) -> Campaign:
        campaigns = self._view().campaigns
        if known := campaigns.get(campaign.campaign_id):
            campaign = replace(campaign, brand_id=known.brand_id, status=known.status, created_at=known.created_at)
        campaigns[campaign.campaign_id] = campaign
        return await self.get(campaign.campaign_id)

    async def add(self, campaign: Campaign) -> Campaign:
        known = self._view().campaigns.get(campaign.campaign_id)
        if known and not self._reach.covers(known.brand_id):
            raise CampaignNotFound.taken(campaign.campaign_id)
        _check_new(campaign.campaign_id, self._view().campaigns)
        return await self.save(campaign)

    async def lock(self, campaign_id: UUID) -> None:
        del campaign_id  # whoever commits second loses the race

    async def follow_schedules(self, campaign_id: UUID) -> None:
        self._view().follow_schedules(campaign_id, now=self._clock.now())

    async def arrange(self, post_ids: Sequence[UUID], *, now: datetime) -> None:
        posts = self._view().posts
        turns = sorted(posts[post_id].position for post_id in post_ids)
        for post_id, position in zip(post_ids, turns, strict=True):
            if posts[post_id].position != position:
                posts[post_id] = replace(posts[post_id], position=position, updated_at=now)

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        chosen = [
            campaign
            for campaign in sorted(self._view().campaigns.values(), key=lambda campaign: campaign.campaign_id)
            if self._reach.covers(campaign.brand_id)
            and campaign.campaign_id not in self._view().deleted
            and brand_id in (None, campaign.brand_id)
            and status in (None, campaign.status)
            and (after is None or campaign.campaign_id > after)
        ]
        return [await self.get(campaign.campaign_id) for campaign in chosen[:limit]]


class InMemoryPostRepository:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def get(self, post_id: UUID) -> Post:
        post = self._view().posts.get(post_id)
        if post is None or not self._reach.covers(post.brand_id):
            raise PostNotFound(post_id)
        _check_kept("post", post_id, self._view())
        return post

    async def lock(self, post_id: UUID) -> Post:
        return await self.get(post_id)

    async def find_all(self, post_ids: Collection[UUID]) -> Sequence[Post]:
        posts = self._view().posts
        there = [each for each in post_ids if each in posts and self._reach.covers(posts[each].brand_id)]
        return [await self.get(post_id) for post_id in there]

    async def list_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Post]:
        return [post for post in self._view().kept_posts_of(campaign_id) if post.platform in platforms]

    async def lock_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[UUID]:
        return [post.post_id for post in await self.list_of_campaign(campaign_id, platforms=platforms)]

    async def save(self, posts: Sequence[Post]) -> None:
        rows = self._view()
        for post in posts:
            if known := rows.posts.get(post.post_id):
                self._check_free(known, post)
                rows.put_post(_replaced(known, post))
            else:
                rows.last_position += 1
                rows.posts[post.post_id] = replace(post, position=rows.last_position)

    async def add(self, post: Post) -> None:
        if known := self._view().posts.get(post.post_id):
            self._check_free(known, post)
        _check_new(post.post_id, self._view().posts)
        await self.save([post])

    def _check_free(self, known: Post, post: Post) -> None:
        if not self._reach.covers(known.brand_id):
            raise PostNotFound.taken(known.post_id)
        if known.brand_id != post.brand_id or known.post_id in self._view().deleted:
            raise LostRace

    async def list(
        self,
        *,
        brand_id: UUID | None,
        campaign_id: UUID | None,
        platform: Platform | None,
        limit: int,
        after: int | None,
    ) -> Sequence[Post]:
        return [
            post
            for post in sorted(self._view().posts.values(), key=lambda post: post.position)
            if self._reach.covers(post.brand_id)
            and post.post_id not in self._view().deleted
            and brand_id in (None, post.brand_id)
            and campaign_id in (None, post.campaign_id)
            and platform in (None, post.platform)
            and (after is None or post.position > after)
        ][:limit]


class InMemoryTzReleaseRepository:
    def __init__(self, view: View) -> None:
        self._view = view

    async def add(self, release: str, *, now: datetime) -> None:
        self._view().tz_releases.setdefault(release, now)

    async def newest(self) -> str | None:
        return max(self._view().tz_releases, default=None)


class InMemoryEventRepository:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def list(self, *, brand_id: UUID | None, after: int, limit: int) -> Sequence[AnyEvent]:
        posts = self._view().posts
        behind = (event for event in self._view().events if event.position > after)
        chosen = [each for each in behind if self._reach.covers(each.brand_id) and brand_id in (None, each.brand_id)]
        return [
            replace(each, title=posts[each.post_id].title) if isinstance(each, Event) else each
            for each in chosen[:limit]
        ]

    async def latest_position(self) -> int:
        return max((event.position for event in self._view().events), default=self._view().forgotten_up_to)

    async def forgotten_up_to(self) -> int:
        return self._view().forgotten_up_to

    async def history(self, known: UUID | None) -> History:
        histories = self._view().histories
        mark = histories[-1][0] if histories else None
        if known is None:
            return History(mark=mark)
        marks = [each for each, _ in histories]
        if known not in marks:
            return History(mark=mark, shared_up_to=0)
        later = [begins_after for _, begins_after in histories[marks.index(known) + 1 :]]
        return History(mark=mark, shared_up_to=min(later, default=None))

    async def oldest_position(self) -> int | None:
        return min((event.position for event in self._view().events), default=None)


class InMemoryForgotten:
    def __init__(self, view: View) -> None:
        self._view = view

    async def published(self, post_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        of_posts = [each for each in self._in_order() if each.post_id in post_ids]
        return {each.post_id: each.schedule_id for each in of_posts if each.status is ScheduleStatus.COMPLETED}

    async def latest_of(self, post_id: UUID) -> UUID | None:
        return next((each.schedule_id for each in reversed(self._in_order()) if each.post_id == post_id), None)

    def _in_order(self) -> Sequence[Schedule]:
        return [each for _, each in sorted(self._view().forgotten.items())]


class InMemoryScheduleRepository:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def get(self, schedule_id: UUID) -> Schedule:
        return _found(self._view(), schedule_id, self._reach)

    async def find_all(self, schedule_ids: Collection[UUID]) -> Sequence[Schedule]:
        return [
            self._view().shown(row.schedule)
            for row in self._view().schedules.values()
            if row.schedule_id in schedule_ids and self._reach.covers(row.schedule.brand_id)
        ]

    async def find_current(self, post_id: UUID) -> Schedule | None:
        return _current(self._view(), post_id, self._reach)

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        return _standing(self._of_posts({post_id}))

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        post_ids = {post.post_id for post in self._view().kept_posts_of(campaign_id) if post.platform in platforms}
        by_post: defaultdict[UUID, list[Schedule]] = defaultdict(list)
        for schedule in self._of_posts(post_ids):
            by_post[schedule.post_id].append(schedule)
        return in_time_order(each for schedules in by_post.values() for each in _standing(schedules))

    async def sends_of(self, schedule_ids: Collection[UUID]) -> Mapping[UUID, Sends]:
        rows = self._view()
        attempts: defaultdict[UUID, list[AttemptRecord]] = defaultdict(list)
        for (of, _), record in sorted(rows.attempts.items(), key=_key):
            attempts[of].append(record)
        known = [rows.schedules[each] for each in schedule_ids if each in rows.schedules]
        return {row.schedule_id: Sends(attempts=attempts[row.schedule_id], next_attempt_at=row.due_at) for row in known}

    async def count_ahead(self, brand_id: UUID, *, now: datetime, most: int) -> int:
        of_brand = [row.schedule for row in self._view().schedules.values() if row.schedule.brand_id == brand_id]
        return min(most, sum(each.is_active and each.publish_time > now for each in of_brand))

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        return [
            self._view().shown(each)
            for each in in_time_order(row.schedule for row in self._view().schedules.values())
            if self._is_chosen(each, chosen) and (after is None or place_in_time(each) > after)
        ][:limit]

    def _is_chosen(self, schedule: Schedule, chosen: ScheduleFilter) -> bool:
        return self._reach.covers(schedule.brand_id) and is_chosen(self._view(), schedule, chosen)

    def _of_posts(self, post_ids: Collection[UUID]) -> Sequence[Schedule]:
        return [self._view().shown(row.schedule) for row in self._view().rows_of(post_ids)]


class InMemoryBookings:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._clock = clock
        self._reach = reach

    async def lock(self, schedule_id: UUID) -> Schedule:
        return _found(self._view(), schedule_id, self._reach)

    async def lock_to_move(self, post_id: UUID) -> Schedule | None:
        return await self.lock_current(post_id)

    async def lock_current(self, post_id: UUID) -> Schedule | None:
        return _current(self._view(), post_id, self._reach)

    async def add(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        rows = self._view()
        taken = {row.schedule.post_id for row in rows.schedules.values() if row.schedule.is_active}
        for schedule in schedules:
            if schedule.post_id in taken:
                raise LostRace
            taken.add(schedule.post_id)
        stored = [rows.from_brand(each) for each in schedules]
        for schedule in stored:
            row = Row(schedule=schedule)
            rows.put(
                replace(row, due_at=row.waiting_until(schedule.publish_time)),
                EventKind.SCHEDULED,
                now=self._clock.now(),
            )
        return stored

    async def move(self, schedule: Schedule) -> Schedule:
        return self._view().move(schedule, now=self._clock.now())

    async def take_turns(
        self, schedules: Sequence[Schedule], *, age: timedelta, paces: Mapping[Platform, timedelta]
    ) -> None:
        lanes = [(each.brand_id, each.platform) for each in schedules]
        take_turns(self._view(), lanes, age=age, paces=paces, now=self._clock.now())

    async def tell_post_changed(self, post_ids: Collection[UUID]) -> Sequence[Schedule]:
        rows, now = self._view(), self._clock.now()
        active = [row.post_changed(now=now) for row in rows.rows_of(post_ids) if row.schedule.is_active]
        for row in active:
            rows.put(row, EventKind.POST_CHANGED, now=now)
        return sorted((row.schedule for row in active), key=lambda each: each.schedule_id)

    async def follow_campaigns(self, post_ids: Collection[UUID]) -> None:
        rows, now = self._view(), self._clock.now()
        for row in rows.rows_of(post_ids):
            is_held = Hold.CAMPAIGN_PAUSED in row.schedule.holds
            is_paused = rows.posts[row.schedule.post_id].campaign_id in rows.paused_campaigns
            if not row.schedule.is_active or is_held is is_paused:
                continue
            if is_paused:
                rows.put(row.held(Hold.CAMPAIGN_PAUSED, now=now), EventKind.PARKED, now=now)
            else:
                rows.put(row.released(Hold.CAMPAIGN_PAUSED, ready_at=now, now=now), EventKind.RESUMED, now=now)


class InMemoryPostBookings:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self._view = view
        self._posts = InMemoryPostRepository(view, reach)
        self._bookings = InMemoryBookings(view, clock, reach)
        self._forgotten = InMemoryForgotten(view)

    async def look(self, post_id: UUID) -> Look:
        rows, post = self._view(), await self._posts.get(post_id)
        standing = [row.schedule for row in rows.rows_of({post_id})]
        published = [each for each in standing if each.status is ScheduleStatus.COMPLETED]
        return Look(
            post=post,
            rules=rules_of(rows, post.brand_id),
            newest_release=max(rows.tz_releases, default=None),
            is_scheduled=any(each.is_active for each in standing),
            is_published=bool(published or await self._forgotten.published([post_id])),
            versions=(hash(post), hash((rows.brands[post.brand_id], repr(rules_of(rows, post.brand_id))))),
        )

    async def add(self, schedule: Schedule) -> Schedule:
        [stored] = await self._bookings.add([schedule])
        return self._view().shown(stored)

    async def add_as_seen(self, schedule: Schedule, look: Look, *, allow_repost: bool) -> Schedule | None:
        if schedule.post_id in self._view().deleted:
            return None
        now, intent = await self.look(schedule.post_id), schedule.slot.intent
        is_outdated = intent.kind is IntentKind.WALL and (now.newest_release or "") > intent.tz_release
        is_refused = is_outdated or (now.is_published and not allow_repost)
        return None if is_refused or now.versions != look.versions else await self.add(schedule)


class InMemoryDerivations:
    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def tell_changed(self, chosen: ScheduleFilter) -> int:
        rows, now = self._view(), self._clock.now()
        found = await self.lock(chosen)
        for each in found:
            row = rows.schedules[each.schedule_id]
            changed = replace(row.schedule, version=row.schedule.version + 1, updated_at=now)
            rows.put(replace(row, schedule=changed), EventKind.SOURCE_CHANGED, now=now)
        return len(found)

    async def rename_zone(self, brand_id: UUID, zone: str, *, other_names: Collection[str]) -> None:
        rows = self._view()
        for row in [row for row in rows.schedules.values() if row.schedule.brand_id == brand_id]:
            schedule, intent = row.schedule, row.schedule.slot.intent
            if schedule.is_active and intent.zone_is_default and intent.zone in other_names:
                slot = replace(schedule.slot, intent=replace(intent, zone=zone))
                rows.schedules[schedule.schedule_id] = replace(row, schedule=replace(schedule, slot=slot))

    async def count_outside(self, days: Mapping[UUID, tuple[datetime, datetime]]) -> Mapping[UUID, int]:
        dates = frozenset({Difference.DATES})
        filters = {each: ScheduleFilter(campaign_id=each, differs=dates, days=theirs) for each, theirs in days.items()}
        return {each: len(await self.lock(chosen)) for each, chosen in filters.items()}

    async def lock(self, chosen: ScheduleFilter) -> Sequence[Schedule]:
        rows = self._view()
        found = [rows.shown(row.schedule) for row in rows.schedules.values()]
        return sorted((each for each in found if is_chosen(rows, each, chosen)), key=lambda each: each.schedule_id)

    async def move(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        rows, now = self._view(), self._clock.now()
        return [rows.move(schedule, now=now) for schedule in schedules]


class InMemoryTransitions:
    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def lock(self, schedule_ids: Collection[UUID]) -> Sequence[Locked]:
        return self._locked(row for row in self._rows() if row.schedule_id in schedule_ids)

    async def lock_pending_of_campaign(self, campaign_id: UUID) -> Sequence[Locked]:
        post_ids = {post.post_id for post in self._view().posts_of(campaign_id)}
        of_campaign = (row for row in self._rows() if row.schedule.post_id in post_ids)
        return self._locked(row for row in of_campaign if row.status is ScheduleStatus.PENDING)

    async def lock_expired(self, *, limit: int) -> Sequence[Locked]:
        now, rows = self._clock.now(), self._view().schedules
        leased = [(row.lease_expires_at, row) for row in self._rows() if row.lease_expires_at]
        for ends, row in leased:
            shortened = lease_ends(ends, given_for=row.leased_for, now=now)
            rows[row.schedule_id] = replace(row, lease_expires_at=shortened)
        expired = [each for each in leased if each[0] <= now]
        return self._locked(row for _, row in sorted(expired, key=_first)[:limit])

    async def lock_late(self, *, limit: int) -> Sequence[Locked]:
        rows = [row for row in self._rows() if row.due_at or row.schedule.holds == frozenset({Hold.NO_RECEIVER})]
        waiting = [(row.schedule.latest_at, row) for row in rows if row.schedule.latest_at]
        late = [each for each in waiting if each[0] <= self._clock.now()]
        of_both = {row.schedule_id: (at, row) for at, row in [*self._not_dropped(), *late]}
        return self._locked(row for _, row in sorted(of_both.values(), key=_first)[:limit])

    def _not_dropped(self) -> Sequence[tuple[datetime, Row]]:
        """What is to be repeated though its receiver does not drop a repeat any more."""
        now = self._clock.now()
        due = [(row.due_at, row) for row in self._rows() if row.due_at and row.due_at <= now]
        return [(at, row) for at, row in due if row.schedule.is_doubtful and not row.drops_repeats(until=now)]

    async def lock_perhaps_sent(self, *, made_by: datetime, limit: int) -> Sequence[Locked]:
        return self._locked(self._perhaps_sent(made_by)[:limit])

    async def count_perhaps_sent(self, *, made_by: datetime) -> Sequence[LaneCount]:
        lanes = Counter((row.schedule.brand_id, row.schedule.platform) for row in self._perhaps_sent(made_by))
        return [
            LaneCount(brand_id=brand_id, platform=platform, schedules=count)
            for (brand_id, platform), count in sorted(lanes.items())
        ]

    async def record(
        self, changes: Sequence[Change], *, at: datetime | None = None, shown: bool = True
    ) -> Sequence[Schedule]:
        now = self._clock.now()
        recorded = in_time_order(self._view().record(change, at=at or now, now=now) for change in changes)
        return recorded if shown else ()

    async def tell_stale(self, schedule_id: UUID, tried: Tried) -> None:
        rows, now = self._view(), self._clock.now()
        row = rows.schedules[schedule_id]
        if row.schedule.post_id in rows.deleted:
            tried = replace(tried, reason=None)  # it may quote the post
        said = f"{tried.verdict} came too late" + ("" if tried.reason is None else f": {storable(tried.reason)}")
        told = replace(row.schedule, external_id=storable(tried.external_id), error=said)
        rows.tell(told, EventKind.STALE_VERDICT, now=now)
        known = rows.attempts.get((schedule_id, tried.token))
        if known is not None and known.owner == tried.owner:
            rows.remember(row, tried, now=now)
            corrected = rows.attempts[schedule_id, tried.token]
            rows.attempts[schedule_id, tried.token] = replace(corrected, started_at=known.started_at)

    def _rows(self) -> Sequence[Row]:
        return list(self._view().schedules.values())

    def _perhaps_sent(self, made_by: datetime) -> Sequence[Row]:
        return [
            row
            for row in self._rows()
            if may_be_doubted(row.standing)
            and row.schedule.publish_time <= self._clock.now()
            and row.schedule.created_at <= made_by
        ]

    def _locked(self, rows: Iterable[Row]) -> Sequence[Locked]:
        now = self._clock.now()
        return [row.locked(now) for row in rows]


class InMemoryScheduleSearch:
    """Looks through all of them at once."""

    def __init__(self, schedules: InMemoryScheduleRepository) -> None:
        self._schedules = schedules

    async def search(self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None) -> Found:
        found = await self._schedules.list(chosen, limit=limit + 1, after=after)
        return Found(found[:limit], goes_on=place_in_time(found[limit - 1]) if len(found) > limit else None)


class InMemoryRepositories:
    def __init__(self, view: View, clock: Clock, reach: Reach) -> None:
        self.brands = InMemoryBrandRepository(view, reach)
        self.campaigns = InMemoryCampaignRepository(view, clock, reach)
        self.posts = InMemoryPostRepository(view, reach)
        self.schedules = InMemoryScheduleRepository(view, reach)
        self.searches = InMemoryScheduleSearch(self.schedules)
        self.forgotten = InMemoryForgotten(view)
        self.bookings = InMemoryBookings(view, clock, reach)
        self.post_bookings = InMemoryPostBookings(view, clock, reach)
        self.derivations = InMemoryDerivations(view, clock)
        self.transitions = InMemoryTransitions(view, clock)
        self.erasures = InMemoryErasures(view, clock)
        self.retryables = InMemoryRetryables(view, reach)
        self.previews = InMemoryPreviews(view, clock, reach)
        self.preparations = InMemoryPreparations(view, clock, reach)
        self.agent_runs = InMemoryAgentRuns(view, clock, reach)
        self.lanes = InMemoryLanes(view, clock)
        self.policies = InMemoryPolicyRepository(view, reach)
        self.events = InMemoryEventRepository(view, reach)
        self.observations = InMemoryObservations(view, clock, reach)
        self.tz_releases = InMemoryTzReleaseRepository(view)


class InMemoryUnitOfWork(InMemoryRepositories):
    def __init__(self, view: View, clock: Clock, reach: Reach, commit: Callable[[], None]) -> None:
        super().__init__(view, clock, reach)
        self._commit = commit

    async def commit(self) -> None:
        self._commit()

    @asynccontextmanager
    async def in_turn(self) -> AsyncGenerator["InMemoryUnitOfWork"]:
        yield self


class InMemoryStorage:
    """``clock`` is the storage's own, which alone says what is due."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.races_to_lose = 0
        """How many of the next commits raise LostRace."""
        self._committed = Rows()
        self._open_units_of_work = 0

    @property
    def has_open_unit_of_work(self) -> bool:
        return self._open_units_of_work > 0

    def within(self, reach: Reach) -> "StorageWithin":
        return StorageWithin(self, reach, SERVICE)

    def acting(self, actor: str) -> "StorageWithin":
        return StorageWithin(self, EVERYWHERE, actor)

    def patient(self) -> "InMemoryStorage":
        return self

    @asynccontextmanager
    async def reading(self, reach: Reach = EVERYWHERE) -> AsyncGenerator[InMemoryRepositories]:
        yield InMemoryRepositories(self._snapshot, self.clock, reach)

    @asynccontextmanager
    async def unit_of_work(self, reach: Reach = EVERYWHERE, actor: str = SERVICE) -> AsyncGenerator[InMemoryUnitOfWork]:
        began_with = self._committed
        draft = replace(began_with.copy(), actor=actor)

        def commit() -> None:
            if self.races_to_lose > 0:
                self.races_to_lose -= 1
                raise LostRace
            if self._committed is not began_with:
                raise LostRace
            self._committed = draft.copy()

        self._open_units_of_work += 1
        try:
            yield InMemoryUnitOfWork(lambda: draft, self.clock, reach, commit)
        finally:
            self._open_units_of_work -= 1

    def at_once(
        self, reach: Reach = EVERYWHERE, actor: str = SERVICE
    ) -> AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self.unit_of_work(reach, actor)

    @contextmanager
    def changing(self, actor: str = SERVICE) -> Generator[Rows]:
        """One change of all that is stored, committed at the end; a unit of work that is open meanwhile loses the
        race, unless nothing was changed."""
        draft = replace(self._committed.copy(), actor=actor)
        yield draft
        if draft != self._committed:
            self._committed = draft

    def _snapshot(self) -> Rows:
        return self._committed.copy()  # so that nothing can be written while reading


class StorageWithin:
    """The storage in memory, as it is for one reach and one actor."""

    def __init__(self, whole: InMemoryStorage, reach: Reach, actor: str) -> None:
        self._whole = whole
        self._reach = reach
        self._actor = actor

    def within(self, reach: Reach) -> "StorageWithin":
        return StorageWithin(self._whole, reach, self._actor)

    def acting(self, actor: str) -> "StorageWithin":
        return StorageWithin(self._whole, self._reach, actor)

    def patient(self) -> "StorageWithin":
        return self

    def reading(self) -> AbstractAsyncContextManager[InMemoryRepositories]:
        return self._whole.reading(self._reach)

    def unit_of_work(self) -> AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self._whole.unit_of_work(self._reach, self._actor)

    def at_once(self) -> AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self._whole.at_once(self._reach, self._actor)


def is_chosen(rows: Rows, schedule: Schedule, chosen: ScheduleFilter) -> bool:
    post = rows.posts[schedule.post_id]
    return (
        chosen.brand_id in (None, schedule.brand_id)
        and chosen.campaign_id in (None, post.campaign_id)
        and chosen.status in (None, schedule.status)
        and chosen.without is not schedule.status
        and (chosen.in_title or "").casefold() in schedule.title.casefold()
        and chosen.platform in (None, schedule.platform)
        and (chosen.from_time is None or schedule.publish_time >= chosen.from_time)
        and (chosen.to_time is None or schedule.publish_time < chosen.to_time)
        and (chosen.among is None or schedule.schedule_id in chosen.among)
        and (not chosen.differs or _differs(schedule, chosen))
    )


def _differs(schedule: Schedule, chosen: ScheduleFilter) -> bool:
    first, behind = chosen.days or (schedule.publish_time, None)
    is_outside = schedule.publish_time < first or (behind is not None and schedule.publish_time >= behind)
    judged = set(differences(schedule)) - {Difference.DATES}
    if is_outside and schedule.status is ScheduleStatus.PENDING:
        judged.add(Difference.DATES)
    return not judged.isdisjoint(chosen.differs)


def _check_new(new_id: UUID, stored: Container[UUID]) -> None:
    if new_id in stored:
        raise LostRace


def _check_kept(noun: str, object_id: UUID, rows: Rows) -> None:
    if object_id in rows.deleted:
        raise Deleted.of(noun, object_id)


def _replaced(known: Post, given: Post) -> Post:
    changed = replace(known, campaign_id=given.campaign_id, title=given.title, s3_url=given.s3_url)
    return known if changed == known else replace(changed, updated_at=given.updated_at)


def _standing(schedules_of_post: Collection[Schedule]) -> Sequence[Schedule]:
    active = [each for each in schedules_of_post if each.is_active]
    completed = [each for each in schedules_of_post if each.status is ScheduleStatus.COMPLETED]
    return [*active, *sorted(completed, key=lambda each: each.schedule_id)[-1:]]


def _found(rows: Rows, schedule_id: UUID, reach: Reach) -> Schedule:
    row = rows.schedules.get(schedule_id)
    if row and reach.covers(row.schedule.brand_id):
        return rows.shown(row.schedule)
    forgotten = rows.forgotten.get(schedule_id)
    if forgotten and reach.covers(forgotten.brand_id):
        raise Deleted.schedule(schedule_id)
    raise UnknownSchedule(schedule_id)


def _current(rows: Rows, post_id: UUID, reach: Reach) -> Schedule | None:
    if post_id in rows.deleted:
        return None
    of_post = [rows.shown(row.schedule) for row in rows.rows_of({post_id}) if reach.covers(row.schedule.brand_id)]
    return max(of_post, key=lambda each: (each.is_active, each.schedule_id), default=None)


def _key(item: tuple[tuple[UUID, int], AttemptRecord]) -> tuple[UUID, int]:
    return item[0]


def _first(item: tuple[datetime, Row]) -> datetime:
    return item[0]
