"""Log lines: coloured text for a person at a terminal, JSON for everything else."""

import logging
import sys
from typing import Any

import msgspec
import structlog

from marketmind_scheduler.entrypoints.settings import LogFormat, LogLevel


def is_json(wanted: LogFormat) -> bool:
    return wanted is LogFormat.JSON or (wanted is LogFormat.AUTO and not sys.stdout.isatty())


def configure(wanted: LogFormat, level: LogLevel) -> None:
    """Send every log line of the process, its libraries' included, to standard output in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    if is_json(wanted):
        shared.append(structlog.processors.format_exc_info)
    renderer = _json if is_json(wanted) else _console()
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(shared, renderer, threshold)


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(),
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,  # the default one shows local variables, secrets among them
    )


def _configure_libraries(shared: list[Any], renderer: Any, threshold: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def _json(_logger: object, _method: str, event: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
