"""Agents that use the tools, with the client of the official SDK."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, Unpack, cast

import httpx2
from litestar import Litestar
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.mcp.address import Address
from marketmind_scheduler.adapters.http.mcp.desk import Desk
from marketmind_scheduler.adapters.http.mcp.endpoint import routes_of
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import App, Guards, Json, watched

Keys = Callable[..., Awaitable[dict[str, str]]]
Mode = Literal["auto", "legacy"]
MODES: tuple[Mode, ...] = ("auto", "legacy")
BASE = "http://localhost:8000"


def with_tools(
    use_cases: UseCases,
    *,
    commits: bool = False,
    address: Address | None = None,
    issuer: str | None = None,
    call_seconds: float = 40,
    **guards: Unpack[Guards],
) -> App:
    """The API with the tools beside it."""
    desk = Desk(use_cases=use_cases, idempotency=guards.get("idempotency"), commits=commits, seconds=call_seconds)
    app: Litestar = create_app(use_cases, beside=routes_of(desk, address or Address(url=None), issuer=issuer), **guards)
    return watched(app)


def requests_to(app: App, headers: Mapping[str, str] | None = None, *, base: str = BASE) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base, headers=headers)


@asynccontextmanager
async def an_agent(
    app: App, headers: Mapping[str, str] | None = None, *, mode: Mode = "auto", base: str = BASE
) -> AsyncGenerator[Client]:
    async with requests_to(app, headers, base=base) as requests:
        transport = streamable_http_client(f"{base}/mcp", http_client=requests)
        async with Client(cast("Any", transport), mode=mode) as client:
            yield client


async def told(agent: Client, tool: str, **arguments: Any) -> Json:
    """What the tool answers, which is no failure."""
    result = await agent.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return cast("Json", result.structured_content)


async def refused(agent: Client, tool: str, code: str, **arguments: Any) -> Json:
    """The failure that the tool answers, which has this code; what was wrong."""
    result = await agent.call_tool(tool, arguments)
    failure = cast("Json", result.structured_content)
    assert (result.is_error, failure["code"]) == (True, code), failure
    return failure["untrusted"]
