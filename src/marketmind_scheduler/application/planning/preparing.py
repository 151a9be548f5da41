"""Plans in which a language model takes part: asked for, made in the background, and looked at when they are ready."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.application.agent.conversation import RunIds
from marketmind_scheduler.application.agent.outcomes import Instruction, Outcome
from marketmind_scheduler.application.agent.tasks import RunTasks
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.planning.agentic import AgenticScheduler
from marketmind_scheduler.application.planning.cases import Case, beside_other_brands, read_case
from marketmind_scheduler.application.planning.keeping import kept
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.application.planning.proposing import check_open, check_promises, judged
from marketmind_scheduler.application.planning.shown import Shown
from marketmind_scheduler.domain.agent.records import KeptEntry, Texts, decision
from marketmind_scheduler.domain.agent.weighing import instruction_hash
from marketmind_scheduler.domain.errors import PlanNotReady, SchedulerError, SchedulerUnavailable, UnknownPatch
from marketmind_scheduler.domain.planning.agent_part import Instructed
from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.domain.planning.preparation import Preparation, PreparationStatus
from marketmind_scheduler.domain.planning.preview import Asked, Preview
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.ports.run_observer import RunObserver
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.unhurried import aside

_SOLVING_SECONDS = 60
"""What a run may take beside its limit: for the exact plan, and for solving again what others were quicker to take."""
_LAST_WORDS_SECONDS = 5
"""How long after it gives up it counts as failed for everybody: so a plan that is there late is never one that had
failed."""
_MOST_PREVIEWS = 100
_LONGEST_REQUEST_SECONDS = 60
_LOOKING_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """That a plan is asked for is written with its request, which may yet be rolled back, and so is one that is made at
    once; all else beside it, so that the plan is there when its run ends."""

    previewing: Previewing
    scheduler: AgenticScheduler
    release: str
    observer: RunObserver
    tasks: RunTasks = field(default_factory=RunTasks)

    async def begin(
        self, campaign_id: UUID, asked: Asked, *, words: str | None, accept_patch: str | None
    ) -> Shown | Preparation:
        """Let the plan be made in the background; without a model it is made at once. Raises CampaignNotFound,
        CampaignAlreadyScheduled, NoPostsToSchedule, PlanTooLarge, UnknownPatch, ZoneRulesOutdated, and for a plan that
        is made at once, what ``Previewing.preview`` raises."""
        case = await self.case(campaign_id, asked)
        check_open(case)
        instruction = None if words is None else await self._instruction(case, words, accept_patch)
        ids = RunIds(
            run_id=self.previewing.new_id(),
            plan_id=self.previewing.new_id(),
            brand_id=case.brand.brand_id,
            campaign_id=campaign_id,
        )
        if self.scheduler.configured is None:
            with self.previewing.share.taken(asked.scheduler):
                return await _Run(self, case, instruction, ids, self.previewing.storage).planned()
        run = _Run(self, case, instruction, ids, self.previewing.beside)
        seconds = self.scheduler.configured.limits.seconds_per_run + _SOLVING_SECONDS
        preparation = await self._begun(ids, case, within=timedelta(seconds=seconds + _LAST_WORDS_SECONDS))
        self.tasks.start(ids.plan_id, run.prepared(seconds))
        return preparation

    async def get(self, plan_id: UUID, *, wait: timedelta = timedelta()) -> Shown | Preparation:
        """The plan, or how far it is; where it is being made, wait for it so long. Raises PlanNotFound,
        ZoneRulesOutdated."""
        until = asyncio.get_running_loop().time() + wait.total_seconds()
        while True:
            found = await self._found(plan_id)
            left = until - asyncio.get_running_loop().time()
            if isinstance(found, Shown) or found.status is PreparationStatus.FAILED or left <= 0:
                return found
            await self.tasks.progress(plan_id, seconds=left)

    async def runs(self, plan_id: UUID) -> Sequence[KeptEntry]:
        """What was asked and answered for a plan, and how it was decided, in its order. Raises PlanNotFound."""
        await self._found(plan_id)
        async with self.previewing.storage.reading() as repositories:
            return await repositories.agent_runs.list(plan_id)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """What is still being made at the end is given up."""
        try:
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Give up what is being made here; it shows as failed."""
        await self.tasks.close()

    async def _found(self, plan_id: UUID) -> Shown | Preparation:
        try:
            return await self.previewing.get(plan_id)
        except PlanNotReady:
            async with self.previewing.storage.reading() as repositories:
                preparation = await repositories.preparations.find(plan_id)
            return preparation or await self.previewing.get(plan_id)  # it was made in between

    @repeats_lost_races
    async def case(self, campaign_id: UUID, asked: Asked) -> Case:
        """The campaign as it is now, with what counts beside it."""
        of = self.previewing
        async with of.beside.unit_of_work() as work:
            case = await read_case(work, campaign_id, asked, zones=of.zones, now=of.clock.now())
            return await beside_other_brands(work, case)

    @repeats_lost_races
    async def _begun(self, ids: RunIds, case: Case, *, within: timedelta) -> Preparation:
        async with self.previewing.storage.unit_of_work() as work:
            preparation = await work.preparations.begin(
                ids.plan_id, brand_id=ids.brand_id, campaign_id=ids.campaign_id, at=case.now, within=within
            )
            await work.commit()
        return preparation

    async def _instruction(self, case: Case, words: str, accept_patch: str | None) -> Instruction:
        if accept_patch is None:
            return Instruction(words=words)
        campaign_id = case.campaign.campaign_id
        async with self.previewing.beside.reading() as repositories:
            previews = await repositories.previews.list(campaign_id, limit=_MOST_PREVIEWS, after=None)
        for found in map(_instructed, previews):
            is_of_words = found is not None and found.instruction_hash == instruction_hash(words)
            if found is not None and is_of_words and found.patch_hash == accept_patch:
                return Instruction(words=words, accepted=found)
        raise UnknownPatch(campaign_id, patch_hash=accept_patch)


