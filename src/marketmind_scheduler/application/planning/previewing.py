"""Previews: made, read, committed or discarded. What is committed is what was shown."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.planning.cases import (
    Case,
    beside_other_brands,
    lock_campaign,
    read_case,
)
from marketmind_scheduler.application.planning.explaining import Why, check_spoken_of, why_not
from marketmind_scheduler.application.planning.keeping import case_of, kept
from marketmind_scheduler.application.planning.proposing import (
    InTheWay,
    check_open,
    check_whole,
    in_the_way,
    judged,
    proposed,
)
from marketmind_scheduler.application.planning.share import SolverShare
from marketmind_scheduler.application.planning.shown import Committed, Pictured, Shown, preview_of, shown_of
from marketmind_scheduler.application.planning.writing import Writing
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.domain.errors import (
    InstructionNotFollowed,
    PlanEnded,
    PlanHashDiffers,
    PlanOutdated,
    SchedulerError,
)
from marketmind_scheduler.domain.planning.digests import Part
from marketmind_scheduler.domain.planning.outdated import changes
from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.domain.planning.preview import Asked, Preview, PreviewStatus
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.planning.room import slots_of
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import days_in
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.unhurried import aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing:
    """``beside`` is the same storage, apart from the transaction of a request: what is written there stays where the
    request is refused."""

    storage: Storage
    beside: Storage
    schedulers: Mapping[SchedulerKind, Scheduler]
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota
    share: SolverShare = field(default_factory=SolverShare)

    @repeats_lost_races
    async def preview(self, campaign_id: UUID, asked: Asked) -> Shown:
        """Let a scheduler plan a campaign, and keep its plan as a preview; nothing is scheduled.

        Raises CampaignNotFound, CampaignAlreadyScheduled where something stands and nothing is said of it,
        NoPostsToSchedule, TooManyHeld, BeyondHorizon, ZoneRulesOutdated, and what the scheduler raises.
        """
        return await self._previewed(campaign_id, asked, self.storage)

    async def get(self, plan_id: UUID) -> Shown:
        """Raises PlanNotFound, PlanNotReady, ZoneRulesOutdated."""
        return (await self._read(plan_id))[0]

    @repeats_lost_races
    async def why(self, plan_id: UUID, post_id: UUID, at: str) -> Why:
        """Why this post does not stand at the wall time ``at`` of the brand's zone, as things are now, and what its
        scheduler would do, were it there; nothing is stored. Raises PlanNotFound, PostNotFound for a post that is not
        there or that the plan does not speak of, Deleted, and what ``read_slot`` raises."""
        async with self.storage.unit_of_work() as work:
            preview = await preview_of(plan_id, work)
            case = await case_of(work, preview, zones=self.zones, clock=self.clock)
            await check_spoken_of(work, preview, case, post_id)
        scheduler = self.schedulers[preview.asked.scheduler]
        return await why_not(preview, case, scheduler, post_id=post_id, at=at, zones=self.zones)

    async def picture(self, plan_id: UUID) -> Pictured:
        """Raises PlanNotFound, ZoneRulesOutdated."""
        shown, brief = await self._read(plan_id)
        platforms = {each.post.platform for each in shown.preview.plan.placements}
        open_hours = await asyncio.to_thread(_open_hours, brief, platforms)
        return Pictured(shown=shown, profiles=[brief.profile_of(each) for each in platforms], open_hours=open_hours)

    async def list(self, campaign_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Preview]:
        """Up to ``limit`` previews, the latest first, those behind ``after``. Raises CampaignNotFound."""
        async with self.storage.reading() as repositories:
            await repositories.campaigns.get(campaign_id)
            return await repositories.previews.list(campaign_id, limit=limit, after=after)

    async def commit(self, plan_id: UUID, given_hash: str, *, ignore_instruction: bool = False) -> Committed:
        """Make a preview's placements schedules, exactly these or none.

        Raises PlanNotFound, PlanNotReady, PlanHashDiffers, PlanEnded for a discarded one, InstructionNotFollowed for
        one that is made without an instruction that was given, unless that is to be ignored, PolicyViolated for one
        that leaves out a post or breaks a rule, PlanOutdated where its times cannot stand any more, QuotaExceeded,
        ZoneRulesOutdated.
        """
        done = await self._committed(plan_id, given_hash, ignore_instruction=ignore_instruction)
        if isinstance(done, Committed):
            return done
        fresh_id = await self._fresh(done.preview)
        raise PlanOutdated(
            plan_id,
            changed=done.changed,
            since=done.since,
            sentences=done.broken.sentences(),
            first=done.broken.of_each_kind(),
            violations=done.broken.told(),
            fresh_id=fresh_id,
        )

    @repeats_lost_races
    async def discard(self, plan_id: UUID) -> Preview:
        """Give back what is held for a preview; it cannot be committed any more. Raises PlanNotFound, and PlanEnded for
        one that was committed."""
        async with self.storage.unit_of_work() as work:
            preview = await preview_of(plan_id, work, is_locked=True)
            if preview.status is PreviewStatus.COMMITTED:
                raise PlanEnded(plan_id, status=preview.status)
            discarded = preview.discarded(at=self.clock.now())
            await work.previews.end(discarded)
            await work.commit()
        return discarded

    async def _read(self, plan_id: UUID) -> tuple[Shown, Brief]:
        """A preview, and what its scheduler would be told now."""
        async with self.storage.unit_of_work() as work:
            preview = await preview_of(plan_id, work)
            shown = await shown_of(preview, work)
            case = await case_of(work, preview, zones=self.zones, clock=self.clock)
        brief = case.brief_of_open_posts(self.zones)
        if preview.status is PreviewStatus.OPEN:
            broken = await in_the_way(preview.plan, brief, case)
            shown = replace(shown, changed=preview.changed_in(brief), broken=broken.sentences())
        return shown, brief

    @repeats_lost_races
    async def _committed(self, plan_id: UUID, given_hash: str, *, ignore_instruction: bool) -> "Committed | _Outdated":
        async with self.storage.unit_of_work() as work:
            preview = await preview_of(plan_id, work)
            _, rules = await lock_campaign(
                work, preview.asked, campaign_id=preview.campaign_id, brand_id=preview.brand_id
            )
            preview = await preview_of(plan_id, work, is_locked=True)
            _check_committable(preview, given_hash, ignore_instruction=ignore_instruction)
            if preview.status is PreviewStatus.COMMITTED:
                return Committed(campaign_id=preview.campaign_id, schedules=await _in_order(work, preview))
            case = await case_of(work, preview, zones=self.zones, clock=self.clock)
            brief = case.brief_of_open_posts(self.zones)
            changed = preview.changed_in(brief)
            broken = await in_the_way(preview.plan, brief, case)
            if broken.sentences() and changed:
                return _Outdated(preview, changed, [*changes(preview, brief)], broken)
            stored = await self._written(work, preview, case, rules)
            await work.commit()
        return Committed(campaign_id=preview.campaign_id, schedules=stored, changed=changed, is_new=True)

    async def _written(
        self, work: UnitOfWork, preview: Preview, case: Case, rules: Mapping[UUID, BrandRules]
    ) -> Sequence[Schedule]:
        writing = Writing(quota=self.quota, new_id=self.new_id)
        stored = await writing.write(work, case, preview.plan, rules=rules, now=case.now)
        await work.previews.end(preview.committed([each.schedule_id for each in stored], at=case.now))
        return stored

    async def _previewed(self, campaign_id: UUID, asked: Asked, storage: Storage) -> Shown:
        async with storage.unit_of_work() as work:
            case = await read_case(work, campaign_id, asked, zones=self.zones, now=self.clock.now())
            case = await beside_other_brands(work, case)
        check_open(case)
        brief = case.brief_of_open_posts(self.zones)
        with self.share.taken(asked.scheduler):
            proposal = await proposed(self.schedulers[asked.scheduler], brief, horizon=self.horizon)
        plan = await judged(proposal, case)
        preview = await aside(partial(case.preview, self.new_id(), brief, plan), len(plan.placements))
        return await kept(storage, preview, zones=self.zones, clock=self.clock)

    async def _fresh(self, preview: Preview) -> UUID | None:
        """A new preview of what was asked for, round what stands by now; None where there is none, or where a model
        would have to be asked."""
        if preview.asked.scheduler is SchedulerKind.AGENTIC:
            return None
        renewal = Renewal.FILL if preview.asked.renewal is Renewal.NOTHING else preview.asked.renewal
        asked = replace(preview.asked, hold=timedelta(), renewal=renewal)
        try:
            shown = await self._previewed(preview.campaign_id, asked, self.beside)
        except SchedulerError:
            return None
        return shown.preview.plan_id


@dataclass(frozen=True, slots=True)
class _Outdated:
    preview: Preview
    changed: Sequence[Part]
    since: Sequence[str]
    broken: InTheWay


def _check_committable(preview: Preview, given_hash: str, *, ignore_instruction: bool) -> None:
    if given_hash != preview.plan_hash:
        raise PlanHashDiffers(preview.plan_id, given=given_hash, current=preview.plan_hash)
    if preview.status is PreviewStatus.DISCARDED:
        raise PlanEnded(preview.plan_id, status=preview.status)
    instructed = preview.agent and preview.agent.instructed
    if instructed and not instructed.is_applied and not ignore_instruction and preview.status is PreviewStatus.OPEN:
        patch_hash = instructed.patch_hash
        raise InstructionNotFollowed(preview.plan_id, instruction=instructed.standing, patch_hash=patch_hash)
    check_whole(preview.plan)


def _open_hours(brief: Brief, platforms: Collection[Platform]) -> frozenset[datetime]:
    ever = replace(brief, now=days_in(brief.first_day, brief.first_day, brief.zone)[0] - timedelta(days=1))
    slots = (slot for platform in platforms for slot in slots_of(ever, platform))
    return frozenset(slot.local_time.replace(minute=0) for slot in slots)


async def _in_order(work: UnitOfWork, preview: Preview) -> Sequence[Schedule]:
    found = {each.schedule_id: each for each in await work.schedules.find_all(preview.schedule_ids)}
    return [found[schedule_id] for schedule_id in preview.schedule_ids if schedule_id in found]
