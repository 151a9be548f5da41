"""Scheduling whole campaigns: plan, check, store; read; cancel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.planning.cases import Case, beside_others, check_unchanged, read_case
from marketmind_scheduler.application.planning.proposing import check_open, check_whole, proposed
from marketmind_scheduler.application.planning.share import SolverShare
from marketmind_scheduler.application.planning.writing import Writing, called_off
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.domain.errors import NeedsPreview, Rejected
from marketmind_scheduler.domain.planning.naive import make_room
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.planning.preview import Asked, Preview, PreviewStatus
from marketmind_scheduler.domain.planning.replanning import Planning, Renewal, plannings, posts_out
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.unhurried import aside, unhurried

_MOST_HISTORY = 100_000
_MOST_PREVIEWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignScheduling:
    storage: Storage
    schedulers: Mapping[SchedulerKind, Scheduler]
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota
    share: SolverShare = field(default_factory=SolverShare)

    @repeats_lost_races
    async def schedule(
        self,
        campaign_id: UUID,
        *,
        kind: SchedulerKind,
        platforms: Collection[Platform],
        renewal: Renewal = Renewal.NOTHING,
        override: Overriding = NOTHING,
    ) -> tuple[Sequence[Schedule], bool]:
        """Schedule every post of a campaign on ``platforms``, all or nothing, and let the campaign's status follow.

        Returns the schedules in time order, and whether this call made them: the same request again, with nothing
        changed, finds what stands. ``renewal`` says what is kept and what is planned anew, as
        ``replanning.decide`` does; what is given up is cancelled in the same transaction. The new ones may break the
        rules in ``override``.

        Raises CampaignNotFound, CampaignAlreadyScheduled, NoPostsToSchedule, PolicyViolated, BeyondHorizon,
        QuotaExceeded, ZoneRulesOutdated, NeedsPreview for what a language model takes part in, and what the scheduler
        raises: TooManyPosts, CampaignOver.
        """
        asked = Asked(scheduler=kind, platforms=frozenset(platforms), renewal=renewal)
        async with self.storage.unit_of_work() as work:
            case = await read_case(work, campaign_id, asked, zones=self.zones, now=self.clock.now())
        is_done = case.is_over and renewal in (Renewal.NOTHING, Renewal.FILL)
        if is_done or (case.standing and await self._stands_as_asked(case)):
            return case.standing, False
        if kind is SchedulerKind.AGENTIC:
            raise NeedsPreview(campaign_id, scheduler=kind)
        check_open(case)
        brief = case.brief_of_open_posts(self.zones)
        with self.share.taken(kind):
            plan = await proposed(self.schedulers[kind], brief, horizon=self.horizon)
        check_whole(plan)
        async with self.storage.unit_of_work() as work:
            rules = await check_unchanged(work, case)
            if kind is SchedulerKind.NAIVE:  # many campaigns at once would not get round each other by asking again
                brief = (await beside_others(work, case)).brief_of_open_posts(self.zones)
                plan = await aside(partial(make_room, plan, brief), len(brief.posts))
            writing = Writing(quota=self.quota, new_id=self.new_id, override=override)
            stored = await writing.write(work, case, plan, rules=rules, now=case.now)
            await self._remember(work, case, brief, plan, stored)
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
            stored = await work.transitions.record([called_off(each) async for each in unhurried(pending)], at=now)
            await work.campaigns.follow_schedules(campaign_id)
            await work.commit()
        return stored

    async def _stands_as_asked(self, case: Case) -> bool:
        """Whether there is nothing to do: nothing to place, or all of it stands as the scheduler planned it."""
        decision, renewal = case.decision, case.asked.renewal
        is_all_kept = not decision.open_posts and not decision.given_up
        if renewal is Renewal.FILL:
            return is_all_kept
        if any(each.is_chosen for each in decision.given_up):
            return False
        if renewal is Renewal.REPLACE and is_all_kept:
            return len({*posts_out(case.standing), *case.published}) < len(case.posts)
        return await self._stands_as_planned(case)

    async def _stands_as_planned(self, case: Case) -> bool:
        """Whether what stands is what the scheduler planned, at once or bit by bit, and nothing has changed since."""
        ever, previews = await self._history(case)
        asked = plannings(case.asked.scheduler, case.shown_posts, case.standing, ever)
        return bool(asked) and all([await self._is_as_planned(case, each, previews) for each in asked])

    async def _is_as_planned(self, case: Case, planning: Planning, previews: Mapping[datetime, Preview]) -> bool:
        """The naive rule looks at little besides, so it is asked again; else the plan is kept that was made then. On
        which grid it was asked for, and by which objective or instruction, is of no account: it is what stands."""
        stored = previews.get(planning.made_at)
        was_asked = replace(case, asked=stored.asked) if stored else case
        try:
            brief = was_asked.brief(planning.posts, planning.kept, planning.made_at, self.zones)
            if case.asked.scheduler is SchedulerKind.NAIVE:
                plan = await self.schedulers[case.asked.scheduler].propose(brief)
                agrees = partial(planning.agrees_with, plan, self.zones)
                if await aside(agrees, len(plan.placements)):
                    return True
        except Rejected:
            return False
        return bool(stored and stored.was_asked_of(brief) and planning.agrees_with(stored.plan, self.zones))

    async def _history(self, case: Case) -> tuple[Sequence[Schedule], Mapping[datetime, Preview]]:
        """All that these posts ever had, and the previews that were committed, by when."""
        campaign_id = case.campaign.campaign_id
        async with self.storage.reading() as repositories:
            ever = await repositories.schedules.list(
                ScheduleFilter(campaign_id=campaign_id), limit=_MOST_HISTORY, after=None
            )
            previews = await repositories.previews.list(
                campaign_id, limit=_MOST_PREVIEWS, after=None, status=PreviewStatus.COMMITTED
            )
        of_platforms = [each for each in ever if each.platform in case.asked.platforms]
        return of_platforms, {each.ended_at: each for each in previews if each.ended_at}

    async def _remember(
        self, work: UnitOfWork, case: Case, brief: Brief, plan: Plan, stored: Sequence[Schedule]
    ) -> None:
        """Keep the plan as a preview that was committed as soon as it was made."""
        made = await aside(partial(case.preview, self.new_id(), brief, plan), len(plan.placements))
        preview = await work.previews.add(made)
        await work.previews.end(preview.committed([each.schedule_id for each in stored], at=case.now))