def _instructed(preview: Preview) -> Instructed | None:
    return preview.agent.instructed if preview.agent else None


class _Run:
    """One plan on its way, which is kept in this storage."""

    def __init__(
        self, preparing: Preparing, case: Case, instruction: Instruction | None, ids: RunIds, storage: Storage
    ) -> None:
        self._preparing = preparing
        self._previewing = preparing.previewing
        self._case = case
        self._instruction = instruction
        self._ids = ids
        self._storage = storage
        self._brief = case.brief_of_open_posts(self._previewing.zones)
        self._latest: tuple[Case, Brief] | None = None

    async def prepared(self, seconds: float) -> None:
        """Make and keep the plan; whatever it ends with instead is kept too. Nothing is, where its request was given
        up before it was answered."""
        try:
            async with asyncio.timeout(seconds):
                if await self._is_asked_for():
                    await self.planned()
        except SchedulerError as refused:
            await self._fail(refused)
        except TimeoutError:
            await self._fail(SchedulerUnavailable(f"the plan was not made within {seconds:g} seconds; ask again"))
        except BaseException:
            await self._fail(SchedulerUnavailable("whoever made the plan was stopped; ask again"))
            raise

    async def _is_asked_for(self) -> bool:
        """Once the transaction of its request has ended."""
        until = asyncio.get_running_loop().time() + _LONGEST_REQUEST_SECONDS
        while asyncio.get_running_loop().time() < until:
            async with self._previewing.beside.reading() as repositories:
                if await repositories.preparations.find(self._ids.plan_id):
                    return True
            await asyncio.sleep(_LOOKING_AGAIN_SECONDS)
        return False

    async def planned(self) -> Shown:
        """Raises what the scheduler raises, PolicyViolated, BeyondHorizon, TooManyHeld."""
        scheduler = self._preparing.scheduler
        outcome = await scheduler.run(self._brief, self._instruction, self._ids, self._now)
        case, brief, horizon = self._case_of(outcome), outcome.brief, self._previewing.horizon
        await aside(partial(check_promises, outcome.plan, brief, horizon=horizon), len(brief.posts))
        plan = await judged(outcome.plan, case)
        preview = case.preview(self._ids.plan_id, brief, plan, outcome.part)
        return await self._kept(preview, outcome)

    @repeats_lost_races
    async def _kept(self, preview: Preview, outcome: Outcome) -> Shown:
        decided = decision(
            outcome.part,
            before=outcome.before,
            because=outcome.because,
            repaired=[each.post.post_id for each in outcome.repaired],
            brief=outcome.brief,
            plan_hash=preview.plan_hash,
            release=self._preparing.release,
        )
        texts = self._texts(outcome)

        async def also(work: UnitOfWork) -> None:
            await work.agent_runs.add(self._ids.entry(decided, texts))
            await work.preparations.end(self._ids.plan_id)

        of = self._previewing
        shown = await kept(self._storage, preview, zones=of.zones, clock=of.clock, also=also)
        self._preparing.observer.decided(decided)
        return shown

    def _texts(self, outcome: Outcome) -> Texts:
        """What a replay needs, where a model was there to be asked."""
        given, configured = self._instruction, self._preparing.scheduler.configured
        later = outcome.brief if self._latest and self._latest[1] is outcome.brief else None
        return Texts(
            instruction=given and given.words,
            accepted=given and given.accepted,
            limits=configured and configured.limits,
            brief=self._brief if configured else None,
            later=later,
        )

    async def _now(self, patch: Patch) -> Brief:
        asked = replace(self._case.asked, patch=patch)
        case = await self._preparing.case(self._case.campaign.campaign_id, asked)
        brief = case.brief_of_open_posts(self._previewing.zones)
        self._latest = case, brief
        return brief

    def _case_of(self, outcome: Outcome) -> Case:
        if self._latest and self._latest[1] is outcome.brief:
            return self._latest[0]
        case, patch = self._case, outcome.patch
        return replace(case, asked=replace(case.asked, patch=patch), rules=patch.added_to(case.rules))

    @repeats_lost_races
    async def _fail(self, trouble: SchedulerError) -> None:
        async with self._previewing.beside.unit_of_work() as work:
            await work.preparations.fail(self._ids.plan_id, (trouble.code, str(trouble)))
            await work.commit()
