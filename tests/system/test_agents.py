"""Agents at the real service: over HTTP, and over stdin and stdout as a desktop client starts it."""

import asyncio
import json
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import KeyRing
from marketmind_scheduler.domain.access import Reach, Scope
from tests.fakes.chat_server import chat_server, dripping
from tests.http.mcp.agents import MODES, Mode, refused, told
from tests.http.steps import Json, a_brand, a_campaign, new_id
from tests.programs import PROGRAM
from tests.system.servers import BACKENDS, a_database, connected, until, until_waiting
from tests.system.services import environment, serving

pytestmark = pytest.mark.timeout(180)

READING = ("catalog:read", "schedules:read")
WRITING = (*READING, "schedules:write")


@dataclass(frozen=True, slots=True)
class World:
    """A service that asks for keys and lets agents commit, over a database of its own; a client that may do all."""

    url: str
    database: str
    settings: dict[str, str]
    admin: httpx2.AsyncClient


@pytest.fixture(scope="module")
async def world() -> AsyncGenerator[World]:
    async with a_database() as database:
        settings = {
            "DATABASE_URL": database,
            "SCHEDULER_AUTH": "keys",
            "SCHEDULER_MCP_COMMIT": "on",
            "SCHEDULER_DISPATCH": "off",
            "SCHEDULER_LOG_FORMAT": "json",
        }
        async with serving(**settings) as service:
            admin = bearer(await a_key(settings, "admin", "admin"))
            async with httpx2.AsyncClient(base_url=service.url, headers=admin, timeout=20, trust_env=False) as client:
                yield World(service.url, database, settings, client)


def bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


@asynccontextmanager
async def a_key_ring(settings: dict[str, str]) -> AsyncGenerator[KeyRing]:
    async with open_pool(settings["DATABASE_URL"], size=1) as pool:
        yield KeyRing(keys=PostgresApiKeys(pool), clock=SystemClock())


async def a_key(settings: dict[str, str], name: str, *scopes: str, brand_id: str | None = None) -> str:
    reach = Reach(frozenset({UUID(brand_id)}) if brand_id else None)
    async with a_key_ring(settings) as ring:
        return (await ring.create(name, scopes=list(map(Scope, scopes)), reach=reach, expires_at=None)).credential


