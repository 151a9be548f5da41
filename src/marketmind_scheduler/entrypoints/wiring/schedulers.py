"""The kinds of schedulers: how each is made."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypedDict

from marketmind_scheduler.application.agent.model import ConfiguredModel
from marketmind_scheduler.application.planning.agentic import AgenticScheduler
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.schedulers import EngagementScheduler, NaiveScheduler, QueueScheduler
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.problem import Alternative, LaneChoice, LaneProblem, OpenSlot, WhyUnplaced
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.plan_solver import PlanSolver
from marketmind_scheduler.ports.scheduler import Scheduler


class Planners(TypedDict):
    """What everybody needs who lets schedulers plan."""

    schedulers: Mapping[SchedulerKind, Scheduler]
    zones: ZoneCatalog
    clock: Clock
    new_id: NewId
    horizon: timedelta
    quota: Quota


_WHY_NOT = "this process solves nothing; ask one that serves the API"


class NoSolver:
    """Stands for the solver where nothing is to be solved."""

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        del problems, seconds
        raise SchedulerUnavailable(_WHY_NOT)

    async def fixed(self, problem: LaneProblem, *, post: int, slot: int, seconds: float) -> LaneChoice | None:
        del problem, post, slot, seconds
        raise SchedulerUnavailable(_WHY_NOT)

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        del problem, chosen, most, seconds
        raise SchedulerUnavailable(_WHY_NOT)

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        del problem, choice, later, seconds
        raise SchedulerUnavailable(_WHY_NOT)

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        del profile, posts
        raise SchedulerUnavailable(_WHY_NOT)


def schedulers_of(
    settings: Settings, solver: PlanSolver | None = None, model: ConfiguredModel | None = None
) -> Mapping[SchedulerKind, Scheduler]:
    """One for each kind that a request may ask for; ``model`` takes part in what `agentic` plans."""
    return {kind: made(settings, solver or NoSolver(), model) for kind, made in SCHEDULERS.items()}


def agentic_of(schedulers: Mapping[SchedulerKind, Scheduler]) -> AgenticScheduler:
    agentic = schedulers[SchedulerKind.AGENTIC]
    if not isinstance(agentic, AgenticScheduler):
        raise TypeError(type(agentic).__name__)
    return agentic


SCHEDULERS: Mapping[SchedulerKind, Callable[[Settings, PlanSolver, ConfiguredModel | None], Scheduler]] = {
    SchedulerKind.NAIVE: lambda _settings, _solver, _model: NaiveScheduler(),
    SchedulerKind.QUEUE: lambda _settings, _solver, _model: QueueScheduler(),
    SchedulerKind.ENGAGEMENT: lambda _settings, solver, _model: EngagementScheduler(solver),
    SchedulerKind.AGENTIC: lambda _settings, solver, model: AgenticScheduler(EngagementScheduler(solver), model),
}
