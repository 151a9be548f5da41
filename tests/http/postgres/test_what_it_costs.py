"""What one request costs besides its statements, where it can be counted: the timers and tasks that it makes."""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import App, a_campaign, add_posts, calling, observed

# The request's own limit, that of its connection, and the driver's: of each statement, and of a connection that rests.
READING = {"timers": 4, "tasks": 1}
# A statement more; each piece of a body has a limit, and the request's begins anew when the last one has come.
WRITING = {"timers": 4 + 1 + 2 + 1, "tasks": 1}


@pytest.fixture
def app(use_cases: UseCases) -> App:
    return observed(use_cases)


@pytest.fixture
async def caller(app: App) -> httpx2.AsyncClient:
    return calling(app)


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Generator[Counter[str]]:
    """The timers and tasks that the running loop makes meanwhile."""
    loop, made = asyncio.get_running_loop(), Counter[str]()
    call_at, create_task = loop.call_at, loop.create_task

    def counted_timer(*args: Any, **kwargs: Any) -> asyncio.TimerHandle:
        made["timers"] += 1
        return call_at(*args, **kwargs)

    def counted_task(*args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        made["tasks"] += 1
        return create_task(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "call_at", counted_timer)
        patched.setattr(loop, "create_task", counted_task)
        yield made


async def test_reading_and_making_a_schedule_make_few_timers_and_no_task_of_ours(
    caller: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await a_campaign(caller)
    *others, first, second = await add_posts(caller, campaign, ["LINKEDIN"] * 4)
    asked = {"timestamp": "2030-03-18T19:00:00"}
    for nth, post in enumerate((*others, first), start=1):  # statements are prepared once
        await caller.post(f"/schedule/post/{post}", json={"timestamp": f"2030-03-1{nth}T19:00:00"})

    with counting(monkeypatch) as writing:
        made = await caller.post(f"/schedule/post/{second}", json=asked)
    await caller.get(f"/schedule/post/{first}")
    with counting(monkeypatch) as reading:
        read = await caller.get(f"/schedule/post/{second}")

    assert (made.status_code, read.status_code) == (201, 200)
    assert dict(writing) == WRITING
    assert dict(reading) == READING
