"""Agents with keys: the same keys, scopes, brands and limits as everybody's."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from mcp import MCPError

from marketmind_scheduler.adapters.http.mcp.address import METADATA
from marketmind_scheduler.adapters.http.mcp.catalogue import TOOLS
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Rate, Scope
from marketmind_scheduler.ports.rate_limits import Allowance
from tests.fakes.clock import Ticking
from tests.http.mcp.agents import MODES, Keys, Mode, an_agent, refused, requests_to, told, with_tools
from tests.http.steps import SEVEN_PM, Json, a_brand, a_campaign, a_post, a_scheduled_post, new_id
from tests.loops import on_each

WRONG_KEY = f"mms_0123456789ab.{'s' * 43}"
CALL: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
PROTOCOL = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}


class FewLeft:
    """Limits of which so many requests are left to each caller, for good."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._spent: dict[str, int] = {}

    async def take(self, owner: str, count: int, rate: Rate) -> tuple[bool, Allowance]:
        del rate
        spent = self._spent.get(owner, 0)
        is_granted = spent + count <= self._left
        self._spent[owner] = spent + count * is_granted
        return is_granted, Allowance(self._left - self._spent[owner], timedelta(seconds=1 if is_granted else 7))


@on_each("mode", MODES)
async def test_of_two_agents_with_two_keys_at_once_each_sees_its_own_brand_alone(
    use_cases: UseCases, client: httpx2.AsyncClient, keys: Keys, mode: Mode
) -> None:
    app = with_tools(use_cases, checks_access=True)
    brands = [await a_brand(client) for _ in range(2)]
    both = [await keys(Scope.CATALOG_READ, brand_id=brand_id) for brand_id in brands]

    async def seen(agent_of: int) -> set[str]:
        async with an_agent(app, both[agent_of], mode=mode) as agent:
            pages = await asyncio.gather(*(told(agent, "find_brands") for _ in range(10)))
        return {item["brand_id"] for page in pages for item in page["items"]}

    assert await asyncio.gather(seen(0), seen(1)) == [{brands[0]}, {brands[1]}]


async def test_without_a_key_or_with_a_wrong_one_nothing_is_answered_but_where_to_read_how(
    use_cases: UseCases,
) -> None:
    app = with_tools(use_cases, checks_access=True)
    given = {"credentials_missing": {}, "invalid_credentials": {"authorization": f"Bearer {WRONG_KEY}"}}

    for code, headers in given.items():
        async with requests_to(app, {**PROTOCOL, **headers}) as requests:
            answer = await requests.post("/mcp", json=CALL)
            where = answer.headers["www-authenticate"].partition('resource_metadata="')[2].rstrip('"')
            metadata = await requests.get(where)

        assert answer.status_code == 401
        assert answer.json()["error"]["data"]["code"] == code
        assert where == f"http://localhost:8000{METADATA}"
        assert metadata.status_code == 200, metadata.text


async def test_a_key_that_is_wrong_ends_the_sdks_client_with_the_reason(use_cases: UseCases) -> None:
    app = with_tools(use_cases, checks_access=True)

    with pytest.RaisesGroup(pytest.RaisesExc(MCPError, match="invalid_credentials"), flatten_subgroups=True):
        async with an_agent(app, {"authorization": f"Bearer {WRONG_KEY}"}, mode="legacy"):
            pass


async def test_every_tool_checks_its_own_scope(use_cases: UseCases, keys: Keys) -> None:
    app = with_tools(use_cases, checks_access=True, commits=True)

    for tool in TOOLS:
        async with an_agent(app, await keys(*(set(Scope) - {tool.scope, Scope.ADMIN}))) as agent:
            what = await refused(agent, tool.name, "missing_scope")
        assert what["details"]["scope"] == tool.scope, tool.name


