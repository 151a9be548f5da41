"""Closing a connection so that its client can read the answer (RFC 9112, section 9.6).

Whoever closes while something is still coming resets the connection, and the client, which sends its whole body before
it reads, never sees what it was told. So our half is closed, and the rest is taken and thrown away, for a while.
"""

import asyncio
from typing import Any

_MOST_BYTES = 16 * 1024 * 1024
_MOST_SECONDS = 10
_SILENT_SECONDS = 1
_SMALL = 4096


class Patience:
    """How long something that nobody wants is waited for: ten seconds, one of them silent, and twice as many bytes as
    the largest body has."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends_at = loop.time() + _MOST_SECONDS
        self._bytes_left = _MOST_BYTES

    def next_look(self, taken: int) -> float | None:
        """So many bytes have come again: when it is over unless more come, None: it is over."""
        self._bytes_left -= taken
        now = self._loop.time()
        return min(now + _SILENT_SECONDS, self._ends_at) if self._bytes_left > 0 and now < self._ends_at else None


class LingeringTransport(asyncio.Transport):
    """The transport of a connection. ``close`` leaves its client the time to read, where ``is_sending`` says that more
    is to come from it; what comes from then on goes to ``discard``."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._patience: Patience | None = None
        self._look: asyncio.TimerHandle | None = None
        self._held = b""
        self.is_sending = False

    @property
    def is_leaving(self) -> bool:
        return self._patience is not None

    def close(self) -> None:
        if self._transport.is_closing() or self.is_leaving:
            return
        self._let_go()
        if not self.is_sending:
            self._transport.close()
            return
        self._patience = Patience(self._loop)
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.discard(0)

    def discard(self, taken: int) -> None:
        """So many bytes have come that nobody wants."""
        if self._look is not None:
            self._look.cancel()
        at = self._patience.next_look(taken) if self._patience else None
        self._look = None if at is None else self._loop.call_at(at, self._transport.abort)
        if at is None:
            self._transport.abort()

    def ended(self) -> None:
        """The connection is no more."""
        if self._look is not None:
            self._look.cancel()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self.is_leaving or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_leaving:
            return
        if not self._held and len(data) < _SMALL:
            self._held = bytes(data)
            self._loop.call_soon(self._let_go)
        elif self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._transport.write(data)

    def _let_go(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def pause_reading(self) -> None:
        if not self.is_leaving:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
