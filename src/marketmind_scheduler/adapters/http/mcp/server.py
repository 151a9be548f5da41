"""The tools as the official SDK serves them."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import msgspec
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Offer
from starlette.requests import Request

from marketmind_scheduler.adapters.http.mcp.catalogue import INSTRUCTIONS
from marketmind_scheduler.adapters.http.mcp.desk import Desk, Told
from marketmind_scheduler.adapters.http.mcp.tool import Tool
from marketmind_scheduler.domain.access import Caller
from marketmind_scheduler.domain.quoting import quoted

NAME = "marketmind-scheduler"
Context = ServerRequestContext[Any, Request]
Admission = Callable[[Context], Awaitable[Caller]]
"""Who sends a request. What it raises is told as a failure of the call."""


def server_of(desk: Desk, admission: Admission) -> Server[Any]:
    """A server of the desk's tools; it keeps nothing between two requests."""
    offers = [_offer(tool) for tool in desk.tools.values()]

    async def list_tools(_context: Context, _asked: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=offers)

    async def call_tool(context: Context, asked: CallToolRequestParams) -> CallToolResult:
        if (tool := desk.tools.get(asked.name)) is None:
            raise MCPError(INVALID_PARAMS, _no_such_tool(asked.name, desk))
        arguments = json.dumps(asked.arguments or {}).encode()  # which takes whatever JSON can say
        return _result(await desk.call(tool, arguments, partial(admission, context)))

    return Server(
        NAME,
        title="Marketmind Scheduler",
        version=version(NAME),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _offer(tool: Tool[Any]) -> Offer:
    hints = ToolAnnotations(
        read_only_hint=not tool.stores,
        destructive_hint=False,
        idempotent_hint=tool.commits or not tool.stores,
        open_world_hint=False,
    )
    return Offer(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema(),
        annotations=hints,
    )


def _result(told: Told) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=told.body.decode())],
        structured_content=msgspec.json.decode(told.body),
        is_error=told.code is not None,
    )


def _no_such_tool(name: str, desk: Desk) -> str:
    if name == "commit_plan":
        return "commit_plan is off; whoever runs the service turns it on with SCHEDULER_MCP_COMMIT=on"
    return f"there is no tool {quoted(name)}; there are {', '.join(desk.tools)}"
