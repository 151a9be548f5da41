"""Agents at the real service: over HTTP, and over stdin and stdout as a desktop client starts it."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.http.mcp.agents import MODES, Mode, told
from tests.http.steps import a_brand, a_campaign, new_id
from tests.programs import PROGRAM
from tests.system.servers import a_database
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


async def a_key(settings: dict[str, str], name: str, *scopes: str, brand_id: str | None = None) -> str:
    """What is printed by ``keys create``: the only thing on its standard output."""
    given = [argument for scope in scopes for argument in ("--scope", scope)]
    reach = ["--brand", brand_id] if brand_id else []
    return (await ran(settings, "keys", "create", "--name", name, *given, *reach)).stdout.split()[-1]


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


async def test_an_agent_plans_and_commits_over_either_way_in_and_either_era(world: World) -> None:
    for way_in in (over_http, over_stdio):
        for mode in MODES:
            brand_id = await a_brand(world.admin)
            campaign_id = await a_campaign(world.admin, brand_id=brand_id, posts=["TWITTER", "TIKTOK"])
            key = await a_key(world.settings, new_id(), *WRITING, brand_id=brand_id)

            async with way_in(world, key, mode=mode) as agent:
                [found] = (await told(agent, "find_campaigns"))["items"]
                plan = await told(
                    agent, "preview_plan", campaign_id=campaign_id, hold_seconds=60, idempotency_key=new_id()
                )
                agreed = {"plan_id": plan["plan_id"], "plan_hash": plan["plan_hash"], "idempotency_key": new_id()}
                committed = await told(agent, "commit_plan", **agreed)
                again = await told(agent, "commit_plan", **agreed)

            stored = (await world.admin.get(f"/schedule?campaign_id={campaign_id}")).json()["items"]
            assert found["campaign_id"] == campaign_id
            assert again == committed
            assert len(stored) == len(committed["schedules"]) == 2
