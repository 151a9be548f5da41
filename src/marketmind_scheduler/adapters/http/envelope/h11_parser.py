"""Requests read by h11, where there is nothing faster: no head that has not been read strictly before."""

import re
from typing import Any, TypeAlias

import h11
from h11._receivebuffer import ReceiveBuffer
from uvicorn.protocols.http.h11_impl import H11Protocol

from marketmind_scheduler.adapters.http.envelope.guarding import Guarded
from marketmind_scheduler.adapters.http.envelope.heads import (
    HEAD_BYTES,
    LINES,
    NO_REQUEST,
    TOKEN,
    TOO_LARGE,
    NotARequest,
    check_behind,
    empty_lines,
    read_head,
)

Event: TypeAlias = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]

_VALUE = rb'(?:%b|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+")' % TOKEN
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,16}(?:;(?:%b|(?==))(?:=(?:%b)?)?)*+\r\n" % (TOKEN, _VALUE))


class StrictConnection(h11.Connection):
    """``flaw`` says what was wrong with what came last."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES)
        self.flaw = NO_REQUEST
        self._receive_buffer = _Received()

    @property
    def is_in_head(self) -> bool:
        return self.their_state is h11.IDLE and bool(self._receive_buffer)

    def next_event(self) -> Event:
        try:
            if self.their_state is h11.IDLE and not self._has_a_head():
                return h11.NEED_DATA
            return _checked(super().next_event())
        except NotARequest as wrong:
            self.flaw = str(wrong)
            self._process_error(h11.CLIENT)
            raise h11.RemoteProtocolError(self.flaw) from None

    def _has_a_head(self) -> bool:
        self._receive_buffer.maybe_extract_at_most(empty_lines(bytes(self._receive_buffer)))
        return read_head(bytes(self._receive_buffer)) is not None


def _checked(event: Event) -> Event:
    if isinstance(event, h11.EndOfMessage):
        for name, _ in event.headers:
            check_behind(name)
    return event


class _Received(ReceiveBuffer):
    """Single lines are read where chunks begin, and nowhere else; several are a head, or what comes behind chunks."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        before = bytes(self)
        lines = super().maybe_extract_lines()
        taken = before[: len(before) - len(self)]
        if len(taken) > HEAD_BYTES:
            raise NotARequest(TOO_LARGE)
        if lines is not None and not LINES.fullmatch(taken):
            raise NotARequest(NO_REQUEST)
        return lines

    def maybe_extract_next_line(self) -> bytearray | None:
        line = super().maybe_extract_next_line()
        if line is not None and not _CHUNK.fullmatch(line):
            raise NotARequest(NO_REQUEST)
        return line


class GuardedByH11(Guarded, H11Protocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = self._http = StrictConnection()

    @property
    def is_answering(self) -> bool:
        return self.conn.our_state in (h11.SEND_RESPONSE, h11.SEND_BODY)

    @property
    def has_begun_to_answer(self) -> bool:
        return self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)

    @property
    def is_in_head(self) -> bool:
        return self._http.is_in_head

    @property
    def is_in_body(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY

    @property
    def awaits_a_head(self) -> bool:
        return self.conn.their_state is h11.IDLE

    def read(self, data: bytes) -> None:
        H11Protocol.data_received(self, data)

    def go_on(self) -> None:
        H11Protocol.on_response_complete(self)

    def end_in_order(self) -> None:
        H11Protocol.shutdown(self)

    def send_400_response(self, msg: str) -> None:
        del msg  # it says less
        super().send_400_response(self._http.flaw)

    def _should_upgrade(self) -> bool:
        return False
