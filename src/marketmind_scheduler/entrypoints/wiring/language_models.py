"""Which language model takes part in agentic plans, and how it is tried."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import structlog

from marketmind_scheduler.adapters.language_models.endpoint import Endpoint
from marketmind_scheduler.application.agent.book import StoredRunBook
from marketmind_scheduler.application.agent.model import ConfiguredModel, ModelStanding
from marketmind_scheduler.application.agent.self_testing import SelfTesting
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.agent.self_test import SelfTest
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.ports.language_model import LanguageModel
from marketmind_scheduler.ports.run_observer import RunObserver
from marketmind_scheduler.ports.storage import Storage

if TYPE_CHECKING:
    from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel

log = structlog.get_logger()

NOT_INSTALLED = (
    "SCHEDULER_AGENT_BASE_URL names a language model, and what asks it is not installed: that is the extra agent; "
    'in a checkout, pip install ".[agent]"'
)
_MARKS = {Fitness.ENFORCED: Mark.WELL, Fitness.UNENFORCED: Mark.DOUBTFUL, Fitness.UNUSABLE: Mark.DOUBTFUL}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInUse:
    configured: ConfiguredModel
    self_testing: SelfTesting


@asynccontextmanager
async def model_in_use(
    settings: Settings, storage: Storage, observer: RunObserver
) -> AsyncGenerator[ModelInUse | None]:
    """As configured, as long as the context; None without an endpoint, or without the extra. Raises SettingsError."""
    endpoint = settings.agent_endpoint
    if endpoint is not None and not is_installed():
        log.warning("no language model", reason=NOT_INSTALLED)
        endpoint = None
    if endpoint is None:
        yield None
        return
    async with asking(endpoint) as model:
        configured = ConfiguredModel(
            model=model,
            book=StoredRunBook(storage, observer),
            name=endpoint.model,
            host=endpoint.authority,
            monotonic=time.monotonic,
            limits=settings.agent_limits,
            prices=settings.agent_prices,
        )
        yield ModelInUse(configured=configured, self_testing=self_testing(model, configured.standing, settings))


def is_installed() -> bool:
    return find_spec("pydantic_ai") is not None and find_spec("openai") is not None


def self_testing(model: LanguageModel, standing: ModelStanding, settings: Settings) -> SelfTesting:
    return SelfTesting(
        model,
        standing,
        seconds=settings.agent_limits.seconds_per_call,
        new_token=lambda: secrets.token_hex(3),
        monotonic=time.monotonic,
    )


async def tested_once(endpoint: Endpoint, settings: Settings) -> SelfTest:
    async with asking(endpoint) as model:
        return await self_testing(model, ModelStanding(), settings).test()


@asynccontextmanager
async def asking(endpoint: Endpoint) -> AsyncGenerator[LanguageModel]:
    """Its libraries take seconds to be read, so that is done when the first question comes, beside the event loop."""
    async with AsyncExitStack() as opened:
        yield _OpenedWhenAsked(endpoint, opened)


class _OpenedWhenAsked:
    def __init__(self, endpoint: Endpoint, opened: AsyncExitStack) -> None:
        self._endpoint = endpoint
        self._opened = opened
        self._opening = asyncio.Lock()
        self._model: LanguageModel | None = None

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        async with self._opening:
            model = self._model = self._model or await self._open()
        return await model.ask(question, seconds=seconds)

    async def _open(self) -> LanguageModel:
        chat = await asyncio.to_thread(_libraries_read)
        return await self._opened.enter_async_context(chat.at(self._endpoint))


def _libraries_read() -> "type[ChatLanguageModel]":
    from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel  # noqa: PLC0415  # as told above

    return ChatLanguageModel


def examine_model(settings: Settings, *, connect: bool) -> Sequence[Finding]:
    """Whether the model can be asked; with ``connect`` it is, by the self-test. Nothing where none is configured."""
    endpoint = settings.agent_endpoint
    if endpoint is None:
        return []
    if not is_installed():
        remedy = (
            'install it, pip install ".[agent]", or unset SCHEDULER_AGENT_BASE_URL; until then plans are the exact ones'
        )
        return [Finding(Mark.DOUBTFUL, "agent", NOT_INSTALLED, remedy)]
    named = f"{endpoint.model} at {endpoint.authority}"
    if not connect:
        return [Finding(Mark.WELL, "agent", f"{named}; not asked")]
    tested = asyncio.run(tested_once(endpoint, settings))
    found = "; ".join(
        [f"{named}: {tested.means}", *(proof.found for proof in tested.proofs if proof.is_passed is False)]
    )
    mark = _MARKS.get(tested.fitness, Mark.DOUBTFUL)
    remedy = "" if mark is Mark.WELL else "docs/agent.md says what that means; plans are exact where it is not asked"
    return [Finding(mark, "agent", found, remedy)]
