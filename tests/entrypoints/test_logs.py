"""What a person reads at a terminal of what is logged."""

import json
import logging
import os
from collections.abc import Generator

import pytest
import structlog

from marketmind_scheduler.entrypoints import logs
from marketmind_scheduler.entrypoints.choices import LogFormat, LogLevel
from marketmind_scheduler.entrypoints.logs import for_people

IDS = {"request_id": "01a22a98-8e33-7777-b82d-c32496848f5a", "trace_id": "0" * 32, "span_id": "1" * 16}
CAMPAIGN = "22222222-2222-2222-2222-222222220abc"


def request(path: str, status: int, **more: object) -> dict[str, object]:
    return {
        "event": "request",
        "method": "POST",
        "path": path,
        "route": "/r",
        "status": status,
        "ms": 2.19,
        **more,
        **IDS,
    }


@pytest.mark.parametrize(
    ("logged", "line"),
    [
        (request("/brands", 200), "POST /brands 200 2 ms"),
        (request(f"/posts/{CAMPAIGN}", 404), f"POST /posts/{CAMPAIGN} 404 2 ms"),
        (
            request(f"/schedule/campaign/{CAMPAIGN}", 422, code="too_many_posts"),
            "POST /schedule/campaign/…22220abc 422 too_many_posts 2 ms",
        ),
    ],
)
def test_a_request_is_one_short_line(logged: dict[str, object], line: str) -> None:
    assert for_people(None, "info", logged) == {"event": line}
    assert len(f"19:00:00Z [info] {line}") <= 80


def test_what_else_a_request_says_stands_behind_its_line() -> None:
    shown = for_people(None, "info", request("/brands", 200, caller="reporting"))

    assert shown == {"event": "POST /brands 200 2 ms", "caller": "reporting"}


@pytest.mark.parametrize(("level", "is_shown"), [("info", False), ("debug", False), ("warning", True), ("error", True)])
def test_ids_of_requests_are_shown_where_something_is_wrong(level: str, *, is_shown: bool) -> None:
    shown = for_people(None, level, {"event": "unavailable", **IDS})

    assert ("request_id" in shown) is is_shown


@pytest.fixture
def unconfigured_afterwards() -> Generator[None]:
    """What is logged afterwards goes where it went before."""
    root = logging.getLogger()
    handlers, level = [*root.handlers], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("unconfigured_afterwards")
def test_who_does_not_read_the_log_stops_nobody_and_hears_later_how_much_is_missing() -> None:
    unread, full = os.pipe()
    with os.fdopen(full, "w") as out, os.fdopen(unread) as reader, logs.aside(out, most_lines=10) as lines:
        logs.configure(LogFormat.JSON, LogLevel.INFO, to=lines)
        for nth in range(5000):  # far more than a pipe and ten lines hold
            lines.write(f"line {nth} {'x' * 80}\n")
        read = [reader.readline()]
        while "log lines dropped" not in read[-1]:
            read.append(reader.readline())

    assert read[0].startswith("line 0 ")
    assert 0 < json.loads(read[-1])["lines"] < 5000
