"""A receiver that verifies as the README shows takes our webhooks, and none that is forged, changed or replayed."""

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from tests.publishers.given import an_attempt, publishing_over, the_one_target
from tests.receivers import SECRET, Received, Receiver

OTHER_SECRET = "whsec_" + "A" * 43 + "="


def read_post(body: bytes, headers: dict[str, str], *, secret: str) -> dict[str, Any] | None:
    """The post in a webhook; None where it is not a genuine one of the last five minutes: answer that with 401."""
    try:
        return Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):  # ValueError: headers or a body that cannot even be read
        return None


async def sent(receiver: Receiver, *, ago: timedelta = timedelta()) -> Received:
    targets = the_one_target(receiver.url, allow=[f"127.0.0.1/32:{receiver.port}"])
    async with publishing_over(WebhookTransport(targets)) as publisher:
        await publisher.publish(an_attempt(begun_at=SystemClock().now() - ago))
    return receiver.received[-1]


async def test_what_we_send_is_taken(receiver: Receiver) -> None:
    received = await sent(receiver)

    post = read_post(received.body, dict(received.headers), secret=SECRET)

    assert post == received.content


async def test_another_secret_does_not_open_it(receiver: Receiver) -> None:
    received = await sent(receiver)

    assert read_post(received.body, dict(received.headers), secret=OTHER_SECRET) is None


@pytest.mark.parametrize("minutes", [-6, 6, 60])
async def test_a_webhook_of_another_time_is_refused(receiver: Receiver, minutes: int) -> None:
    received = await sent(receiver, ago=timedelta(minutes=minutes))

    assert read_post(received.body, dict(received.headers), secret=SECRET) is None


async def test_a_changed_body_is_refused(receiver: Receiver) -> None:
    received = await sent(receiver)

    assert read_post(received.body.replace(b"new", b"old"), dict(received.headers), secret=SECRET) is None
    assert read_post(received.body + b"\xff", dict(received.headers), secret=SECRET) is None


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "another"),
        ("webhook-id", ""),
        ("webhook-timestamp", "0"),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", ""),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "v1,ä"),
        ("webhook-signature", ""),
    ],
)
async def test_a_changed_header_is_refused(receiver: Receiver, header: str, value: str) -> None:
    received = await sent(receiver)

    assert read_post(received.body, {**received.headers, header: value}, secret=SECRET) is None
