"""Whether this process sends spans and durations to a collector."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from marketmind_scheduler.entrypoints.settings import Settings, SettingsError, TelemetryKind

if TYPE_CHECKING:
    from marketmind_scheduler.adapters.telemetry import Telemetry


@asynccontextmanager
async def telemetry_of(settings: Settings) -> "AsyncGenerator[Telemetry | None]":
    """As configured, as long as the context; raises SettingsError where the extra is not installed."""
    if settings.telemetry is TelemetryKind.OFF:
        yield None
        return
    try:
        from marketmind_scheduler.adapters.telemetry import exporting  # noqa: PLC0415  # it takes the extra
    except ModuleNotFoundError:
        raise SettingsError(
            'SCHEDULER_TELEMETRY=otlp needs OpenTelemetry: pip install "marketmind-scheduler[otel]", or unset it'
        ) from None
    async with exporting() as telemetry:
        yield telemetry
