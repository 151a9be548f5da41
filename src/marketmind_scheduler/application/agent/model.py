"""A configured language model, with what it may use, and how it stands in this process."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.application.agent.book import RunBook
from marketmind_scheduler.domain.agent.limits import AgentLimits, Fitness, Patience, Prices
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import LanguageModel, ModelUnavailable


class GaveUp(Exception):  # noqa: N818  # named after what happened
    """The model has no part in the rest of a run."""

    def __init__(self, reason: FallbackReason) -> None:
        super().__init__(reason)
        self.reason = reason


_FAULTS_OF_THE_MODEL = frozenset({FallbackReason.UNAVAILABLE, FallbackReason.TIMEOUT})


@dataclass(kw_only=True)
class ModelStanding:
    """What one process has seen of the model, and who is asking it."""

    fitness: Fitness = Fitness.UNTESTED
    patience: Patience = field(default_factory=Patience)
    asking: set[UUID] = field(default_factory=set[UUID])


@dataclass(frozen=True, kw_only=True)
class ConfiguredModel:
    """``book`` is where runs are recorded and costs reserved, apart from any request. ``name`` and ``host`` are what is
    recorded of whom is asked; ``monotonic`` reads seconds."""

    model: LanguageModel
    book: RunBook
    name: str
    host: str
    monotonic: Callable[[], float]
    limits: AgentLimits = field(default_factory=AgentLimits)
    prices: Prices = field(default_factory=Prices)
    standing: ModelStanding = field(default_factory=ModelStanding)

    @asynccontextmanager
    async def admitted(self, brand_id: UUID, run_id: UUID) -> AsyncGenerator[None]:
        """Nobody else asks for a plan of the brand meanwhile, in any process. Raises GaveUp where the model is not to
        be asked now, and StorageUnavailable."""
        standing = self.standing
        if standing.fitness is Fitness.UNUSABLE:
            raise GaveUp(FallbackReason.SELF_TEST_FAILED)
        if standing.patience.is_resting(self.now()):
            raise GaveUp(FallbackReason.BREAKER_OPEN)
        if brand_id in standing.asking or len(standing.asking) >= self.limits.runs_at_once:
            raise GaveUp(FallbackReason.BUSY)
        standing.asking.add(brand_id)
        try:
            async with self._asking_alone(brand_id, run_id):
                yield
        finally:
            standing.asking.discard(brand_id)

    @asynccontextmanager
    async def _asking_alone(self, brand_id: UUID, run_id: UUID) -> AsyncGenerator[None]:
        within = timedelta(seconds=self.limits.seconds_per_run)
        if not await self.book.start_asking(brand_id, run_id, within=within):
            raise GaveUp(FallbackReason.BUSY)
        try:
            yield
        finally:
            await self.book.stop_asking(brand_id, run_id)

    def answered(self) -> None:
        self.standing.patience = Patience()

    def failed(self, reason: FallbackReason) -> None:
        if reason in _FAULTS_OF_THE_MODEL:
            self.standing.patience = self.standing.patience.after_failure(self.now())

    def now(self) -> timedelta:
        return timedelta(seconds=self.monotonic())


def no_answer(failed: BaseException) -> ModelUnavailable:
    """What is made of whatever a model raises: nothing of it leaves the scheduler."""
    if isinstance(failed, ModelUnavailable):
        return failed
    if isinstance(failed, TimeoutError):
        return ModelUnavailable(FallbackReason.TIMEOUT, "no answer came in time")
    return ModelUnavailable(FallbackReason.UNAVAILABLE, type(failed).__name__)
