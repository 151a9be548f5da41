"""What all connections share: their limits, and how it is told what became of those that were refused or closed."""

import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec
import structlog

from marketmind_scheduler.adapters.http.envelope.connections import Connections
from marketmind_scheduler.adapters.http.envelope.headers import headers_for
from marketmind_scheduler.adapters.http.envelope.limits import Limits
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.envelope.seldom import Seldom
from marketmind_scheduler.adapters.http.problems import PROBLEM_JSON, Malformed, problem_of
from marketmind_scheduler.ports.ids import NewId

log = structlog.get_logger()


class Edge:
    """Of one server."""

    def __init__(
        self,
        limits: Limits,
        *,
        metrics: RequestMetrics,
        new_id: NewId,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connections = Connections(limits)
        self._metrics = metrics
        self._new_id = new_id
        self._seldom = Seldom(monotonic)

    def closed(self, why: str, peer: str) -> None:
        """A connection was closed without an answer: counted, and told in the log once a second at most."""
        self._metrics.refused(why)
        if (untold := self._seldom.untold(why)) is not None:
            log.info("connection closed", why=why, peer=peer, **_those(untold))

    def malformed(self, why: str, peer: str) -> bytes:
        """The whole answer to what is no request: a problem like every other, counted and told."""
        problem = problem_of(Malformed(why, at="request"), instance="")
        request_id = str(self._new_id())
        self._metrics.refused(problem.code)
        self._metrics.answered("", "unmatched", HTTPStatus.BAD_REQUEST, scheme="http", seconds=0)
        if (untold := self._seldom.untold(problem.code)) is not None:
            told = {"status": problem.status, "code": problem.code, "why": why, "peer": peer, "request_id": request_id}
            log.info("request", method="", path="", route="unmatched", ms=0, **told, **_those(untold))
        body = msgspec.json.encode(problem)
        headers = [
            (b"content-type", PROBLEM_JSON.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *headers_for("", request_id),
        ]
        return b"".join([b"HTTP/1.1 400 Bad Request\r\n", *(b"%b: %b\r\n" % each for each in headers), b"\r\n", body])


def _those(untold: int) -> dict[str, int]:
    return {"untold": untold} if untold else {}
