"""The tools over HTTP: for whom they answer, and what they say where they do not."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from mcp import MCPError

from marketmind_scheduler.adapters.http.mcp.address import METADATA, Address
from marketmind_scheduler.application.use_cases import UseCases
from tests.fakes.slow_storage import SlowStorage
from tests.fakes.storage import InMemoryStorage
from tests.http.mcp.agents import MODES, Mode, an_agent, refused, requests_to, told, with_tools
from tests.http.mcp.test_access import CALL, PROTOCOL
from tests.http.steps import App, a_campaign, calling, observed, problem, stored
from tests.loops import on_each

PUBLIC = "https://scheduler.example.com/mcp"
ERAS = ({"mcp-protocol-version": "2025-11-25"}, {"mcp-protocol-version": "2026-07-28"})


def failure(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer carries as an error of JSON-RPC."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert (said["jsonrpc"], said["id"]) == ("2.0", None)
    assert said["error"]["data"]["code"] == code
    assert said["error"]["message"] == f"{code}: {said['error']['data']['detail']}"
    return said["error"]["data"]


async def posted(app: App, *, host: str = "localhost:8000", body: Any = CALL, **headers: str) -> httpx2.Response:
    async with requests_to(app, {**PROTOCOL, "host": host, **headers}) as requests:
        if isinstance(body, bytes):
            return await requests.post("/mcp", content=body, headers={"content-type": "application/json"})
        return await requests.post("/mcp", json=body)


async def test_it_answers_under_the_names_of_its_machine_and_under_its_public_one(use_cases: UseCases) -> None:
    here = with_tools(use_cases)
    public = with_tools(use_cases, address=Address(url=PUBLIC, host="10.1.2.3"))
    ours = ("localhost", "localhost:8000", "127.0.0.1:9000", "[::1]:8000")

    for host in ours:
        assert (await posted(here, host=host)).status_code == 200, host
    for host in (*ours, "scheduler.example.com", "scheduler.example.com:443", "10.1.2.3:8000"):
        assert (await posted(public, host=host)).status_code == 200, host
    for host in ("evil.test", "localhost.evil.test", "scheduler.example.com.evil.test", "0.0.0.0:8000"):
        for app in (here, public):
            wrong = failure(await posted(app, host=host), 421, "wrong_host")
            assert "SCHEDULER_MCP_URL" in wrong["detail"], host


async def test_what_is_no_host_at_all_is_malformed(use_cases: UseCases) -> None:
    for host in ("[", "evil.test@localhost", "user:word@localhost:8000", "localhost@", "localhost:99999"):
        assert problem(await posted(with_tools(use_cases), host=host), 400, "malformed")["errors"][0]["at"] == "host"


async def test_pages_of_other_hosts_are_refused_in_both_eras(use_cases: UseCases) -> None:
    app = with_tools(use_cases, address=Address(url=PUBLIC))

    for era in ERAS:
        for origin in ("http://evil.test", "null", "https://scheduler.example.com.evil.test", "http://[", "file://"):
            refusal = await posted(app, origin=origin, **era)
            assert failure(refusal, 403, "foreign_origin")["errors"][0]["at"] == "origin"
    for origin in ("http://localhost:3000", "https://scheduler.example.com"):
        assert (await posted(app, origin=origin)).status_code == 200, origin


async def test_it_is_told_who_gives_out_tokens_for_it(use_cases: UseCases) -> None:
    public = with_tools(use_cases, address=Address(url=PUBLIC), issuer="https://id.example.com")

    async with requests_to(public, {"host": "scheduler.example.com"}) as requests:
        told_there = (await requests.get(METADATA)).json()
    async with requests_to(with_tools(use_cases, checks_access=True)) as requests:
        told_here = (await requests.get(METADATA)).json()
        elsewhere = await requests.get(METADATA, headers={"host": "evil.test"})

    assert told_there["resource"] == PUBLIC
    assert told_there["authorization_servers"] == ["https://id.example.com"]
    assert told_here["resource"] == "http://localhost:8000/mcp"
    assert told_here["scopes_supported"] == ["catalog:read", "schedules:read", "schedules:write"]
    assert "authorization_servers" not in told_here
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (421, "wrong_host")


async def test_what_is_too_large_or_no_json_is_refused_and_others_are_answered_after_it(use_cases: UseCases) -> None:
    app = with_tools(use_cases)

    failure(await posted(app, body=b"[" + b" " * 1024 * 1024 + b"]"), 413, "body_too_large")
    for era in ERAS:
        for body in (b"", b"{", b"[" * 100_000, b'"\xff"', b"[]", b"null"):
            answer = await posted(app, body=body, **era)
            assert answer.status_code == 400, (era, body[:10])
    assert (await posted(app)).status_code == 200


async def test_only_posts_are_taken(use_cases: UseCases) -> None:
    async with requests_to(with_tools(use_cases), PROTOCOL) as requests:
        for method in ("GET", "PUT", "DELETE"):
            answer = await requests.request(method, "/mcp")
            assert (answer.status_code, "POST" in answer.headers["allow"]) == (405, True), method


async def test_without_the_extra_the_path_says_where_the_tools_are(use_cases: UseCases) -> None:
    async with calling(observed(use_cases)) as requests:
        for path in ("/mcp", METADATA):
            assert "extra `mcp`" in problem(await requests.post(path), 404, "no_such_route")["detail"]


async def test_where_every_post_needs_an_idempotency_key_agents_still_get_answers(use_cases: UseCases) -> None:
    async with an_agent(with_tools(use_cases, requires_idempotency_keys=True)) as agent:
        assert (await told(agent, "find_brands"))["items"] == []


@on_each("mode", MODES)
async def test_a_tool_that_is_not_there_is_named_with_those_that_are(use_cases: UseCases, mode: Mode) -> None:
    async with an_agent(with_tools(use_cases), mode=mode) as agent:
        with pytest.raises(MCPError, match="there is no tool 'delete_brand'; there are find_brands"):
            await agent.call_tool("delete_brand", {})
        with pytest.raises(MCPError, match="SCHEDULER_MCP_COMMIT=on"):
            await agent.call_tool("commit_plan", {})


async def test_a_call_that_takes_too_long_is_given_up(
    use_cases: UseCases, storage: InMemoryStorage, client: httpx2.AsyncClient
) -> None:
    slow = replace(use_cases.previewing, storage=SlowStorage(storage, seconds=60))
    campaign_id = await a_campaign(client, posts=["TWITTER"])

    async with an_agent(with_tools(replace(use_cases, previewing=slow), call_seconds=0.01)) as agent:
        what = await refused(agent, "preview_plan", "overloaded", campaign_id=campaign_id)

    assert "ask again" in what["detail"]
    assert not stored(storage).previews


async def test_a_fault_of_ours_tells_its_request_and_nothing_else(
    use_cases: UseCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(type(use_cases.catalog), "list_brands", broken)

    async with an_agent(with_tools(use_cases)) as agent:
        what = await refused(agent, "find_brands", "unexpected")

    assert set(what["details"]) == {"request_id"}
    assert "secret" not in str(what)


async def test_many_calls_at_once_are_answered_each_with_its_own(use_cases: UseCases) -> None:
    async with an_agent(with_tools(use_cases)) as agent:
        failures = await asyncio.gather(
            *(refused(agent, "find_posts", "malformed", brand_id=f"n{number}") for number in range(30))
        )

    assert [f"'n{number}'" in what["detail"] for number, what in enumerate(failures)] == [True] * 30
