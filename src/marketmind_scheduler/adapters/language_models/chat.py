"""The port kept with any OpenAI-compatible endpoint, through pydantic-ai and the client of OpenAI."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import httpx2
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, ModelConnectionError, ModelHTTPError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from marketmind_scheduler.adapters.language_models.endpoint import BadEndpoint, Endpoint, TokenField
from marketmind_scheduler.adapters.language_models.transport import (
    LookUp,
    OneRequestTransport,
    UnusableAnswer,
    ask_system,
)
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import ModelUnavailable

_NO_KEY = "none"  # its client wants one; the transport sends none
_MOST_TOKENS = 10_000_000  # whoever counts more, or less than one, has not counted
_LONGEST_NAME = 200
_SHORTEST_SECRET = 16  # what is shorter stands for a key where none is checked, and may be a word of an answer


class ChatLanguageModel:
    """Asks ``model`` of pydantic-ai. Nothing is retried here or below. Where an endpoint says ``secret`` again, that is
    no part of its answer."""

    def __init__(self, model: Model, *, client: httpx2.AsyncClient | None = None, secret: str | None = None) -> None:
        self._model = model
        self._client = client
        self._secret = secret if secret and len(secret) >= _SHORTEST_SECRET else None

    @classmethod
    def at(cls, endpoint: Endpoint, *, look_up: LookUp = ask_system) -> Self:
        client = httpx2.AsyncClient(
            transport=OneRequestTransport(endpoint, look_up=look_up), trust_env=False, follow_redirects=False
        )
        openai = AsyncOpenAI(
            base_url=endpoint.url, api_key=endpoint.api_key or _NO_KEY, http_client=client, max_retries=0, timeout=None
        )
        return cls(_chat_model(endpoint, openai), client=client, secret=endpoint.api_key)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                response = await self._response(question)
        except TimeoutError:
            raise ModelUnavailable(FallbackReason.TIMEOUT, f"no answer came within {seconds:.0f} s") from None
        except ModelHTTPError as refused:
            said, may_have_cost = f"the endpoint answered {refused.status_code}", refused.status_code >= 500
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, said, may_have_cost=may_have_cost) from None
        except (BadEndpoint, ModelConnectionError) as failed:
            said = str(failed) if isinstance(failed, BadEndpoint) else "the endpoint takes no connection, or broke it"
            may_have_cost = not isinstance(failed, BadEndpoint) and not _is_unconnected(failed)
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, said, may_have_cost=may_have_cost) from None
        except UnusableAnswer as unusable:
            said, may_have_cost = str(unusable), unusable.may_have_cost
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, said, may_have_cost=may_have_cost) from None
        except (AgentRunError, RecursionError):  # its text repeats the answer, or it nests too deeply to be read
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, "the answer is no chat completion") from None
        answer = _answer(response, question, seconds=time.monotonic() - began)
        return _whole(_with_names_alone(_without(self._secret, answer) if self._secret else answer), response)

    async def _response(self, question: Question) -> ModelResponse:
        return await model_request(
            self._model,
            [ModelRequest(parts=[UserPromptPart(question.facts)], instructions=question.instructions)],
            model_settings=ModelSettings(temperature=0, seed=question.seed, max_tokens=question.max_output_tokens),
            model_request_parameters=ModelRequestParameters(
                output_mode="native",
                output_object=OutputObjectDefinition(
                    name=question.purpose, json_schema=dict(question.schema), strict=True
                ),
                allow_text_output=False,
            ),
        )


class _FingerprintedChatModel(OpenAIChatModel):
    """Keeps what an endpoint says of its own version."""

    def _process_provider_details(self, response: ChatCompletion) -> dict[str, Any] | None:
        return {**(super()._process_provider_details(response) or {}), "fingerprint": response.system_fingerprint}


def _chat_model(endpoint: Endpoint, client: AsyncOpenAI) -> Model:
    """Schemas go out as they are: what is enforced is what our own decoding asks for."""
    profile = OpenAIModelProfile(
        supports_json_schema_output=True,
        json_schema_transformer=None,
        openai_chat_supports_max_completion_tokens=endpoint.token_field is TokenField.MAX_COMPLETION_TOKENS,
    )
    return _FingerprintedChatModel(endpoint.model, provider=OpenAIProvider(openai_client=client), profile=profile)


def _answer(response: ModelResponse, question: Question, *, seconds: float) -> Answer:
    """Usage that nobody told, or that can be none, is counted as it is before a question is sent."""
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    details: Mapping[str, object] = response.provider_details or {}
    fingerprint, finish_reason = details.get("fingerprint"), details.get("finish_reason")
    return Answer(
        text=text,
        model=response.model_name or "",
        fingerprint=fingerprint if isinstance(fingerprint, str) else None,
        tokens_in=_counted(response.usage.input_tokens, question.tokens),
        tokens_out=_counted(response.usage.output_tokens, -(-len(text.encode(errors="surrogatepass")) // 3)),
        finish_reason=finish_reason if isinstance(finish_reason, str) else response.finish_reason or "",
        seconds=seconds,
    )


def _counted(told: int, otherwise: int) -> int:
    return told if 0 < told <= _MOST_TOKENS else otherwise


def _without(secret: str, answer: Answer) -> Answer:
    return replace(
        answer,
        text=answer.text.replace(secret, "[key]"),
        model=answer.model.replace(secret, "[key]"),
        fingerprint=answer.fingerprint and answer.fingerprint.replace(secret, "[key]"),
        finish_reason=answer.finish_reason.replace(secret, "[key]"),
    )


def _with_names_alone(answer: Answer) -> Answer:
    """What an endpoint says beside its text is kept for good and shown to others than administrators, so it is no place
    for a text."""
    return replace(
        answer,
        model=_name(answer.model),
        fingerprint=answer.fingerprint and _name(answer.fingerprint),
        finish_reason=_name(answer.finish_reason),
    )


def _name(told: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in told[:_LONGEST_NAME])


def _whole(answer: Answer, response: ModelResponse) -> Answer:
    """The answer; raises ModelUnavailable where it is cut off, refused or empty."""
    if response.finish_reason == "length":
        raise ModelUnavailable(FallbackReason.CUT_OFF, "the answer ended at the cap", answer=answer)
    if response.finish_reason == "content_filter":
        raise ModelUnavailable(FallbackReason.REFUSED_BY_MODEL, "the model or its filter refused", answer=answer)
    if not answer.text.strip():
        raise ModelUnavailable(FallbackReason.UNAVAILABLE, "the answer is empty", answer=answer)
    return answer


def _is_unconnected(failed: BaseException) -> bool:
    """Whether nothing can have arrived."""
    cause: BaseException | None = failed
    while cause is not None:
        if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            return True
        cause = cause.__cause__
    return False
