"""Models that say what a test wants them to say, and what one said before."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from marketmind_scheduler.application.agent.book import StoredRunBook
from marketmind_scheduler.application.agent.model import ConfiguredModel
from marketmind_scheduler.domain.agent.limits import AgentLimits, Prices
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import LanguageModel, ModelUnavailable
from marketmind_scheduler.ports.run_observer import RunObserver
from marketmind_scheduler.ports.storage import Storage
from tests.fakes.run_observer import RecordingRunObserver

Reply: TypeAlias = str | Answer | ModelUnavailable | Callable[[Question], str]


class ScriptedLanguageModel:
    """Gives these replies in turn, the last one for ever; what it was asked is kept in ``questions``."""

    def __init__(self, *replies: Reply) -> None:
        self.questions: list[Question] = []
        self._replies = list(replies)

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        del seconds
        self.questions.append(question)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, ModelUnavailable):
            raise reply
        if isinstance(reply, Answer):
            return reply
        return an_answer(reply if isinstance(reply, str) else reply(question))


class ReplayLanguageModel:
    """Gives each question, by its hash, the answer that it had; one that was never asked fails."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    @classmethod
    def of(cls, asked: Iterable[tuple[Question, Answer]]) -> "ReplayLanguageModel":
        return cls({question.request_hash: answer for question, answer in asked})

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        del seconds
        try:
            return self._answers[question.request_hash]
        except KeyError:
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, "this was never asked", may_have_cost=False) from None


def configured(
    model: LanguageModel,
    storage: Storage,
    limits: AgentLimits | None = None,
    *,
    observer: RunObserver | None = None,
) -> ConfiguredModel:
    """A model that costs nothing, as it stands in one process."""
    return ConfiguredModel(
        model=model,
        book=StoredRunBook(storage, observer or RecordingRunObserver()),
        name="scripted",
        host="127.0.0.1",
        monotonic=time.monotonic,
        limits=limits or AgentLimits(),
        prices=Prices(tokens_in=0, tokens_out=0),
    )


def filled(question: Question, **said: str) -> str:
    """The reply that has these fields, and of every other the first choice."""
    shape = json.loads(json.dumps(question.schema))
    return json.dumps({name: said.get(name, of["enum"][0]) for name, of in shape["properties"].items()})


def an_answer(text: str, *, tokens_in: int = 300, tokens_out: int = 20, finish_reason: str = "stop") -> Answer:
    return Answer(
        text=text,
        model="scripted",
        fingerprint=None,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        finish_reason=finish_reason,
        seconds=0.0,
    )
