"""`mcp`: the tools for a client on this machine that starts them itself."""

import gc
import sys

import rich_click as click

from marketmind_scheduler.domain.errors import InvalidCredentials
from marketmind_scheduler.entrypoints.commands.console import look, told
from marketmind_scheduler.entrypoints.settings import SettingsError
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service
from marketmind_scheduler.entrypoints.wiring.tools import check_tools

_NO_KEY = (
    "SCHEDULER_MCP_KEY is not set: it takes an API key that the agent acts with; make one with "
    "`marketmind-scheduler keys create --name desktop --scope catalog:read --scope schedules:read`"
)
_WRONG_KEY = "the key in SCHEDULER_MCP_KEY is not accepted here; `marketmind-scheduler keys list` shows those that are"


@click.command()
def mcp() -> None:
    """Serve the tools for agents over stdin and stdout, to a client that starts this command.

    They act with the key in SCHEDULER_MCP_KEY, over the database that the other commands use. Logs go to stderr.
    docs/mcp.md shows the configuration of a client.
    """
    with told(logs_to=sys.stderr) as settings:
        check_tools()
        if settings.mcp_key is None:
            raise SettingsError(_NO_KEY)
        from marketmind_scheduler.entrypoints.processes.stdio import serve_tools  # noqa: PLC0415  # it takes the extra

        credential = settings.mcp_key

        async def serve(service: Service) -> None:
            try:
                await serve_tools(settings, service, credential)
            except InvalidCredentials:
                raise SettingsError(_WRONG_KEY) from None

        gc.freeze()  # what has been imported is not looked through for garbage while the client waits for an end
        look(settings, serve)
