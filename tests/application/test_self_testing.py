"""Whether a language model can be held to a schema and a cap, and when that is tried."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel
from marketmind_scheduler.application.agent.model import ModelStanding
from marketmind_scheduler.application.agent.self_testing import SelfTesting
from marketmind_scheduler.domain.agent.limits import Fitness, Patience
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.agent.self_test import CAP
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import LanguageModel, ModelUnavailable
from tests.fakes.chat_server import (
    chat_server,
    cutting_off_late,
    enforcing,
    ignoring_the_cap,
    ignoring_the_schema,
    scripted,
    talking,
)
from tests.fakes.language_model import ScriptedLanguageModel, an_answer

GONE = ModelUnavailable(FallbackReason.UNAVAILABLE, "the endpoint takes no connection", may_have_cost=False)
CUT = ModelUnavailable(FallbackReason.CUT_OFF, "cut off", answer=an_answer("one two", tokens_out=CAP))


class SetClock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def standing() -> ModelStanding:
    return ModelStanding()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def a_self_testing(model: LanguageModel, standing: ModelStanding, clock: SetClock) -> SelfTesting:
    numbers = count()
    return SelfTesting(model, standing, seconds=5, new_token=lambda: f"w{next(numbers)}", monotonic=clock)


SERVERS = [
    (enforcing, Fitness.ENFORCED),
    (ignoring_the_schema, Fitness.UNENFORCED),
    (ignoring_the_cap, Fitness.UNUSABLE),
    (cutting_off_late, Fitness.UNUSABLE),
    (talking, Fitness.UNUSABLE),
]


async def test_it_tells_apart_who_enforces_who_ignores_the_schema_and_who_ignores_the_cap(
    standing: ModelStanding, clock: SetClock
) -> None:
    for reply, fitness in SERVERS:
        async with chat_server(scripted(reply)) as server, ChatLanguageModel.at(server.endpoint()) as model:
            found = await a_self_testing(model, standing, clock).test()

        assert (found.fitness, standing.fitness, len(server.requests)) == (fitness, fitness, 3), reply.__name__


async def test_it_asks_for_a_word_that_the_schema_forbids_and_words_that_nobody_can_know(
    standing: ModelStanding, clock: SetClock
) -> None:
    model = ScriptedLanguageModel('{"token": "w0"}', CUT, '{"token": "w0"}')

    found = await a_self_testing(model, standing, clock).test()

    schema, cap, again = model.questions
    assert "zebra" in schema.instructions
    assert "zebra" not in json.dumps(schema.schema)
    assert _words(schema.schema) == ["w0", "w1"]
    assert cap.max_output_tokens == CAP
    assert again == schema
    assert [proof.is_passed for proof in found.proofs] == [True, True, None]


async def test_that_an_answer_repeats_is_told_and_nothing_hangs_on_it(standing: ModelStanding, clock: SetClock) -> None:
    for second, said in {'{"token": "w0"}': "the same answer", '{"token": "w1"}': "another answer"}.items():
        found = await a_self_testing(ScriptedLanguageModel('{"token": "w0"}', CUT, second), standing, clock).test()

        assert found.fitness is Fitness.ENFORCED
        assert said in found.proofs[-1].found


async def test_nothing_a_model_does_leaves_the_test_and_silence_is_asked_once(
    standing: ModelStanding, clock: SetClock
) -> None:
    def broken(_: object) -> str:
        raise RuntimeError("anything")

    for silent in (GONE, broken):
        model = ScriptedLanguageModel(silent)
        found = await a_self_testing(model, standing, clock).test()

        assert (found.fitness, found.is_answered, len(model.questions)) == (Fitness.UNUSABLE, False, 1)


async def test_it_is_tried_at_first_and_then_left_in_peace(standing: ModelStanding, clock: SetClock) -> None:
    model = ScriptedLanguageModel('{"token": "w0"}', CUT, '{"token": "w0"}')
    tests = a_self_testing(model, standing, clock)

    for seconds in (0, 5, 3_600, 86_400):
        clock.seconds = seconds
        await tests.look()

    assert (len(model.questions), standing.fitness) == (3, Fitness.ENFORCED)


async def test_it_is_tried_again_once_when_the_breaker_closes(standing: ModelStanding, clock: SetClock) -> None:
    model = ScriptedLanguageModel('{"token": "w0"}', CUT, '{"token": "w0"}', GONE)
    tests = a_self_testing(model, standing, clock)
    await tests.look()
    for _ in range(5):
        standing.patience = standing.patience.after_failure(_at(100))

    asked: list[int] = []
    for seconds in (100, 699, 700, 710):
        clock.seconds = seconds
        await tests.look()
        asked.append(len(model.questions))

    assert asked == [3, 3, 4, 4]
    assert standing.patience != Patience()
    assert standing.fitness is Fitness.UNUSABLE


async def test_where_nobody_answered_it_is_tried_again_after_a_minute_and_where_nobody_kept_the_cap_it_is_not(
    standing: ModelStanding, clock: SetClock
) -> None:
    gone = ScriptedLanguageModel(GONE)
    uncapped = ScriptedLanguageModel('{"token": "w0"}')
    for model, times in ((gone, 3), (uncapped, 3)):
        tests = a_self_testing(model, standing, clock)
        for seconds in (0, 59, 60, 119, 120):
            clock.seconds = seconds
            await tests.look()
        assert len(model.questions) == times


async def test_it_runs_in_the_background_and_nobody_waits_for_it(standing: ModelStanding, clock: SetClock) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    class Slow:
        async def ask(self, question: Question, *, seconds: float) -> Answer:
            del question, seconds
            asked.set()
            await may_answer.wait()
            raise GONE

    tests = a_self_testing(Slow(), standing, clock)
    async with tests.running():
        await asked.wait()
        assert (tests.last, standing.fitness) == (None, Fitness.UNTESTED)


def _at(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _words(schema: Mapping[str, Any]) -> list[str]:
    return schema["properties"]["token"]["enum"]
