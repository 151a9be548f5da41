"""Whatever an endpoint of language models says, in whatever form: it is an answer, or there is none."""

from contextlib import suppress

from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel
from marketmind_scheduler.adapters.language_models.endpoint import AllowedHost, Endpoint
from marketmind_scheduler.domain.agent.questions import Answer
from marketmind_scheduler.ports.language_model import ModelUnavailable
from tests.answers import answering, answers
from tests.contracts.test_language_model import QUESTION
from tests.loops import telling_all_misses

SEED, COUNT = 12, 300


async def test_whatever_comes_is_an_answer_or_none() -> None:
    async with answering() as provider:
        allowed = [AllowedHost("127.0.0.1", provider.port)]
        endpoint = Endpoint.read(url=f"http://127.0.0.1:{provider.port}/v1", model="m", allowed=allowed)
        async with ChatLanguageModel.at(endpoint) as model:
            with telling_all_misses() as trying:
                for said in answers(SEED, COUNT):
                    with trying(said=said.raw[:300]), suppress(ModelUnavailable):
                        provider.raw = said.raw
                        assert isinstance(await model.ask(QUESTION, seconds=2), Answer)
