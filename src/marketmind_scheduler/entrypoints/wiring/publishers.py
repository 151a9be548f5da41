"""The kinds of publishers: how each is opened, and what there is to mend about it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from marketmind_scheduler.adapters.publishers.dry_run import DryRunPublisher
from marketmind_scheduler.adapters.publishers.none import NoPublisher
from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.entrypoints.choices import PublisherKind, Switch
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.receivers import examine_receivers
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.tracing import Tracing


class Examine(Protocol):
    def __call__(self, settings: Settings, *, connect: bool) -> Sequence[Finding]:
        """What there is to know about a publisher with these settings. Sends nothing, and connects to nobody unless
        it is told to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherEntry:
    """``variables`` are those of the environment that only this kind reads. ``opened`` gives the publisher as long as
    the context, and raises SettingsError."""

    adapter: type[Publisher]
    publishing: Publishing
    variables: Sequence[str]
    opened: Callable[[Settings, Tracing], AbstractAsyncContextManager[Publisher]]
    examine: Examine


def publishing(settings: Settings, *, tracing: Tracing) -> AbstractAsyncContextManager[Publisher]:
    """The configured publisher, as long as the context; raises SettingsError."""
    return PUBLISHERS[settings.publisher].opened(settings, tracing)


@asynccontextmanager
async def _dry_run(_settings: Settings, _tracing: Tracing) -> AsyncGenerator[Publisher]:
    yield DryRunPublisher()


def _examine_dry_run(settings: Settings, *, connect: bool) -> Sequence[Finding]:
    del settings, connect
    remedy = "set SCHEDULER_PUBLISHER=webhook where posts are to go out"
    return [Finding(Mark.DOUBTFUL, "publisher", PUBLISHERS[PublisherKind.DRY_RUN].publishing.means, remedy)]


@asynccontextmanager
async def _webhook(settings: Settings, tracing: Tracing) -> AsyncGenerator[Publisher]:
    targets = load_webhooks(settings.webhooks or "", signs=settings.dispatch is Switch.ON)
    timeout = settings.dispatch_limits.send_timeout
    async with WebhookTransport(targets, timeout=timeout, tracing=tracing) as transport:
        yield WebhookPublisher(transport)


@asynccontextmanager
async def _none(_settings: Settings, _tracing: Tracing) -> AsyncGenerator[Publisher]:
    yield NoPublisher()


def _examine_none(settings: Settings, *, connect: bool) -> Sequence[Finding]:
    del settings, connect
    means = PUBLISHERS[PublisherKind.NONE].publishing.means
    return [Finding(Mark.WELL, "publisher", f"none: {means}, POST /dispatch/claims")]


PUBLISHERS: Mapping[PublisherKind, PublisherEntry] = {
    PublisherKind.DRY_RUN: PublisherEntry(
        adapter=DryRunPublisher,
        publishing=Publishing(
            by=PublisherKind.DRY_RUN,
            means="nothing is posted: SCHEDULER_PUBLISHER=dry_run logs what is due and calls it published",
            is_pretence=True,
        ),
        variables=(),
        opened=_dry_run,
        examine=_examine_dry_run,
    ),
    PublisherKind.WEBHOOK: PublisherEntry(
        adapter=WebhookPublisher,
        publishing=Publishing(
            by=PublisherKind.WEBHOOK, means="what is due is posted to the receivers that SCHEDULER_WEBHOOKS names"
        ),
        variables=("SCHEDULER_WEBHOOKS",),
        opened=_webhook,
        examine=examine_receivers,
    ),
    PublisherKind.NONE: PublisherEntry(
        adapter=NoPublisher,
        publishing=Publishing(by=PublisherKind.NONE, means="what is due waits for those who pull it"),
        variables=(),
        opened=_none,
        examine=_examine_none,
    ),
}
