"""The tools over HTTP: the streamable transport of the protocol, without sessions, in both of its eras.

Each request has a transport of its own, which ends with its answer, so that no answer can reach another client.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import INVALID_REQUEST

from marketmind_scheduler.adapters.http.envelope.access import KNOWN, PUBLIC, caller_in
from marketmind_scheduler.adapters.http.envelope.asgi import ASGIScope, Receive, Send
from marketmind_scheduler.adapters.http.envelope.idempotency import NOT_KEYED
from marketmind_scheduler.adapters.http.envelope.shares import CLIENT_GONE
from marketmind_scheduler.adapters.http.envelope.strictness import TAKES_BODY
from marketmind_scheduler.adapters.http.envelope.time_limit import UNLIMITED
from marketmind_scheduler.adapters.http.mcp.address import METADATA, PATH, Address
from marketmind_scheduler.adapters.http.mcp.catalogue import TOOLS
from marketmind_scheduler.adapters.http.mcp.desk import Desk
from marketmind_scheduler.adapters.http.mcp.server import Context, server_of
from marketmind_scheduler.adapters.http.problems import Problem, to_problem
from marketmind_scheduler.adapters.http.words.challenges import challenge
from marketmind_scheduler.domain.access import Caller
from marketmind_scheduler.domain.errors import Unauthenticated

AnyRequest = Request[Any, Any, Any]

_CHECKED_BEFORE = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # by Address, in words of ours


def routes_of(desk: Desk, address: Address, *, issuer: str | None = None) -> Sequence[HTTPRouteHandler]:
    """The routes of the tools at this address; ``issuer`` gives out tokens that are taken beside keys."""
    server = server_of(desk, _caller_of)

    def failed(request: AnyRequest, error: Exception) -> Response[Mapping[str, object]]:
        return _in_the_protocol(request, error, address)

    @post(
        PATH,
        status_code=200,
        include_in_schema=False,
        opt={**KNOWN, **NOT_KEYED, **UNLIMITED, **TAKES_BODY},
        exception_handlers={Exception: failed},
    )
    async def answer_agent(request: AnyRequest) -> ASGIApp:
        address.check(_host(request), request.headers.get("origin"))
        return _answering(server, await request.body())

    @get(METADATA, include_in_schema=False, opt=PUBLIC)
    async def get_resource_metadata(request: AnyRequest) -> dict[str, object]:
        """As RFC 9728 has it: how whoever wants to use the tools shows who they are."""
        address.check(_host(request), None)
        told: dict[str, object] = {
            "resource": address.resource(_host(request)),
            "resource_name": server.title,
            "scopes_supported": sorted({str(tool.scope) for tool in TOOLS}),
            "bearer_methods_supported": ["header"],
        }
        return told | ({"authorization_servers": [issuer]} if issuer else {})

    return [answer_agent, get_resource_metadata]


def _answering(server: Server[Any], body: bytes) -> ASGIApp:
    """What the SDK answers to this request. A client that goes before that has cancelled it."""

    async def answer(scope: ASGIScope, receive: Receive, send: Send) -> None:
        transport = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=_CHECKED_BEFORE,
            max_request_body_size=len(body) + 1,  # it was limited where it was read
        )
        has_begun = False

        async def begun(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            if "status" in message:
                message["status"] = int(message["status"])
            await send(message)

        async with transport.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_with_client, receive, tasks.cancel_scope)
            await transport.handle_request(scope, _again(body), begun)  # pyright: ignore[reportArgumentType]
            tasks.cancel_scope.cancel()
        if not has_begun:
            await send({"type": "http.response.start", "status": CLIENT_GONE, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answer


async def _cancel_with_client(receive: Receive, request: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    request.cancel()


def _again(body: bytes) -> Receive:
    """A body that has been received, to be received; nothing follows it."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(messages, None) or await anyio.sleep_forever()

    return receive


async def _caller_of(context: Context) -> Caller:
    if context.request is None:
        raise RuntimeError("the transport has not passed its request on")
    return caller_in(context.request.scope)


def _host(request: AnyRequest) -> str:
    return request.headers.get("host", "")


def _in_the_protocol(request: AnyRequest, error: Exception, address: Address) -> Response[Mapping[str, object]]:
    """The problem as an error of JSON-RPC, which clients show to the agent; status and headers are those of the API."""
    problem = to_problem(request, error)
    headers = dict(problem.headers)
    if isinstance(error, Unauthenticated) and (metadata := address.metadata(_host(request))):
        where = f'resource_metadata="{metadata}"'
        said_first = ", ".join(filter(None, [challenge(error).removeprefix("Bearer").strip(), where]))
        headers["www-authenticate"] = f"Bearer {said_first}"
    said: Problem = problem.content
    failure = {"code": INVALID_REQUEST, "message": f"{said.code}: {said.detail}", "data": msgspec.to_builtins(said)}
    content = {"jsonrpc": "2.0", "id": None, "error": failure}
    return Response(content, status_code=said.status, headers=headers, media_type="application/json")
