"""Trying the language model at the start, and again when it has been left alone for a while."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from marketmind_scheduler.application.agent.model import ModelStanding, no_answer
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.agent.self_test import (
    Probe,
    Proof,
    SelfTest,
    cap_proof,
    cap_question,
    no_proof,
    repeat_proof,
    schema_proof,
    schema_question,
)
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import LanguageModel, ModelUnavailable

_LOOK_SECONDS = 5
_UNANSWERED = timedelta(minutes=1)
_SEED = 11


class SelfTesting:
    """Keeps ``standing.fitness`` by what the model answers. ``new_token`` makes a word that nobody can know before;
    ``monotonic`` reads seconds."""

    def __init__(
        self,
        model: LanguageModel,
        standing: ModelStanding,
        *,
        seconds: float,
        new_token: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self.last: SelfTest | None = None
        self._model = model
        self._standing = standing
        self._seconds = seconds
        self._new_token = new_token
        self._monotonic = monotonic
        self._tested_at: timedelta | None = None

    async def test(self) -> SelfTest:
        """At most three questions, each once but the one that is asked twice; raises nothing that the model does."""
        tokens = (self._new_token(), self._new_token())
        first = await self._asked(question := schema_question(tokens, seed=_SEED))
        if not isinstance(first, Answer):
            return self._kept(SelfTest(fitness=Fitness.UNUSABLE, is_answered=False, proofs=(_none(first),)))
        by_schema, schema = schema_proof(first, tokens)
        by_cap, cap = await self._cap()
        second = await self._asked(question)
        repeat = (repeat_proof(first, second),) if isinstance(second, Answer) else ()
        fitness = Fitness.UNUSABLE if by_cap is Fitness.UNUSABLE else by_schema
        return self._kept(SelfTest(fitness=fitness, is_answered=True, proofs=(schema, cap, *repeat)))

    async def look(self) -> None:
        """Test where it is time to: at first, when the breaker closes, and after a minute where nobody answered."""
        if self._is_due(self._now()):
            await self.test()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Looks again and again in the background."""
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    def _is_due(self, now: timedelta) -> bool:
        if self._tested_at is None or self.last is None:
            return True
        rest_ended = self._standing.patience.resting_until
        if rest_ended is not None and self._tested_at < rest_ended <= now:
            return True
        return not self.last.is_answered and now >= self._tested_at + _UNANSWERED

    async def _cap(self) -> tuple[Fitness, Proof]:
        match await self._asked(cap_question(seed=_SEED)):
            case Answer() as answer:
                return cap_proof(answer, is_cut_off=False)
            case ModelUnavailable(reason=FallbackReason.CUT_OFF, answer=Answer() as answer):
                return cap_proof(answer, is_cut_off=True)
            case failed:
                return Fitness.UNUSABLE, no_proof(Probe.CAP, str(failed))

    async def _asked(self, question: Question) -> Answer | ModelUnavailable:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._model.ask(question, seconds=self._seconds)
        except Exception as failed:  # noqa: BLE001  # whatever it raises, it is not usable
            return no_answer(failed)

    def _kept(self, found: SelfTest) -> SelfTest:
        self.last, self._tested_at = found, self._now()
        self._standing.fitness = found.fitness
        return found

    def _now(self) -> timedelta:
        return timedelta(seconds=self._monotonic())


def _none(failed: ModelUnavailable) -> Proof:
    return no_proof(Probe.SCHEMA, str(failed))
