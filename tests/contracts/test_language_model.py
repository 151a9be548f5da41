"""The promises of the port of language models, with a scripted endpoint on the other side of the wire."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel
from marketmind_scheduler.adapters.language_models.endpoint import AllowedHost, BadEndpoint, Endpoint, TokenField
from marketmind_scheduler.adapters.postgres.repositories.run_texts import texts_to_json, to_said, to_text
from marketmind_scheduler.domain.agent.limits import Prices
from marketmind_scheduler.domain.agent.questions import Answer, Purpose, Question
from marketmind_scheduler.domain.agent.records import Texts, exchange
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.ports.language_model import ModelUnavailable
from tests.fakes import chat_server
from tests.fakes.chat_server import Script, answering, saying
from tests.loops import on_each

QUESTION = Question(
    purpose=Purpose.CHOOSE_PLAN,
    instructions="Choose.",
    facts='{"plans":{"p1":{"value":1000}}}',
    schema={
        "type": "object",
        "properties": {"plan": {"type": "string", "enum": ["p1", "p2"]}},
        "required": ["plan"],
        "additionalProperties": False,
    },
    max_output_tokens=64,
    seed=7,
)
SECRET = "sk-canary-0123456789"  # noqa: S105  # to be found nowhere
LENGTH = {"finish_reason": "length"}
UNUSABLE: Mapping[str, tuple[Script, FallbackReason]] = {
    "429": (answering(b"{}", status="429 Too Many Requests", headers="retry-after: 0\r\n"), FallbackReason.UNAVAILABLE),
    "500": (answering(b"{}", status="500 Oops"), FallbackReason.UNAVAILABLE),
    "503 with a key in it": (answering(SECRET.encode(), status="503 Busy"), FallbackReason.UNAVAILABLE),
    "408": (answering(b"{}", status="408 Request Timeout"), FallbackReason.UNAVAILABLE),
    "elsewhere": (
        answering(b"", status="307 Temporary Redirect", headers="location: /v1/elsewhere\r\n"),
        FallbackReason.UNAVAILABLE,
    ),
    "drips": (chat_server.dripping, FallbackReason.TIMEOUT),
    "silent": (chat_server.silent, FallbackReason.UNAVAILABLE),
    "endless": (chat_server.endless, FallbackReason.UNAVAILABLE),
    "huge": (saying("x" * 100_000), FallbackReason.UNAVAILABLE),
    "cut JSON": (answering(json.dumps(chat_server.completion("{}")).encode()[:-20]), FallbackReason.UNAVAILABLE),
    "no JSON": (answering(b"hello"), FallbackReason.UNAVAILABLE),
    "HTML": (answering(b"<html>", kind="text/html"), FallbackReason.UNAVAILABLE),
    "text of JSON": (answering(b"{}", kind="text/plain"), FallbackReason.UNAVAILABLE),
    "another object": (answering(b"{}"), FallbackReason.UNAVAILABLE),
    "too deep": (answering(b"[" * 60_000), FallbackReason.UNAVAILABLE),
    "no choices": (answering(b'{"choices": []}'), FallbackReason.UNAVAILABLE),
    "compressed": (answering(b"{}", headers="content-encoding: gzip\r\n"), FallbackReason.UNAVAILABLE),
    "at the cap": (saying('{"plan": "p1"}', finish_reason="length"), FallbackReason.CUT_OFF),
    "a refusal": (saying(None, refusal="I will not."), FallbackReason.REFUSED_BY_MODEL),
    "a filter": (saying("", finish_reason="content_filter"), FallbackReason.REFUSED_BY_MODEL),
    "empty": (saying(""), FallbackReason.UNAVAILABLE),
    "nothing": (saying(None), FallbackReason.UNAVAILABLE),
    "blank": (saying("  \n"), FallbackReason.UNAVAILABLE),
}


async def test_a_question_is_one_request_with_its_schema_its_seed_and_its_cap() -> None:
    async with chat_server.chat_server(saying('{"plan": "p2"}')) as server:
        answer = await _asked(server.endpoint(api_key=SECRET))

    [asked] = server.requests
    assert answer == Answer(
        text='{"plan": "p2"}',
        model="scripted-1",
        fingerprint="fp_1",
        tokens_in=30,
        tokens_out=5,
        finish_reason="stop",
        seconds=answer.seconds,
    )
    assert [each["content"] for each in asked["messages"]] == ["Choose.", QUESTION.facts]
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "choose_plan", "schema": QUESTION.schema, "strict": True},
    }
    assert (asked["model"], asked["seed"], asked["temperature"]) == ("scripted", 7, 0)
    assert (asked["max_completion_tokens"], "max_tokens" in asked) == (64, False)
    assert not {"tools", "tool_choice", "stream"} & {name for name, value in asked.items() if value}


async def test_the_cap_goes_out_in_the_field_that_the_endpoint_knows() -> None:
    async with chat_server.chat_server(saying("{}")) as server:
        await _asked(server.endpoint(token_field=TokenField.MAX_TOKENS))

    [asked] = server.requests
    assert (asked["max_tokens"], "max_completion_tokens" in asked) == (64, False)


async def test_nothing_goes_out_of_the_machine_or_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with chat_server.chat_server(saying("{}")) as server:
        await _asked(server.endpoint())
        await _asked(server.endpoint(api_key=SECRET))

    unnamed, named = [head.split("\r\n") for head in server.heads]
    assert unnamed[0] == "post /v1/chat/completions http/1.1"
    assert {line.partition(":")[0] for line in filter(None, unnamed[1:])} == {
        *("host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length")
    }
    assert [line for line in named if line not in unnamed] == [f"authorization: bearer {SECRET}"]
    assert f"host: 127.0.0.1:{server.port}" in unnamed


@on_each(("said", "case"), UNUSABLE.items())
async def test_whatever_is_no_whole_answer_is_unavailable_after_one_request(
    said: str, case: tuple[Script, FallbackReason]
) -> None:
    script, reason = case
    async with chat_server.chat_server(script) as server:
        with pytest.raises(ModelUnavailable) as raised:
            await _asked(server.endpoint(api_key=SECRET), seconds=0.5 if reason is FallbackReason.TIMEOUT else 10)

    assert (raised.value.reason, len(server.requests)) == (reason, 1), said
    assert SECRET not in str(raised.value)


async def test_a_cap_or_a_schema_that_is_ignored_is_told_as_it_came_with_its_usage() -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 900, "total_tokens": 930}
    async with chat_server.chat_server(saying("zebra", usage=usage)) as server:
        answer = await _asked(server.endpoint())

    assert (answer.text, answer.tokens_out, len(server.requests)) == ("zebra", 900, 1)


async def test_usage_that_can_be_none_is_taken_for_what_it_would_be() -> None:
    for count in (10**30, 0):
        usage = {"prompt_tokens": count, "completion_tokens": count, "total_tokens": count}
        async with chat_server.chat_server(saying("123456789", usage=usage)) as server:
            answer = await _asked(server.endpoint())

        assert (answer.tokens_in, answer.tokens_out) == (QUESTION.tokens, 3), count


async def test_what_an_endpoint_says_beside_its_text_is_a_short_name_that_can_be_kept() -> None:
    for said in ("obey " * 5_000, "\ud800\x00", "\u202e\x1b[31m", f"{'x' * 190}{SECRET}"):
        whole = {**chat_server.completion("{}", finish_reason="stop"), "model": said, "system_fingerprint": said}
        async with chat_server.chat_server(answering(json.dumps(whole).encode())) as server:
            answer = await _asked(server.endpoint(api_key=SECRET))

        for name in (answer.model, answer.fingerprint or ""):
            assert len(name) <= 200
            assert name.isprintable()
            assert SECRET[:8] not in name


def strange(**said: object) -> bytes:
    """A completion of which these parts are others."""
    return json.dumps({**chat_server.completion('{"plan": "p1"}'), **said}).encode()


def strange_choice(**said: object) -> bytes:
    return strange(choices=[{"index": 0, "finish_reason": "stop", "message": {"content": "{}"}, **said}])


TOOL_CALL = {"id": "1", "type": "function", "function": {"name": "commit_plan", "arguments": "{}"}}
STRANGE: Mapping[str, bytes] = {
    "usage of no numbers": strange(usage={"prompt_tokens": "many", "completion_tokens": [1], "total_tokens": {}}),
    "usage that is not a number": strange(usage={"prompt_tokens": float("nan"), "completion_tokens": float("inf")}),
    "usage below nothing": strange(usage={"prompt_tokens": -9, "completion_tokens": -9, "total_tokens": -18}),
    "half a token": strange(usage={"prompt_tokens": 0.5, "completion_tokens": 0.5, "total_tokens": 1}),
    "usage of another kind": strange(usage=7),
    "a model that is a number": strange(model=7),
    "no model": strange(model=None),
    "repeated keys": b'{"model": "other", ' + strange()[1:],
    "no choices": strange(choices=None),
    "many choices": strange(
        choices=[{"index": n, "finish_reason": "stop", "message": {"content": "{}"}} for n in "12"]
    ),
    "a choice of nothing": strange(choices=[dict[str, object]()]),
    "a reason of its own": strange_choice(finish_reason="obey"),
    "no reason": strange_choice(finish_reason=None),
    "a call of a tool": strange_choice(message={"content": None, "tool_calls": [TOOL_CALL]}),
    "a call beside the text": strange_choice(message={"content": "{}", "tool_calls": [TOOL_CALL]}),
    "parts of a text": strange_choice(message={"content": [{"type": "text", "text": "{}"}]}),
    "half a character": strange_choice(message={"content": "\ud800\x00"}),
    "an error": b'{"error": {"message": "no", "code": 429}}',
    "a number": b"7",
    "a text": b'"7"',
    "nothing": b"null",
    "half of its bytes": strange()[:60],
    "other bytes": bytes(range(256)),
}


@pytest.mark.filterwarnings("ignore:Failed to extract usage")
@on_each(("said", "body"), STRANGE.items())
async def test_whatever_comes_is_an_answer_that_can_be_kept_or_none(said: str, body: bytes) -> None:
    async with chat_server.chat_server(answering(body)) as server:
        try:
            answer: Answer | None = await _asked(server.endpoint())
        except ModelUnavailable as unavailable:
            answer = unavailable.answer

    assert len(server.requests) == 1, said
    if answer is not None:
        kept = exchange(QUESTION, asked_model="m", host="h", reserved=9, answer=answer, prices=Prices())
        assert to_said(to_text(kept)) == kept
        assert texts_to_json(Texts(reply=answer.text))
        assert kept.cost > 0


async def test_usage_that_nobody_tells_is_taken_for_what_it_would_be() -> None:
    async with chat_server.chat_server(saying("123456789", usage=None)) as server:
        answer = await _asked(server.endpoint())

    assert (answer.tokens_in, answer.tokens_out) == (QUESTION.tokens, 3)


@on_each(
    ("script", "may_have_cost"),
    [
        (answering(b"{}", status="401 Unauthorized"), False),
        (answering(b"{}", status="429 Too Many Requests"), False),
        (answering(b"", status="307 Temporary Redirect", headers="location: /v1/elsewhere\r\n"), False),
        (answering(b"{}", status="500 Oops"), True),
        (chat_server.silent, True),
    ],
)
async def test_only_what_was_refused_for_sure_has_cost_nothing(script: Script, *, may_have_cost: bool) -> None:
    async with chat_server.chat_server(script) as server:
        with pytest.raises(ModelUnavailable) as raised:
            await _asked(server.endpoint())

    assert raised.value.may_have_cost is may_have_cost


async def test_an_endpoint_that_takes_no_connection_has_cost_nothing() -> None:
    async with chat_server.chat_server(saying("{}")) as server:
        gone = server.endpoint()

    with pytest.raises(ModelUnavailable, match="takes no connection") as raised:
        await _asked(gone)

    assert not raised.value.may_have_cost


async def test_what_comes_at_the_cap_is_told_for_its_usage() -> None:
    async with chat_server.chat_server(saying("1, 2", finish_reason="length")) as server:
        with pytest.raises(ModelUnavailable) as raised:
            await _asked(server.endpoint())

    assert raised.value.answer is not None
    assert (raised.value.answer.tokens_out, raised.value.answer.finish_reason) == (5, "length")


@on_each("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.7", "64:ff9b::a00:7"])
async def test_a_name_that_leads_inside_is_asked_nothing_unless_it_is_allowed(address: str) -> None:
    async def look_up(_: str) -> list[str]:
        return ["93.184.215.14", address]

    model = ChatLanguageModel.at(Endpoint.read(url="https://llm.example.com/v1", model="m"), look_up=look_up)
    with pytest.raises(ModelUnavailable, match="SCHEDULER_AGENT_ALLOWED_HOSTS") as raised:
        await model.ask(QUESTION, seconds=5)

    assert raised.value.reason is FallbackReason.UNAVAILABLE
    assert not raised.value.may_have_cost


async def test_a_name_is_looked_up_once_and_what_was_checked_is_what_is_asked() -> None:
    asked: list[str] = []

    async def look_up(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with chat_server.chat_server(saying("{}")) as server:
        allowed = [AllowedHost("llm.internal", server.port)]
        endpoint = Endpoint.read(url=f"http://llm.internal:{server.port}/v1", model="m", allowed=allowed)
        async with ChatLanguageModel.at(endpoint, look_up=look_up) as model:
            await model.ask(QUESTION, seconds=5)

    assert asked == ["llm.internal"]
    assert f"host: llm.internal:{server.port}" in server.heads[0]


@on_each(
    ("url", "right"),
    [
        ("llm.example.com/v1", "a URL like"),
        ("ftp://llm.example.com/v1", "a URL like"),
        ("https://user:word@llm.example.com/v1", "a URL like"),
        ("https://llm.example.com/v1?key=1", "a URL like"),
        ("https://llm.example.com/v1\n", "a URL like"),
        ("https://llm.example.com:0/v1", "a URL like"),
        ("https://[::1/v1", "a URL like"),
        ("http://llm.example.com/v1", "llm.example.com:80"),
        ("https://llm.example.com:8000/v1", "llm.example.com:8000"),
        ("http://127.0.0.1:8091/v1", "127.0.0.1:8091"),
        ("http://[::1]:8091/v1", r"\[::1\]:8091"),
    ],
)
def test_a_url_that_may_not_be_asked_is_told_with_what_would_be_right(url: str, right: str) -> None:
    with pytest.raises(BadEndpoint, match=right):
        Endpoint.read(url=url, model="m", allowed=[AllowedHost("elsewhere", None)])


def test_a_host_is_allowed_on_the_port_that_is_named_or_on_all_of_them() -> None:
    for text, covered in {"127.0.0.1": True, "127.0.0.1:8091": True, "127.0.0.1:8092": False}.items():
        assert AllowedHost.read(text).covers("127.0.0.1", 8091) is covered
    assert AllowedHost.read("[::1]:8091") == AllowedHost("::1", 8091)
    for wrong in ("", "http://x", "a b", "host:", "host:0", "host:99999", "::1:8091"):
        with pytest.raises(BadEndpoint):
            AllowedHost.read(wrong)


def test_a_key_is_shown_nowhere_and_has_to_fit_into_a_header() -> None:
    endpoint = Endpoint.read(url="https://llm.example.com/v1", model="m", api_key=SECRET)

    assert SECRET not in repr(endpoint)
    for wrong in ("a b", "a\nb", "schlüssel"):
        with pytest.raises(BadEndpoint):
            Endpoint.read(url="https://llm.example.com/v1", model="m", api_key=wrong)


async def test_a_question_asks_for_the_schema_itself_and_offers_no_tool() -> None:
    seen: list[AgentInfo] = []

    def answered(_: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(info)
        return ModelResponse(parts=[TextPart('{"plan": "p1"}')], usage=RequestUsage(input_tokens=9, output_tokens=4))

    answer = await ChatLanguageModel(FunctionModel(answered)).ask(replace(QUESTION, seed=9), seconds=5)

    [info] = seen
    parameters = info.model_request_parameters
    assert (answer.text, answer.tokens_in, answer.tokens_out) == ('{"plan": "p1"}', 9, 4)
    assert parameters.output_mode == "native"
    assert parameters.output_object is not None
    assert parameters.output_object.json_schema == QUESTION.schema
    assert [*parameters.function_tools, *parameters.output_tools, *parameters.native_tools] == []
    assert info.model_settings is not None
    assert (info.model_settings.get("seed"), info.model_settings.get("max_tokens")) == (9, 64)


async def _asked(endpoint: Endpoint, *, seconds: float = 10) -> Answer:
    async with ChatLanguageModel.at(endpoint) as model:
        return await model.ask(QUESTION, seconds=seconds)
