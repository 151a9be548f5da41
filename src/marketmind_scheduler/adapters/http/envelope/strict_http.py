"""h11 where it is more generous than a service behind proxies may be."""

import h11
from h11._receivebuffer import ReceiveBuffer

_HEAD_BYTES = 16 * 1024
_EMPTY_LINE = b"\r\n"
_BOTH_LENGTHS = {b"content-length", b"transfer-encoding"}
_TOO_LARGE = "the head of a request is at most 16 kB"
_IN_WORDS = {
    "Receive buffer too long": _TOO_LARGE,
    "Missing mandatory Host": "a request names its Host, and this one does not",
    "Found multiple Host": "a request names its Host once",
}
"""What h11 says that a person can act on. What else it says repeats the request."""


class StrictConnection(h11.Connection):
    """h11 itself measures a head only while it is incomplete, lets one give its body two lengths, takes a lone CR in
    the extension of a chunk, and an empty line for a request (RFC 9112, sections 2.2 and 6.1).

    ``flaw`` says what was wrong with what came last.
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, _HEAD_BYTES)
        self.flaw = ""
        self._receive_buffer = _Received()

    @property
    def has_part_of_a_head(self) -> bool:
        return self.their_state is h11.IDLE and bool(self._receive_buffer)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self.their_state is h11.IDLE:
            self._pass_over_empty_lines()
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                _check(event)
        except h11.RemoteProtocolError as wrong:
            said = next((words for beginning, words in _IN_WORDS.items() if str(wrong).startswith(beginning)), "")
            self.flaw = said or (str(wrong) if isinstance(wrong, _Flaw) else "this is no request of HTTP/1.1")
            raise
        return event

    def _pass_over_empty_lines(self) -> None:
        while bytes(self._receive_buffer)[:2] == _EMPTY_LINE:
            self._receive_buffer.maybe_extract_at_most(2)


class _Flaw(h11.RemoteProtocolError):
    """Says what is wrong in words of ours."""


def _check(request: h11.Request) -> None:
    """Raises _Flaw."""
    headers = request.headers.raw_items()
    if len(request.target) + sum(len(name) + len(value) for name, value in headers) > _HEAD_BYTES:
        raise _Flaw(_TOO_LARGE)
    if {name.lower() for name, _ in headers} >= _BOTH_LENGTHS:
        raise _Flaw("a body has a Content-Length or is sent in chunks, and this one is both")


class _Received(ReceiveBuffer):
    """Single lines are read where chunks begin, and nowhere else."""

    def maybe_extract_next_line(self) -> bytearray | None:
        line = super().maybe_extract_next_line()
        if line is not None and b"\r" in line[:-2]:
            raise _Flaw("a line ends with CR LF, and in one there is a CR by itself")
        return line
