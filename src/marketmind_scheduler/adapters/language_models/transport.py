"""One request to a checked address, and an answer of bounded size."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import httpx2

from marketmind_scheduler.adapters.language_models.endpoint import Endpoint

LookUp: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses behind a name, the best first; raises OSError when there are none."""

MOST_ANSWER_BYTES = 64_000
_MOST_TRIED = 3
_CONNECT_SECONDS = 3
_SENT = ("content-type", "content-length", "authorization")


class UnusableAnswer(Exception):  # noqa: N818  # named after what it says
    """Something came that is no answer; the message says what, and repeats nothing of it. ``may_have_cost``: whether a
    model may have been asked for it."""

    def __init__(self, said: str, *, may_have_cost: bool = True) -> None:
        super().__init__(said)
        self.may_have_cost = may_have_cost


async def ask_system(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class OneRequestTransport(httpx2.AsyncBaseTransport):
    """Sends to ``endpoint`` alone, over a connection of its own for each request: no proxy of the environment, no
    redirect, no cookie, and of the headers only those that the request needs.

    A name is looked up once for each request, and what was checked is what is connected to. TLS and the Host header
    keep to the name. Raises BadEndpoint before anything is sent, and UnusableAnswer.
    """

    def __init__(self, endpoint: Endpoint, *, look_up: LookUp = ask_system) -> None:
        self._endpoint = endpoint
        self._look_up = look_up
        self._network = httpx2.AsyncHTTPTransport(
            trust_env=False, http2=False, retries=0, limits=httpx2.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            addresses = await self._look_up(self._endpoint.host)
        except OSError as unknown:
            raise httpx2.ConnectError(f"the name {self._endpoint.host} leads nowhere: {unknown.strerror}") from unknown
        self._endpoint.check(addresses)
        return await self._read(await self._sent(request, addresses[:_MOST_TRIED]))

    async def aclose(self) -> None:
        await self._network.aclose()

    async def _sent(self, request: httpx2.Request, addresses: Sequence[str]) -> httpx2.Response:
        """To the first of the addresses that takes the connection."""
        failure: Exception = httpx2.ConnectError(f"the name {self._endpoint.host} leads to no address")
        for address in addresses:
            try:
                return await self._network.handle_async_request(self._addressed(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as failed:
                failure = failed
        raise failure

    def _addressed(self, request: httpx2.Request, address: str) -> httpx2.Request:
        headers = {name: request.headers[name] for name in _SENT if name in request.headers}
        if self._endpoint.api_key is None:
            headers.pop("authorization", None)
        return httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers={
                **headers,
                "host": request.url.netloc.decode(),
                "accept": "application/json",
                "accept-encoding": "identity",
                "connection": "close",
                "user-agent": "marketmind-scheduler",
            },
            content=request.content,
            extensions={"timeout": {"connect": _CONNECT_SECONDS}, "sni_hostname": request.url.host},
        )

    async def _read(self, response: httpx2.Response) -> httpx2.Response:
        try:
            if response.has_redirect_location:
                said = f"the endpoint answered {response.status_code} and names another address, which is not followed"
                raise UnusableAnswer(f"{said}; configure the one that it means", may_have_cost=False)
            if response.is_success and not response.headers.get("content-type", "").startswith("application/json"):
                raise UnusableAnswer("the answer is no JSON")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise UnusableAnswer("the answer is compressed, which nobody asked for")
            body = bytearray()
            async for part in response.aiter_raw():
                body.extend(part)
                if len(body) > MOST_ANSWER_BYTES:
                    raise UnusableAnswer(f"the answer has more than {MOST_ANSWER_BYTES} bytes")
        finally:
            await response.aclose()
        return httpx2.Response(response.status_code, headers={"content-type": "application/json"}, content=bytes(body))
