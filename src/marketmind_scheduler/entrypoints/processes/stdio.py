"""The tools for one agent on this machine, whose client starts this process and talks to it over stdin and stdout."""

import structlog
from mcp.server.stdio import stdio_server

from marketmind_scheduler.adapters.http.mcp.desk import Desk
from marketmind_scheduler.adapters.http.mcp.server import Context, server_of
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.domain.access import Caller
from marketmind_scheduler.entrypoints.settings import Settings, Switch
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service

log = structlog.get_logger()


async def serve_tools(settings: Settings, service: Service, credential: str) -> None:
    """Answer until stdin ends. On stdout goes nothing but the protocol. Each call is checked and counted as a request
    with this key would be; raises InvalidCredentials where it opens nothing at the start."""
    desk = Desk(use_cases=service.use_cases, idempotency=service.idempotency, commits=settings.mcp_commit is Switch.ON)
    caller = await service.use_cases.access.caller(credential)

    async def admitted(_context: Context) -> Caller:
        structlog.contextvars.bind_contextvars(request_id=str(new_uuid7()), caller=caller.name)
        found = await service.use_cases.access.caller(credential)
        if service.limiter is not None:
            await service.limiter.admit(found.name)
        return found

    server = server_of(desk, admitted)
    async with stdio_server() as (incoming, outgoing):
        log.info("serving tools over stdio", caller=caller.name, tools=len(desk.tools))
        await server.run(incoming, outgoing, server.create_initialization_options())
