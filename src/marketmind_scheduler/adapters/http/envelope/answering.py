"""One answer on its way to whoever asked."""

from typing import Any

import msgspec
import structlog
from litestar.exceptions import HTTPException

from marketmind_scheduler.adapters.http.envelope.asgi import HTTPScope, Send
from marketmind_scheduler.adapters.http.envelope.target import OtherSpelling
from marketmind_scheduler.adapters.http.problems import PROBLEM_JSON, problem_of
from marketmind_scheduler.adapters.http.words.wayfinding import shown_path

log = structlog.get_logger()


class Answering:
    """It is begun once, whoever begins it, and carries these headers; of HEAD it is no more than a head."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, is_head: bool) -> None:
        self._send = send
        self._headers = headers
        self._is_head = is_head
        self._has_begun = False
        self.status = 500
        self.is_cut_off = False

    async def send(self, message: Any) -> None:
        """Pass a message on. A second beginning means that the rest of the first will never come."""
        if self.is_cut_off:
            return
        if message["type"] == "http.response.start":
            if self._has_begun:
                self.is_cut_off = True
                return
            self._has_begun, self.status = True, message["status"]
            message["headers"] = [*map(_with_head, message.get("headers", ())), *self._headers]
        elif self._is_head:
            message["body"] = b""
        await self._send(message)

    async def problem(self, error: Exception, asked: HTTPScope) -> None:
        """Answer with it, or end an answer that has begun."""
        meaning = error.meaning if isinstance(error, OtherSpelling) else None
        problem = problem_of(error, instance=shown_path(asked), meaning=meaning)
        structlog.contextvars.bind_contextvars(code=problem.code)
        body = msgspec.json.encode(problem)
        more = error.headers or {} if isinstance(error, HTTPException) else {}
        headers = {"content-type": PROBLEM_JSON, "content-length": str(len(body)), **more}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            await self.send({"type": "http.response.start", "status": problem.status, "headers": encoded})
            await self.send({"type": "http.response.body", "body": body})
        except Exception:  # nothing is left to say it with
            log.exception("unexpected")
            self.is_cut_off = True


def _with_head(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """HEAD is allowed wherever GET is (RFC 9110, section 9.1)."""
    name, value = header
    return (name, value + b", HEAD") if name == b"allow" and b"GET" in value.split(b", ") else header
