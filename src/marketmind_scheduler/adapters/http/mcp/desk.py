"""Where agents' calls are taken: each gets one answer, as the API would have given it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from marketmind_scheduler.adapters.http.envelope.idempotency import request_key
from marketmind_scheduler.adapters.http.mcp.catalogue import TOOLS
from marketmind_scheduler.adapters.http.mcp.marking import harmless, marked
from marketmind_scheduler.adapters.http.mcp.tool import Tool
from marketmind_scheduler.adapters.http.problems import Overloaded, explained, problem_of
from marketmind_scheduler.adapters.http.shapes.schedules import WHY_IT_WAITS
from marketmind_scheduler.adapters.http.shapes.waiting import why_it_waits
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller
from marketmind_scheduler.ports.idempotency import Answer, Idempotency

SECONDS = 40
"""How long a call may take. What it has not committed by then is rolled back."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a call, as JSON; ``code`` is that of the failure, if it is one."""

    body: bytes
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """``commits``: whether agents may commit plans. Without ``idempotency`` keys mean nothing."""

    use_cases: UseCases
    idempotency: Idempotency | None
    commits: bool
    seconds: float = SECONDS

    @property
    def tools(self) -> Mapping[str, Tool[Any]]:
        """What is offered, by name."""
        return {tool.name: tool for tool in TOOLS if self.commits or not tool.commits}

    async def call(self, tool: Tool[Any], arguments: bytes, admitted: Callable[[], Awaitable[Caller]]) -> Told:
        """What the tool answers to whoever is admitted; raises nothing. Given up before its end, a call has stored
        nothing."""
        started = perf_counter()
        WHY_IT_WAITS.set(why_it_waits(self.use_cases))
        limit = asyncio.timeout(self.seconds)
        try:
            async with limit:
                told = Told(await self._answered(tool, arguments, await admitted()))
        except Exception as failed:  # noqa: BLE001  # told to the agent, and the unexpected ones logged
            too_long = isinstance(failed, TimeoutError) and limit.expired()
            told = _failed(Overloaded() if too_long else failed, tool.name)
        log.info("tool", tool=tool.name, code=told.code or "ok", ms=round((perf_counter() - started) * 1000, 2))
        return told

    async def _answered(self, tool: Tool[Any], arguments: bytes, caller: Caller) -> bytes:
        asked = tool.read(caller, arguments)
        key = tool.key(asked)
        if key is None or self.idempotency is None:
            return _encoded(await tool.answer(self.use_cases.for_(caller), asked))
        async with self.idempotency.request(request_key(caller, f"/mcp/{tool.name}", key.encode(), arguments)) as once:
            if once.answer is not None:
                return once.answer.body
            body = _encoded(await tool.answer(self.use_cases.for_(caller, once.storage), asked))
            return (await once.keep(Answer(status=HTTPStatus.OK, headers=(), body=body))).body


def _encoded(answer: Struct) -> bytes:
    return msgspec.json.encode(marked(answer))


def _failed(error: Exception, name: str) -> Told:
    """A code, what it means, and what was wrong this time: that may quote what people wrote."""
    problem = problem_of(error, instance=f"/mcp/{name}")
    this_time = {"detail": problem.detail, "details": problem.details, "errors": problem.errors}
    _, meaning = explained()[problem.code]
    told = {
        "code": problem.code,
        "status": problem.status,
        "meaning": " ".join(meaning.split()),
        "untrusted": harmless({said: value for said, value in this_time.items() if value}),
    }
    return Told(msgspec.json.encode(told), problem.code)