async def ran(settings: dict[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(
        subprocess.run,
        [PROGRAM, *command],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@asynccontextmanager
async def over_http(world: World, credential: str, *, mode: Mode = "auto") -> AsyncGenerator[Client]:
    async with httpx2.AsyncClient(headers=bearer(credential), timeout=30, trust_env=False) as requests:
        transport = streamable_http_client(f"{world.url}/mcp", http_client=requests)
        async with Client(cast("Any", transport), mode=mode) as client:
            yield client


@asynccontextmanager
async def over_stdio(world: World, credential: str, *, mode: Mode = "auto") -> AsyncGenerator[Client]:
    command = StdioServerParameters(
        command=str(PROGRAM),
        args=["mcp"],
        env=environment({**world.settings, "SCHEDULER_MCP_KEY": credential}),
    )
    async with Client(command, mode=mode) as client:
        yield client


async def is_waiting_for_nothing(world: World) -> bool:
    """Whether no statement of the services waits for a lock."""
    async with connected(world.database) as watching:
        return "Lock" not in [row["wait_event_type"] for row in await watching.fetch(BACKENDS)]


async def stored(world: World, campaign_id: str) -> list[Json]:
    return (await world.admin.get(f"/schedule?campaign_id={campaign_id}")).json()["items"]


async def test_an_agent_plans_and_commits_over_either_way_in_and_in_either_era(world: World) -> None:
    for way_in in (over_http, over_stdio):
        for mode in MODES:
            brand_id = await a_brand(world.admin)
            campaign_id = await a_campaign(world.admin, brand_id=brand_id, posts=["TWITTER", "TIKTOK"])
            key = await a_key(world.settings, new_id(), *WRITING, brand_id=brand_id)
            wish = {"campaign_id": campaign_id, "hold_seconds": 60, "idempotency_key": new_id()}

            async with way_in(world, key, mode=mode) as agent:
                [found] = (await told(agent, "find_campaigns"))["items"]
                plan = await told(agent, "preview_plan", **wish)
                agreed = {"plan_id": plan["plan_id"], "plan_hash": plan["plan_hash"], "idempotency_key": new_id()}
                committed = await told(agent, "commit_plan", **agreed)
                again = await told(agent, "commit_plan", **agreed)

            assert found["campaign_id"] == campaign_id
            assert again == committed
            assert len(await stored(world, campaign_id)) == len(committed["schedules"]) == 2


async def test_a_call_that_its_client_cancels_changes_nothing_and_can_be_repeated(world: World) -> None:
    key = await a_key(world.settings, new_id(), *WRITING)
    for way_in in (over_http, over_stdio):
        campaign_id = await a_campaign(world.admin, posts=["TWITTER"])
        plan = (await world.admin.post(f"/campaigns/{campaign_id}/plans")).json()
        agreed = {"plan_id": plan["plan_id"], "plan_hash": plan["plan_hash"], "idempotency_key": new_id()}

        async with way_in(world, key) as agent:
            async with connected(world.database) as beside, beside.transaction():
                await beside.fetch("SELECT FROM previews WHERE plan_id = $1 FOR UPDATE", plan["plan_id"])
                call = asyncio.create_task(agent.call_tool("commit_plan", agreed))
                await until_waiting(world.database)
                call.cancel()
                await asyncio.wait([call])
                await until(lambda: is_waiting_for_nothing(world))
            nothing = await stored(world, campaign_id)
            committed = await told(agent, "commit_plan", **agreed)

        assert nothing == []
        assert len(committed["schedules"]) == 1


async def test_over_stdio_a_key_is_checked_with_each_call(world: World) -> None:
    name = new_id()
    key = await a_key(world.settings, name, *READING)

    async with over_stdio(world, key) as agent:
        await told(agent, "find_brands")
        async with a_key_ring(world.settings) as ring:
            await ring.revoke(name)
        await refused(agent, "find_brands", "invalid_credentials")


async def test_over_stdio_a_plan_that_is_being_made_when_its_client_leaves_has_failed(world: World) -> None:
    key = await a_key(world.settings, new_id(), *READING)
    campaign_id = await a_campaign(world.admin, posts=["TWITTER", "TWITTER"])
    async with chat_server(dripping) as server:
        model = {
            "SCHEDULER_AGENT_BASE_URL": server.url,
            "SCHEDULER_AGENT_MODEL": "scripted",
            "SCHEDULER_AGENT_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
        }

        async def is_asked() -> bool:
            return bool(server.requests)

        async with over_stdio(replace(world, settings=world.settings | model), key) as agent:
            begun = await told(
                agent, "preview_plan", campaign_id=campaign_id, scheduler="agentic", instruction="only mornings"
            )
            await until(is_asked)
        plan = (await world.admin.get(f"/plans/{begun['plan_id']}")).json()

    assert (begun["status"], plan["status"]) == ("preparing", "failed")
    assert plan["problem"]["code"] == "scheduler_unavailable"


async def test_over_stdio_calls_are_counted_as_requests(world: World) -> None:
    key = await a_key(world.settings, new_id(), *READING)

    async with over_stdio(
        replace(world, settings=world.settings | {"SCHEDULER_REQUESTS_PER_MINUTE": "2"}), key
    ) as agent:
        for _ in range(2):
            await told(agent, "find_brands")
        what = await refused(agent, "find_brands", "rate_limited")

    assert what["details"]["retry_after_seconds"] >= 1


async def test_over_stdio_nothing_goes_to_stdout_but_the_protocol(world: World) -> None:
    key = await a_key(world.settings, new_id(), *READING)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    messages: list[Json] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "find_brands", "arguments": {}}},
    ]
    settings = world.settings | {"SCHEDULER_MCP_KEY": key}

    process = await asyncio.create_subprocess_exec(
        PROGRAM, "mcp", stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(settings)
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(json.dumps(each) + "\n" for each in messages).encode())
    answers = [json.loads(await process.stdout.readline()) for _ in range(2)]
    process.stdin.close()
    rest, complaints = await process.communicate()

    assert {answer["id"] for answer in answers} == {1, 2}
    assert (process.returncode, rest) == (0, b"")
    logged = [json.loads(line) for line in complaints.decode().splitlines()]
    assert [(each["tool"], each["code"]) for each in logged if each["event"] == "tool"] == [("find_brands", "ok")]
    assert key not in complaints.decode()


async def test_over_stdio_a_key_that_is_missing_or_wrong_ends_it_with_a_sentence(world: World) -> None:
    wrong = await ran({**world.settings, "SCHEDULER_MCP_KEY": f"mms_0123456789ab.{'s' * 43}"}, "mcp")
    missing = await ran(world.settings, "mcp")

    for ended, says in ((wrong, "is not accepted here"), (missing, "SCHEDULER_MCP_KEY is not set")):
        assert (ended.returncode, ended.stdout) == (1, "")
        assert says in " ".join(ended.stderr.split())
        assert "Traceback" not in ended.stderr
