"""Connections to checked addresses alone: a name is looked up once, and what was checked is what is connected to."""

import asyncio
import socket
from asyncio import Future
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import httpcore2

from marketmind_scheduler.domain.addresses import AllowedNetwork, may_connect

LookUp: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses behind a name, the best first; raises OSError when there are none."""

_MOST_TRIED = 3


def any_network() -> httpcore2.AsyncNetworkBackend:
    return httpcore2.AnyIOBackend()  # pyright: ignore[reportReturnType]  # it may be another class, without anyio


class AddressNotAllowed(Exception):  # noqa: N818  # it is a verdict, not a fault
    """A name leads to an address that no webhook may go to."""


class Resolver:
    """The system's resolver, asked on threads of its own and about each name once at a time, so that a name server
    that hangs holds up nothing but the names it serves."""

    def __init__(self, *, names: int, ask: Callable[[str], Sequence[str]] | None = None) -> None:
        self._ask = ask or _ask_system
        self._threads = ThreadPoolExecutor(max_workers=max(1, names), thread_name_prefix="resolver")
        self._asked: dict[str, Future[Sequence[str]]] = {}

    async def look_up(self, host: str) -> Sequence[str]:
        answer = self._asked.get(host)
        if answer is None:
            answer = asyncio.get_running_loop().run_in_executor(self._threads, self._ask, host)
            self._asked[host] = answer
            answer.add_done_callback(lambda done: self._forget(host, done))
        return await asyncio.shield(answer)  # others may wait for it too

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _forget(self, host: str, done: Future[Sequence[str]]) -> None:
        del self._asked[host]
        if not done.cancelled():
            done.exception()  # whoever waited may be gone; asyncio would complain that nobody looked


def _ask_system(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects through ``network`` to the addresses that a name leads to, if every one of them is allowed.

    TLS and the Host header keep to the name: they are the caller's. Closing it closes whatever it has opened.
    """

    def __init__(
        self, *, look_up: LookUp, allowed: Collection[AllowedNetwork], network: httpcore2.AsyncNetworkBackend
    ) -> None:
        self._look_up = look_up
        self._allowed = allowed
        self._network = network
        self._opened: list[httpcore2.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore2 calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises AddressNotAllowed before anything is connected to."""
        del local_address, socket_options
        try:
            async with asyncio.timeout(timeout):
                addresses = await self.addresses_of(host, port)
                return await self._connect_to_first(addresses[:_MOST_TRIED], port, timeout)
        except TimeoutError as late:
            raise httpcore2.ConnectTimeout(f"{host} could not be reached in time") from late
        except OSError as unknown:
            raise httpcore2.ConnectError(f"the name {host} leads nowhere: {unknown.strerror}") from unknown

    async def addresses_of(self, host: str, port: int) -> Sequence[str]:
        """Where a connection would go, the best first; raises AddressNotAllowed, and OSError when the name leads
        nowhere."""
        addresses = await self._look_up(host)
        self._check(host, port, addresses)
        return addresses

    async def aclose(self) -> None:
        for stream in self._opened:
            await stream.aclose()

    def _check(self, host: str, port: int, addresses: Sequence[str]) -> None:
        for address in addresses:
            if not may_connect(address, port, allowed=self._allowed):
                raise AddressNotAllowed(
                    f"{host} leads to {address}, port {port}, which is not public; "
                    f"a receiver inside the company is named under allow"
                )

    async def _connect_to_first(
        self, addresses: Sequence[str], port: int, seconds: float | None
    ) -> httpcore2.AsyncNetworkStream:
        """To the first that takes the connection; each has an equal share of the time."""
        share = None if seconds is None else seconds / max(1, len(addresses))
        failure: Exception = httpcore2.ConnectError("the name leads to no address")
        for address in addresses:
            try:
                stream = await self._network.connect_tcp(address, port, timeout=share)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                failure = failed
            else:
                self._opened.append(stream)
                return stream
        raise failure
