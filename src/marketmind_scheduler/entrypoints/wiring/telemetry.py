"""Whether this process sends spans and durations to a collector."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from marketmind_scheduler.entrypoints.choices import SettingsError, TelemetryKind
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings

if TYPE_CHECKING:
    from marketmind_scheduler.adapters.telemetry import Telemetry


_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")


def examine_telemetry(settings: Settings, environment: Mapping[str, str]) -> Sequence[Finding]:
    """Whether spans and durations can be sent, and whether anybody said where to; nothing where they are off."""
    if settings.telemetry is TelemetryKind.OFF:
        return []
    try:
        _exporting()
    except SettingsError as wrong:
        return [Finding(Mark.WRONG, "telemetry", str(wrong), "install it, or set SCHEDULER_TELEMETRY=off")]
    if endpoint := environment.get(_ENDPOINT):
        return [Finding(Mark.WELL, "telemetry", f"otlp, to {endpoint}")]
    if all(map(environment.get, _ENDPOINTS)):
        return [Finding(Mark.WELL, "telemetry", "otlp, to an address for each signal")]
    found = "otlp, and nobody says where to: OpenTelemetry takes http://localhost:4318"
    return [
        Finding(Mark.DOUBTFUL, "telemetry", found, f"set {_ENDPOINT} to the collector, such as http://collector:4318")
    ]


@asynccontextmanager
async def telemetry_of(settings: Settings) -> "AsyncGenerator[Telemetry | None]":
    """As configured, as long as the context; raises SettingsError where the extra is not installed."""
    if settings.telemetry is TelemetryKind.OFF:
        yield None
        return
    async with _exporting()() as telemetry:
        yield telemetry


def _exporting() -> "Callable[[], AbstractAsyncContextManager[Telemetry]]":
    try:
        from marketmind_scheduler.adapters.telemetry import exporting  # noqa: PLC0415  # it takes the extra
    except ModuleNotFoundError:
        raise SettingsError(
            "SCHEDULER_TELEMETRY=otlp needs OpenTelemetry, which comes with the extra otel: in a checkout, "
            'pip install ".[otel]"; or unset it'
        ) from None
    return exporting
