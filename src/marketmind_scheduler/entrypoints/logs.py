"""Log lines: coloured text for a person at a terminal, JSON for everything else."""

import logging
import os
import re
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import RawIOBase, TextIOWrapper
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TextIO

import msgspec
import structlog

from marketmind_scheduler.entrypoints.choices import LogFormat, LogLevel

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_IDS = ("request_id", "trace_id", "span_id")
_LONG_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{4}([0-9a-fA-F]{8})")
_MOST_LINES = 10_000
_LAST_SECONDS = 1.0
_REST_SECONDS = 0.02
_UNDIVIDED = 4096
_LEVELS = {"warn": "warning", "exception": "error"}
"""What structlog calls otherwise than everybody else."""
_COLUMNS = 80 - len("19:00:00Z [info] ")


class Aside(RawIOBase):
    """Written to ``out`` by a thread of its own, so that nobody waits for whoever reads it. A line that finds no room
    is dropped, and a line says how many as soon as there is room."""

    name = "log"

    def __init__(self, out: TextIO, *, most_lines: int) -> None:
        self._out = out
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._most_lines = most_lines
        self._dropped = 0
        self._is_ending = Event()
        self._thread = Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._out.isatty()

    def write(self, line: "ReadableBuffer", /) -> int:
        text = bytes(line)
        if self._lines.qsize() < self._most_lines:
            self._lines.put(text)
        else:
            self._dropped += 1
        return len(text)

    def end(self) -> None:
        """Return when all is written, or after a second: nobody may be reading."""
        self._is_ending.set()
        self._lines.put(None)
        self._thread.join(_LAST_SECONDS)

    def _write_all(self) -> None:
        is_last = False
        while not is_last:
            lines = [self._lines.get(), *self._others()]
            is_last = None in lines
            for piece in _pieces(filter(None, lines)):
                self._write(piece)
            if self._dropped and self._lines.empty():
                dropped, self._dropped = self._dropped, 0
                structlog.get_logger().warning("log lines dropped", lines=dropped)
            self._is_ending.wait(_REST_SECONDS)  # a thread that wakes for each line takes the loop's turns from it

    def _others(self) -> Generator[bytes | None]:
        while not self._lines.empty():
            yield self._lines.get()

    def _write(self, rest: bytes) -> None:
        with suppress(OSError):  # nobody reads any more, or the disk is full
            while rest:  # past the buffer of out, whose lock would be waited for when the process ends
                rest = rest[os.write(self._out.fileno(), rest) :]


def _pieces(lines: Iterable[bytes]) -> Generator[bytes]:
    """As many lines at once as reach a pipe undivided, where several processes write to it."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > _UNDIVIDED:
            yield piece
            piece = b""
        piece += line
    yield piece


@contextmanager
def aside(out: TextIO, *, most_lines: int = _MOST_LINES) -> Generator[TextIO]:
    """What is logged to it meanwhile stops nobody."""
    lines = Aside(out, most_lines=most_lines)
    try:
        yield TextIOWrapper(lines, encoding="utf-8", errors="backslashreplace", write_through=True)
    finally:
        lines.end()


def is_json(wanted: LogFormat, to: TextIO | None = None) -> bool:
    return wanted is LogFormat.JSON or (wanted is LogFormat.AUTO and not (to or sys.stdout).isatty())


def configure(wanted: LogFormat, level: LogLevel, *, to: TextIO | None = None) -> None:
    """Send every log line of the process, its libraries' included, to standard output, else ``to`` there, in one
    form."""
    out = to or sys.stdout
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%SZ", utc=True, key="at"),
        for_people,
    ]
    if is_json(wanted, out):
        shared = [for_machines]
    renderer = _json if is_json(wanted, out) else _console(out)
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(shared, renderer, threshold, out)


def _console(out: TextIO) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(),
        timestamp_key="at",
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,  # the default one shows local variables, secrets among them
    )


def for_machines(_logger: object, level: str, event: Any) -> Any:
    """Everything that is known, in one go: each request writes a line."""
    told = {**structlog.contextvars.get_contextvars(), **event}
    told["level"] = _LEVELS.get(level, level)
    told["at"] = datetime.now(UTC)  # noqa: TID251  # no rule of ours goes by it
    return structlog.processors.format_exc_info(None, level, told) if "exc_info" in told else told


def for_people(_logger: object, level: str, event: Any) -> Any:
    """A request as one short line, and the ids that lead to other lines only where something is wrong."""
    if level in ("debug", "info"):
        for name in _IDS:
            event.pop(name, None)
    if event["event"] == "request":
        del event["route"]
        words = [event.pop(name) for name in ("method", "path", "status", "code") if name in event]
        event["event"] = _fitting(" ".join(map(str, [*words, f"{event.pop('ms'):.0f} ms"])))
    return event


def _fitting(line: str) -> str:
    return line if len(line) <= _COLUMNS else _LONG_ID.sub(r"…\1", line)


def _configure_libraries(shared: list[Any], renderer: Any, threshold: int, out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def _json(_logger: object, _method: str, event: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
