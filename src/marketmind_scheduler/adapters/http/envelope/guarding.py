"""What uvicorn leaves to a proxy: limits on how long, how large and how ambiguous a request may be, and on how many
connections there are for whom; the same for each parser."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from marketmind_scheduler.adapters.http.envelope.access import IS_KNOWN
from marketmind_scheduler.adapters.http.envelope.connections import State, peer_of
from marketmind_scheduler.adapters.http.envelope.edge import Edge
from marketmind_scheduler.adapters.http.envelope.lingering import LingeringTransport, Patience
from marketmind_scheduler.adapters.http.envelope.observed import ABORT, REFUSED
from marketmind_scheduler.adapters.http.problems import Overloaded

_HEAD_SECONDS = 10
_TAKEN_BYTES = 64 * 1024
_TAKEN_SECONDS = 10
_FAULTS = logging.getLogger("uvicorn.error.faults")
_FAULTS.setLevel(logging.ERROR)  # what uvicorn warns of is told by us, with a request id and not without end


class Guarded(asyncio.Protocol):
    """One connection, before one of uvicorn's protocols, which reads and answers. It is closed when the next request
    head is not whole ten seconds after it could have begun, when its client goes on and on with a body that has been
    answered already, and when it takes less than 64 kB of an answer in ten seconds.

    The ten seconds of a head run from the connection, or from the first byte after an answer; every byte that drips in
    later finds them running. Between requests uvicorn's own keep-alive limit holds.
    """

    edge: ClassVar[Edge]

    app: Any
    app_state: Any
    client: Any
    limit_concurrency: Any
    logger: Any
    loop: Any
    transport: Any

    peer = ""
    is_known = False
    _is_over = False
    _deadline: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _patience: Patience | None = None
    _asking: Mapping[str, Any] = {}

    @property
    @abstractmethod
    def is_answering(self) -> bool:
        """Whether a request has been read whose answer is not complete."""

    @property
    @abstractmethod
    def has_begun_to_answer(self) -> bool:
        """Whether something of that answer is out."""

    @property
    @abstractmethod
    def is_in_head(self) -> bool:
        """Whether a part of the next head has come."""

    @property
    @abstractmethod
    def is_in_body(self) -> bool:
        """Whether the rest of a body is to come."""

    @property
    @abstractmethod
    def awaits_a_head(self) -> bool:
        """Whether the next request may begin, or has begun with a part of its head."""

    @abstractmethod
    def read(self, data: bytes) -> None:
        """Take what has come."""

    @abstractmethod
    def go_on(self) -> None:
        """An answer is complete: what came behind its request is read."""

    @abstractmethod
    def end_in_order(self) -> None:
        """Close the connection, when what is being answered has been."""

    def connection_made(self, transport: Any) -> None:
        self._lingering = LingeringTransport(transport, self.loop)
        self.logger = _FAULTS
        self.limit_concurrency = None  # uvicorn's own answer is no problem and has no Retry-After
        super().connection_made(self._lingering)
        self._served, self.app = self.app, self._within_its_share
        self.app_state = {**self.app_state, ABORT: self.transport.abort}
        self.peer = peer_of(self.client)
        self._close_in(_HEAD_SECONDS, "head_too_slow")
        self.edge.connections.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._lingering.is_leaving:
            self._lingering.discard(len(data))
            return
        was_unwanted = self._is_unwanted()
        self.read(data)
        self.stand()
        if self._is_unwanted():
            self._wait_for_the_rest(len(data))
            return
        awaits_a_head = self.awaits_a_head
        if was_unwanted or not awaits_a_head:
            self._keep_open()
        if awaits_a_head:
            self._close_in(_HEAD_SECONDS, "head_too_slow")

    def on_response_complete(self) -> None:
        self.is_known = self.is_known or IS_KNOWN in self._asking
        self._patience = None
        self.go_on()
        self.stand()
        if self._is_unwanted():
            self._wait_for_the_rest(0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_open()
        self._is_taken()
        self._lingering.ended()
        self.edge.connections.closed(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(_TAKEN_SECONDS, self._look, self._unsent())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_taken()

    def send_400_response(self, msg: str) -> None:
        """As a problem, like every other failure; where an answer has begun already, there is only an end."""
        if not self.has_begun_to_answer:
            self.transport.write(self.edge.malformed(msg, self.peer))
        self._is_over = True
        self._keep_open()
        self.stand()
        self.transport.close()

    def give_way(self) -> None:
        self.edge.closed("gave_way", self.peer)
        self.transport.abort()

    def shutdown(self) -> None:
        if self._lingering.is_leaving or self._is_over:
            self.transport.abort()
        else:
            self.end_in_order()

    def stand(self) -> None:
        """Say where the connection stands."""
        self._lingering.is_sending = self._is_over or self.is_in_body or self.is_in_head
        if self.is_answering and not self._is_over:
            self.edge.connections.turns(self, State.BUSY)
        else:
            self.edge.connections.turns(self, State.RESTING if self.is_known else State.SILENT)

    def _within_its_share(self, scope: Any, receive: Any, send: Any) -> Any:
        """Health is answered whatever happens, and so is whoever is known on this connection."""
        self._asking = scope["state"]
        is_served = self.is_known or scope["path"].startswith("/health") or self.edge.connections.has_room_for(self)
        if not is_served:
            scope["state"][REFUSED] = Overloaded(connection="close")
        return self._served(scope, receive, send)

    def _is_unwanted(self) -> bool:
        """Whether the rest of a body is still to come though its answer is out."""
        return self.is_in_body and not self.is_answering and not self._is_over

    def _wait_for_the_rest(self, taken: int) -> None:
        self._patience = self._patience or Patience(self.loop)
        at = self._patience.next_look(taken)
        self._keep_open()
        if at is None:
            self._end("body_without_end")
        else:
            self._close_in(at - self.loop.time(), "body_without_end")

    def _unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def _look(self, unsent_before: int) -> None:
        """How much of an answer has been taken since the last look."""
        if unsent_before - self._unsent() < _TAKEN_BYTES:
            self._end("answer_not_taken")
        else:
            self._taking = self.loop.call_later(_TAKEN_SECONDS, self._look, self._unsent())

    def _is_taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _end(self, why: str) -> None:
        self.edge.closed(why, self.peer)
        self.transport.abort()

    def _close_in(self, seconds: float, why: str) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._end, why)

    def _keep_open(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
