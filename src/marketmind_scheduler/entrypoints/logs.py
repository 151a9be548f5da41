"""Log lines: coloured text for a person at a terminal, JSON for everything else."""

import logging
import re
import sys
from typing import Any, TextIO

import msgspec
import structlog

from marketmind_scheduler.entrypoints.choices import LogFormat, LogLevel

_IDS = ("request_id", "trace_id", "span_id")
_LONG_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{4}([0-9a-fA-F]{8})")
_COLUMNS = 80 - len("19:00:00Z [info] ")


def is_json(wanted: LogFormat, to: TextIO | None = None) -> bool:
    return wanted is LogFormat.JSON or (wanted is LogFormat.AUTO and not (to or sys.stdout).isatty())


def configure(wanted: LogFormat, level: LogLevel, *, to: TextIO | None = None) -> None:
    """Send every log line of the process, its libraries' included, to standard output, else ``to`` there, in one
    form."""
    out = to or sys.stdout
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
    ]
    if is_json(wanted, out):
        shared += [
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
        ]
    else:
        shared += [structlog.processors.TimeStamper(fmt="%H:%M:%SZ", utc=True, key="at"), for_people]
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
