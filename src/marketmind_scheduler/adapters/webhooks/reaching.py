"""Whether a receiver could be reached, without sending it anything."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import httpcore2

from marketmind_scheduler.adapters.webhooks.network import (
    AddressNotAllowed,
    GuardedNetwork,
    LookUp,
    any_network,
)
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets

_SECONDS = 5
_CONNECT_SECONDS = 3


class OutOfReach(Exception):  # noqa: N818  # named after what it says
    """No send would get there; the message says why."""


async def reach(target: WebhookTarget, targets: WebhookTargets, *, look_up: LookUp, connect: bool) -> Sequence[str]:
    """The addresses that a send would go to, each of them allowed; with ``connect``, one of them also took a connection
    and, for https, showed a certificate for the host. Raises OutOfReach, at the latest after five seconds."""
    network = GuardedNetwork(look_up=look_up, allowed=targets.allowed, network=any_network())
    port = target.url.port or 0
    try:
        async with asyncio.timeout(_SECONDS), aclosing(network):
            addresses = await network.addresses_of(target.host, port)
            if connect:
                stream = await network.connect_tcp(target.host, port, timeout=_CONNECT_SECONDS)
                if target.url.scheme == b"https":
                    await stream.start_tls(httpcore2.default_ssl_context(), server_hostname=target.host)
            return addresses
    except TimeoutError:
        raise OutOfReach(f"{target.host} did not answer in {_SECONDS} seconds") from None
    except AddressNotAllowed as not_allowed:
        raise OutOfReach(str(not_allowed)) from None
    except OSError as unknown:
        raise OutOfReach(f"the name {target.host} leads nowhere: {unknown.strerror}") from None
    except (httpcore2.NetworkError, httpcore2.TimeoutException) as failed:
        raise OutOfReach(f"{target.authority} takes no connection: {failed}") from None
