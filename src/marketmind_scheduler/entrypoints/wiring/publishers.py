"""Which publisher this process uses."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from marketmind_scheduler.adapters.dry_run import DryRunPublisher
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.entrypoints.settings import PublisherKind, Settings
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.tracing import Tracing


@asynccontextmanager
async def publishing(settings: Settings, *, send_timeout: timedelta, tracing: Tracing) -> AsyncGenerator[Publisher]:
    """The configured publisher, as long as the context; raises SettingsError."""
    match settings.publisher:
        case PublisherKind.DRY_RUN:
            yield DryRunPublisher()
        case PublisherKind.WEBHOOK:
            targets = load_webhooks(settings.webhooks or "")
            async with WebhookTransport(
                targets, clock=SystemClock(), timeout=send_timeout, tracing=tracing
            ) as transport:
                yield WebhookPublisher(transport)
