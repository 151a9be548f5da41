"""A receiver, and publishers that send to it."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from tests.builders import NOW
from tests.fakes.clock import FrozenClock
from tests.publishers.given import publishing_over, the_one_target
from tests.receivers import Receiver, receiving

PATIENCE = timedelta(seconds=0.3)


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
async def publisher(receiver: Receiver) -> AsyncGenerator[WebhookPublisher]:
    """Sends everything to the receiver."""
    targets = the_one_target(receiver.url, allow=[f"127.0.0.0/8:{receiver.port}"])
    async with publishing_over(WebhookTransport(targets)) as opened:
        yield opened


@pytest.fixture
async def impatient(receiver: Receiver) -> AsyncGenerator[WebhookPublisher]:
    """The same, but a send takes 0.3 s at most."""
    targets = the_one_target(receiver.url, allow=[f"127.0.0.0/8:{receiver.port}"])
    async with publishing_over(WebhookTransport(targets, timeout=PATIENCE)) as opened:
        yield opened
