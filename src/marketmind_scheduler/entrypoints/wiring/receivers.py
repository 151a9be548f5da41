"""What there is to mend about the receivers of webhooks."""

import asyncio
from collections.abc import Sequence

from marketmind_scheduler.adapters.webhooks.network import LookUp, Resolver
from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher, late_by
from marketmind_scheduler.adapters.webhooks.reaching import OutOfReach, reach
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.entrypoints.choices import SettingsError, Switch
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks


def examine_receivers(settings: Settings, *, connect: bool, look_up: LookUp | None = None) -> Sequence[Finding]:
    """Whether the file can be read, whether every brand has a receiver, and where each receiver is; connects to them
    only with ``connect``."""
    try:
        targets = load_webhooks(settings.webhooks or "", signs=settings.dispatch is Switch.ON)
    except SettingsError as wrong:
        return [Finding(Mark.WRONG, "publisher", str(wrong), "mend the file; examples/webhooks.toml shows all of it")]
    where = f"webhook, receivers from {settings.webhooks}"
    found = Finding(Mark.WELL, "publisher", f"{where}; nothing is sent from here" if targets.missing else where)
    reached = asyncio.run(_receivers(targets, connect=connect, look_up=look_up))
    return [found, *_coverage(settings, targets), *_windows(settings, targets), *reached]


def _coverage(settings: Settings, targets: WebhookTargets) -> Sequence[Finding]:
    publisher = WebhookPublisher(WebhookTransport(targets))
    found = Reachability(publisher=publisher, platforms=settings.published_platforms).dead_ends()
    if found is None:
        return []
    remedy = "name them, add a [default], or leave them out of SCHEDULER_PLATFORMS"
    return [Finding(Mark.DOUBTFUL, "publisher", found, remedy)]


def _windows(settings: Settings, targets: WebhookTargets) -> Sequence[Finding]:
    """What receivers promise to remember for less time than a send may take."""
    least = late_by(settings.dispatch_limits.send_timeout)
    each = {target.place: target for platform in Platform for target, _ in targets.on(platform)}
    remedy = f"say more than {least.total_seconds():.0f} s, or leave it out; until then no doubtful send is repeated"
    return [
        Finding(
            Mark.DOUBTFUL,
            target.name,
            f"its resend_window_seconds of {window.total_seconds():.0f} is over before a repeat could arrive",
            remedy,
        )
        for target in each.values()
        if (window := target.drops_repeats_for) and window <= least
    ]


async def _receivers(targets: WebhookTargets, *, connect: bool, look_up: LookUp | None) -> Sequence[Finding]:
    each = {target.place: target for platform in Platform for target, _ in targets.on(platform)}
    resolver = Resolver(names=len(targets.hosts))
    try:
        checks = [
            _receiver(target, targets, connect=connect, look_up=look_up or resolver.look_up) for target in each.values()
        ]
        return await asyncio.gather(*checks)
    finally:
        resolver.close()


async def _receiver(target: WebhookTarget, targets: WebhookTargets, *, connect: bool, look_up: LookUp) -> Finding:
    try:
        addresses = await reach(target, targets, look_up=look_up, connect=connect)
    except OutOfReach as unreachable:
        remedy = "mend its url, its DNS or allow in the file; until then posts wait"
        return Finding(Mark.WRONG, target.name, str(unreachable), remedy)
    done = "takes connections" if connect else "not connected to"
    return Finding(Mark.WELL, target.name, f"leads to {', '.join(addresses)}; {done}{target.limits}")
