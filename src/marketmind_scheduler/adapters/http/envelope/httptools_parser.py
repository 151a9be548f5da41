"""Requests read by httptools, llhttp in C: whole heads that have been read strictly before, and bodies.

llhttp itself knows a few methods only, takes lines of RTSP for lines of HTTP, and leaves a request that offers another
protocol before its body. So the line of a request is read here, and it is not shown such an offer.
"""

import asyncio
import re
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from marketmind_scheduler.adapters.http.envelope.guarding import Guarded
from marketmind_scheduler.adapters.http.envelope.heads import (
    NO_REQUEST,
    Head,
    NotARequest,
    check_behind,
    empty_lines,
    read_head,
)

_BETWEEN_BYTES = 16 * 1024
_MOST_PIECES = 2000
_ANY_LINE = b"POST / HTTP/%b\r\n%b\r\n"
_OFFER = re.compile(rb"(?im)^(?:upgrade|proxy-connection):.*\n")
_MAY_END = b"\r\n\r\n"
_NONE = Head(b"", b"", b"", b"", 0, 0)


class GuardedByHttptools(Guarded, HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser = self._llhttp = httptools.HttpRequestParser(self)
        self._received = b""
        self._tail = b""
        self._head = _NONE
        self._asked: RequestResponseCycle | None = None
        self._is_in_body = False
        self._left = 0
        self._between = 0

    @property
    def is_answering(self) -> bool:
        return self._asked is not None and not self._asked.response_complete

    @property
    def has_begun_to_answer(self) -> bool:
        return self._asked is not None and self._asked.response_started and not self._asked.response_complete

    @property
    def is_in_head(self) -> bool:
        return self.awaits_a_head and bool(self._received)

    @property
    def is_in_body(self) -> bool:
        return self._is_in_body

    @property
    def awaits_a_head(self) -> bool:
        return not self._is_in_body and not self.is_answering

    def read(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._received += data
        self._read_on()

    def go_on(self) -> None:
        HttpToolsProtocol.on_response_complete(self)
        self._read_on()

    def end_in_order(self) -> None:
        HttpToolsProtocol.shutdown(self)

    def on_url(self, url: bytes) -> None:
        """It is none that was asked for."""

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_body:  # what comes behind a body is no part of its head
            check_behind(name)
            self._between += len(name) + len(value)
        else:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        raw_path, _, query = self._head.target.partition(b"?")
        self.scope["method"] = self._head.method.decode("ascii")
        self.scope["http_version"] = self._head.version.decode("ascii")
        self.scope["raw_path"], self.scope["query_string"] = raw_path, query
        self.scope["path"] = unquote(raw_path.decode("ascii"))
        self._is_in_body = True
        self.cycle = self._asked = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue and self._head.version >= b"1.1",
            keep_alive=self._head.version >= b"1.1" and self._llhttp.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        self._start_asgi_task(self.cycle, self.app)

    def on_chunk_header(self) -> None:
        self._between = 0

    def on_body(self, body: bytes) -> None:
        self._between = 0
        self._left = max(self._left - len(body), 0)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._between <= _BETWEEN_BYTES:  # else it is refused as soon as this piece has been read
            self._is_in_body = False
            super().on_message_complete()

    def _read_on(self) -> None:
        """As far as may be: no head before the request before it has been answered."""
        try:
            while self._received and not self.transport.is_closing():
                if self._is_in_body:
                    if not self._read_body():
                        return
                elif self.is_answering:
                    self.flow.pause_reading()
                    return
                elif not self._read_head():
                    return
        except NotARequest as wrong:
            self.send_400_response(str(wrong))

    def _read_head(self) -> bool:
        """Whether it was whole."""
        self._received = self._received[empty_lines(self._received) :]
        head = read_head(self._received)
        if head is None:
            return False
        self._unset_keepalive_if_required()
        self._received = self._received[head.size :]
        self._head, self._left, self._between = head, head.length or 0, 0
        self._feed(_ANY_LINE % (b"1.1" if head.version >= b"1.1" else b"1.0", _OFFER.sub(b"", head.fields)))
        return True

    def _read_later(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self._read_on()
            self.stand()

    def _read_body(self) -> bool:
        """No further than to its end: what stands behind it is no body. Whether to go on at once."""
        at, received, self._received = len(self._tail), self._tail + self._received, b""
        for _ in range(_MOST_PIECES):
            if at == len(received) or not self._is_in_body:
                break
            end = self._end_of_piece(received, at)
            self._between += end - at
            self._feed(memoryview(received)[at:end])
            at = end
            if self._between > _BETWEEN_BYTES:
                raise NotARequest("what stands between two pieces of a body is at most 16 kB")
        self._tail, self._received = received[max(at - 3, 0) : at], received[at:]
        if not self._received or not self._is_in_body:
            return True
        self.flow.pause_reading()  # a body may look as if it ended everywhere; others have their turn in between
        self.loop.call_soon(self._read_later)
        return False

    def _end_of_piece(self, received: bytes, at: int) -> int:
        if self._left:
            return min(at + self._left, len(received))
        found = received.find(_MAY_END, max(at - 3, 0))
        return len(received) if found < 0 else found + len(_MAY_END)

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            self._llhttp.feed_data(data)
        except httptools.HttpParserCallbackError as failed:
            if isinstance(failed.__context__, NotARequest):
                raise failed.__context__ from None
            raise
        except httptools.HttpParserError:
            raise NotARequest(NO_REQUEST) from None