async def test_a_reservation_needs_the_scope_to_write_and_a_key_under_which_it_is_taken_once(
    use_cases: UseCases, client: httpx2.AsyncClient, keys: Keys
) -> None:
    app = with_tools(use_cases, checks_access=True)
    campaign_id = await a_campaign(client, posts=["TWITTER"])
    wish = {"campaign_id": campaign_id, "hold_seconds": 60}

    async with an_agent(app, await keys(Scope.SCHEDULES_READ)) as reader:
        shown = await told(reader, "preview_plan", campaign_id=campaign_id)
        await refused(reader, "preview_plan", "missing_scope", **wish, idempotency_key=new_id())
    async with an_agent(app, await keys(Scope.SCHEDULES_READ, Scope.SCHEDULES_WRITE)) as writer:
        unkeyed = await refused(writer, "preview_plan", "malformed", **wish)
        held = await told(writer, "preview_plan", **wish, idempotency_key=new_id())

    assert "expires_at" not in shown
    assert held["expires_at"]
    assert unkeyed["errors"][0]["at"] == "$.idempotency_key"


def unnamed(told_of: Json, arguments: Json) -> str:
    """What was wrong, but for which ids were asked about."""
    text = str(told_of)
    for name, given in arguments.items():
        text = text.replace(given, name) if name.endswith("_id") else text
    return text


async def test_to_an_agent_what_is_another_brands_does_not_exist(
    use_cases: UseCases, client: httpx2.AsyncClient, keys: Keys
) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    post_id, schedule = await a_scheduled_post(client)
    plan = (await client.post(f"/campaigns/{campaign_id}/plans")).json()
    time = {"local_time": SEVEN_PM, "timezone": "UTC"}
    agreed = {"plan_id": plan["plan_id"], "plan_hash": plan["plan_hash"]}
    theirs: list[tuple[str, str, Json]] = [
        ("explain_schedule", "unknown_schedule", {"schedule_id": schedule["schedule_id"]}),
        ("explain_schedule", "post_not_found", {"post_id": post_id}),
        ("preview_plan", "campaign_not_found", {"campaign_id": campaign_id}),
        ("read_plan", "plan_not_found", {"plan_id": plan["plan_id"]}),
        ("why_not_then", "plan_not_found", {"plan_id": plan["plan_id"], "post_id": post_id, **time}),
        ("check_time", "post_not_found", {"post_id": post_id, **time}),
        ("read_audience", "brand_not_found", {"brand_id": brand_id, "platform": "TWITTER"}),
        ("commit_plan", "plan_not_found", {**agreed, "idempotency_key": new_id()}),
    ]
    app = with_tools(use_cases, checks_access=True, commits=True)
    scopes = (Scope.CATALOG_READ, Scope.SCHEDULES_READ, Scope.SCHEDULES_WRITE)

    async with an_agent(app, await keys(*scopes, brand_id=await a_brand(client))) as agent:
        for tool, code, arguments in theirs:
            nobodys = {name: new_id() if name.endswith("_id") else given for name, given in arguments.items()}
            of_theirs = await refused(agent, tool, code, **arguments)
            of_nobody = await refused(agent, tool, code, **nobodys)
            assert unnamed(of_theirs, arguments) == unnamed(of_nobody, nobodys), tool
        for lists in ("find_campaigns", "find_posts", "list_schedules"):
            assert (await told(agent, lists))["items"] == [], lists

    asked = {tool for tool, *_ in theirs} | {"find_brands", "find_campaigns", "find_posts", "list_schedules"}
    assert asked == {tool.name for tool in TOOLS}


async def test_calls_are_counted_as_requests_and_too_many_are_refused_with_how_long_to_wait(
    use_cases: UseCases, keys: Keys
) -> None:
    limiter = RateLimiter(FewLeft(5), rate=Rate(5), monotonic=Ticking())
    app = with_tools(use_cases, checks_access=True, limiter=limiter)
    key = await keys(Scope.CATALOG_READ)

    async with an_agent(app, key) as agent:  # which asks once to get here, and once for the tools
        for _ in range(3):
            await told(agent, "find_brands")
        with pytest.raises(MCPError, match="rate_limited") as refusal:
            await agent.call_tool("find_brands", {})
    async with requests_to(app, {**PROTOCOL, **key}) as requests:
        answer = await requests.post("/mcp", json=CALL)

    assert refusal.value.error.data["details"]["retry_after_seconds"] == 7
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_where_access_is_not_checked_nobody_needs_a_key(use_cases: UseCases, client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)

    async with an_agent(with_tools(use_cases)) as agent:
        found = await told(agent, "find_posts")

    assert [post["post_id"] for post in found["items"]] == [post_id]
