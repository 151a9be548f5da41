"""Scheduling whole campaigns: plan, check, store; read; cancel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.zone_rules import check_zone_rules
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    NoPostsToSchedule,
    PolicyViolated,
    Rejected,
)
from marketmind_scheduler.domain.lifecycle import cancelled, may_be_cancelled
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.planning.replanning import (
    Decision,
    Renewal,
    decide,
    moment_of_its_own,
    plannings,
    posts_out,
)
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import LostRace, Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import Change, Locked

_MOST_HISTORY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignScheduling:
    storage: Storage
    schedulers: Mapping[SchedulerKind, Scheduler]
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota

    @repeats_lost_races
    async def schedule(
        self,
        campaign_id: UUID,
        *,
        kind: SchedulerKind,
        platforms: Collection[Platform],
        renewal: Renewal = Renewal.NOTHING,
    ) -> tuple[Sequence[Schedule], bool]:
        """Schedule every post of a campaign on ``platforms``, all or nothing, and let the campaign's status follow.

        Returns the schedules in time order, and whether this call made them: the same request again, with nothing
        changed, finds what stands. ``renewal`` says what is kept and what is planned anew, as
        ``replanning.decide`` does; what is given up is cancelled in the same transaction.

        Raises CampaignNotFound, CampaignAlreadyScheduled, NoPostsToSchedule, PolicyViolated, BeyondHorizon,
        QuotaExceeded, ZoneRulesOutdated, and what the scheduler raises: TooManyPosts, CampaignOver.
        """
        case = await self._read(campaign_id, platforms)
        now = moment_of_its_own(case.standing, self.clock.now())
        decision = decide(case.posts, case.standing, renewal)
        if case.standing and await self._stands_as_asked(case, kind, renewal, decision):
            return case.standing, False
        if case.standing and renewal is Renewal.NOTHING:
            raise CampaignAlreadyScheduled(campaign_id, scheduled=len(case.standing), posts=len(case.posts))
        if not decision.open_posts:
            raise NoPostsToSchedule(campaign_id, platforms=sorted(platforms), out_already=len(case.posts))
        plan = await self._checked_plan(kind, self._brief(case, decision.open_posts, decision.kept, now))
        schedules = self._appointments(plan, case, now)
        async with self.storage.unit_of_work() as work:
            await _check_unchanged(work, case)
            await _cancel(work, decision.given_up, now)
            adding = len(schedules) - len(decision.given_up)
            await self.quota.check(work.schedules, case.brand.brand_id, adding=adding, now=now)
            stored = await work.bookings.add(schedules)
            await work.campaigns.follow_schedules(campaign_id)
            await work.commit()
        return stored, True

    async def list(
        self,
        campaign_id: UUID,
        *,
        status: ScheduleStatus | None,
        cancelled: bool = False,
        platform: Platform | None,
        limit: int,
        after: tuple[datetime, UUID] | None,
    ) -> Sequence[Schedule]:
        """Up to ``limit`` schedules of the campaign's posts in time order, those behind ``after``: with ``status`` only
        those, else all but the CANCELLED ones, or with ``cancelled`` all. Raises CampaignNotFound."""
        without = None if cancelled or status else ScheduleStatus.CANCELLED
        chosen = ScheduleFilter(campaign_id=campaign_id, status=status, without=without, platform=platform)
        async with self.storage.reading() as repositories:
            await repositories.campaigns.get(campaign_id)
            return await repositories.schedules.list(chosen, limit=limit, after=after)

    @repeats_lost_races
    async def cancel(self, campaign_id: UUID) -> Sequence[Schedule]:
        """Cancel what is still PENDING, all or nothing; the campaign is a DRAFT again, or COMPLETED where something of
        it has gone out. Returns what was cancelled, in time order; raises CampaignNotFound."""
        now = self.clock.now()
        async with self.storage.unit_of_work() as work:
            await work.campaigns.get(campaign_id)
            await work.campaigns.lock(campaign_id)
            pending = await work.transitions.lock_pending_of_campaign(campaign_id)
            stored = await work.transitions.record([_cancelled(each) for each in pending], at=now)
            await work.campaigns.follow_schedules(campaign_id)
            await work.commit()
        return stored

    async def _read(self, campaign_id: UUID, platforms: Collection[Platform]) -> "_Case":
        async with self.storage.reading() as repositories:
            await check_zone_rules(repositories, self.zones)
            campaign = await repositories.campaigns.get(campaign_id)
            brand = await repositories.brands.get(campaign.brand_id)
            posts = await repositories.posts.list_of_campaign(campaign_id, platforms=platforms)
            standing = await repositories.schedules.standing_of_campaign(campaign_id, platforms=platforms)
        return _Case(campaign=campaign, brand=brand, platforms=platforms, posts=posts, standing=standing)

    async def _stands_as_asked(self, case: "_Case", kind: SchedulerKind, renewal: Renewal, decision: Decision) -> bool:
        """Whether there is nothing to do: nothing to place, or all of it stands as the scheduler planned it."""
        is_all_kept = not decision.open_posts and not decision.given_up
        if renewal is Renewal.FILL:
            return is_all_kept
        if any(each.is_chosen for each in decision.given_up):
            return False
        if renewal is Renewal.REPLACE and is_all_kept:
            return len(posts_out(case.standing)) < len(case.posts)
        return await self._stands_as_planned(case, kind)

    async def _stands_as_planned(self, case: "_Case", kind: SchedulerKind) -> bool:
        """Whether what stands is what the scheduler planned, at once or bit by bit, and nothing has changed since."""
        asked = plannings(kind, case.posts, case.standing, await self._history(case))
        try:
            plans = [
                await self.schedulers[kind].propose(self._brief(case, each.posts, each.kept, each.made_at))
                for each in asked
            ]
        except Rejected:
            return False
        return bool(asked) and all(each.agrees_with(plan, self.zones) for each, plan in zip(asked, plans, strict=True))

    async def _history(self, case: "_Case") -> Sequence[Schedule]:
        chosen = ScheduleFilter(campaign_id=case.campaign.campaign_id)
        async with self.storage.reading() as repositories:
            ever = await repositories.schedules.list(chosen, limit=_MOST_HISTORY, after=None)
        return [each for each in ever if each.platform in case.platforms]

    def _brief(self, case: "_Case", posts: Sequence[Post], kept: Sequence[Schedule], now: datetime) -> Brief:
        self.zones.check(case.brand.content.default_zone)
        platforms = {post.platform for post in posts}
        return Brief(
            campaign_id=case.campaign.campaign_id,
            brand=case.brand.content,
            tz_release=self.zones.release,
            first_day=case.campaign.start_date,
            last_day=case.campaign.end_date,
            now=now,
            posts=tuple(PostToPlace(post_id=post.post_id, platform=post.platform) for post in posts),
            kept=tuple(
                Placement(post=PostToPlace(post_id=each.post_id, platform=each.platform), slot=each.slot)
                for each in kept
                if each.platform in platforms
            ),
        )

    async def _checked_plan(self, kind: SchedulerKind, brief: Brief) -> Plan:
        plan = await self.schedulers[kind].propose(brief)
        if broken := violations(plan, brief):
            raise PolicyViolated(broken)
        last = max((placement.slot for placement in plan.placements), key=lambda slot: slot.publish_time)
        if last.publish_time > brief.now + self.horizon:
            raise BeyondHorizon(last.local_text(), latest=brief.now + self.horizon)
        return plan

    def _appointments(self, plan: Plan, case: "_Case", now: datetime) -> Sequence[Schedule]:
        posts = {post.post_id: post for post in case.posts}
        return [
            Schedule.pending(
                self.new_id(),
                post=posts[placement.post.post_id],
                slot=placement.slot.in_zone_by_default(),  # a campaign's days are its brand's
                scheduler=plan.scheduler,
                now=now,
            )
            for placement in plan.placements
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A campaign as it was read, before anything is decided."""

    campaign: Campaign
    brand: Brand
    platforms: Collection[Platform]
    posts: Sequence[Post]
    standing: Sequence[Schedule]


async def _check_unchanged(work: UnitOfWork, case: _Case) -> None:
    """Lock the posts, and raise LostRace if they or what stands for them changed since ``case`` was read."""
    campaign_id = case.campaign.campaign_id
    posts = await work.posts.lock_of_campaign(campaign_id, platforms=case.platforms)
    await work.campaigns.lock(campaign_id)
    standing = await work.schedules.standing_of_campaign(campaign_id, platforms=case.platforms)
    if list(posts) != [post.post_id for post in case.posts] or list(standing) != list(case.standing):
        raise LostRace


async def _cancel(work: UnitOfWork, pending: Sequence[Schedule], now: datetime) -> None:
    """Cancel these; raises LostRace where one of them is not PENDING any more."""
    locked = await work.transitions.lock([each.schedule_id for each in pending])
    if not all(may_be_cancelled(each.standing) for each in locked):
        raise LostRace
    await work.transitions.record([_cancelled(each) for each in locked], at=now)


def _cancelled(pending: Locked) -> Change:
    return Change(schedule_id=pending.schedule.schedule_id, step=cancelled(pending.standing))
