"""How a response begins, kept as it came: where its head cannot be read, its first line still says that what was sent
is not out."""

import re
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from marketmind_scheduler.adapters.webhooks.responses import Response

_MOST_BYTES = 64_000
_STATUS_LINE = re.compile(rb"[\r\n]*HTTP/1\.[0-9] ([1-9][0-9][0-9])(?: [^\n]*)?\r?\n")
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_NOT_YET = range(100, 200)
_REFUSALS = 300


def refusal_in(heard: bytes) -> Response | None:
    """A response without a head that can be read, whose first line has come whole and says no. That a post is out, only
    a whole head says."""
    status = _status_in(heard)
    return Response(status, {}) if status is not None and status >= _REFUSALS else None


def _status_in(heard: bytes) -> int | None:
    """The first that ends a request, behind those that say that more is to come."""
    at = 0
    while line := _STATUS_LINE.match(heard, at):
        status = int(line[1])
        if status not in _NOT_YET:
            return status
        end = _END_OF_HEAD.search(heard, line.end() - 1)
        if end is None:
            return None
        at = end.end()
    return None


class HeardNetwork(httpcore2.AsyncNetworkBackend):
    """Connects through ``network``, and keeps in ``heard`` how what comes begins."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend, heard: bytearray) -> None:
        self._network = network
        self._heard = heard

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore2 calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        return _HeardStream(stream, self._heard)


class _HeardStream(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: httpcore2.AsyncNetworkStream, heard: bytearray) -> None:
        self._stream = stream
        self._heard = heard

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        part = await self._stream.read(max_bytes, timeout)
        self._heard.extend(part[: _MOST_BYTES - len(self._heard)])
        return part

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        return _HeardStream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._heard)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
