"""The mechanics with a real language model on this machine. Nothing here says that it understands anything."""

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import count

import pytest
from benchmarks.agent.asking import CHOICES, understood
from benchmarks.agent.small_model import PYTHON, small_model

from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel
from marketmind_scheduler.adapters.language_models.endpoint import Endpoint
from marketmind_scheduler.application.agent.model import ModelStanding
from marketmind_scheduler.application.agent.self_testing import SelfTesting
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.questions import Purpose, Question
from marketmind_scheduler.domain.agent.self_test import schema_question
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import ModelUnavailable

SECONDS = 100

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="the small model is not installed; make test-model does it"),
]


@pytest.fixture(scope="module")
async def endpoint() -> AsyncGenerator[Endpoint]:
    async with small_model() as small:
        yield small.endpoint


async def test_it_can_be_held_to_a_schema_and_a_cap(endpoint: Endpoint) -> None:
    numbers = count(7_001)
    async with ChatLanguageModel.at(endpoint) as model:
        tests = SelfTesting(
            model, ModelStanding(), seconds=SECONDS, new_token=lambda: f"t{next(numbers)}", monotonic=lambda: 0
        )
        found = await tests.test()

    assert found.fitness is Fitness.ENFORCED, found


async def test_the_same_question_with_the_same_seed_is_answered_alike(endpoint: Endpoint) -> None:
    async with ChatLanguageModel.at(endpoint) as model:
        answers = [await model.ask(schema_question(["q2y", "w9k"], seed=4), seconds=SECONDS) for _ in range(3)]

    assert len({answer.text for answer in answers}) == 1
    assert {answer.finish_reason for answer in answers} == {"stop"}


async def test_whatever_it_makes_of_words_can_be_read_or_is_asked_back(endpoint: Endpoint) -> None:
    async with ChatLanguageModel.at(endpoint) as model:
        found = await understood(model, "No posts on weekends, please.", seconds=SECONDS)

    assert found.answers
    assert found.intent is not None or found.why_not
    for answer in found.answers:
        assert set(json.loads(answer.text)) == set(CHOICES)


async def test_what_takes_too_long_is_given_up_in_time(endpoint: Endpoint) -> None:
    question = Question(
        purpose=Purpose.INTENT,
        instructions="Count to one thousand in words.",
        facts="{}",
        schema={"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]},
        max_output_tokens=2_000,
        seed=1,
    )
    async with ChatLanguageModel.at(endpoint) as model, asyncio.timeout(10):
        with pytest.raises(ModelUnavailable) as raised:
            await model.ask(question, seconds=0.5)

    assert raised.value.reason is FallbackReason.TIMEOUT


async def test_a_model_that_is_gone_is_unavailable() -> None:
    async with small_model() as gone:
        pass

    async with ChatLanguageModel.at(gone.endpoint) as model:
        with pytest.raises(ModelUnavailable, match="takes no connection"):
            await model.ask(schema_question(["q2y", "w9k"], seed=4), seconds=SECONDS)
