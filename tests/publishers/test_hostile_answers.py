"""Whatever a receiver says, in whatever form: there is a verdict, and what was clearly refused is not doubtful."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Misdirected, Refused, Unknown, Unsent
from tests.answers import Answering, answering, answers
from tests.loops import on_each, telling_all_misses
from tests.publishers.given import an_attempt, publishing_over, the_one_target

SEED, COUNT = 12, 600
AT_ANY_TIME = {425, 429, 503}


@pytest.fixture
async def receiver() -> AsyncGenerator[Answering]:
    async with answering() as opened:
        yield opened


@pytest.fixture
async def publisher(receiver: Answering) -> AsyncGenerator[WebhookPublisher]:
    targets = the_one_target(f"http://127.0.0.1:{receiver.port}/", allow=[f"127.0.0.1/32:{receiver.port}"])
    async with publishing_over(WebhookTransport(targets, timeout=timedelta(seconds=2))) as opened:
        yield opened


def is_clearly_refused(status: int) -> bool:
    return status in AT_ANY_TIME or (300 <= status < 500 and status != 408)


async def test_whatever_comes_is_a_verdict_and_a_refusal_is_one(
    publisher: WebhookPublisher, receiver: Answering
) -> None:
    with telling_all_misses() as trying:
        for said in answers(SEED, COUNT):
            with trying(said=said.raw[:300]):
                receiver.raw = said.raw
                verdict = await publisher.publish(an_attempt())

                assert not isinstance(verdict, Unsent), "it was sent"
                if is_clearly_refused(said.status):
                    assert isinstance(verdict, (Refused, Deferred, Misdirected))
                else:
                    assert isinstance(verdict, (Accepted, Unknown, Deferred))


@on_each(
    ("raw", "verdict"),
    [
        (b"HTTP/1.1 422 No\r\nContent-Length: x\r\n\r\n", Refused("the receiver answered 422")),
        (b"HTTP/1.1 422 No\r\nX Y: 1\r\n\r\n", Refused("the receiver answered 422")),
        (b"HTTP/1.1 422 No\r\n", Refused("the receiver answered 422")),
        (b"HTTP/1.1 503\r\nTransfer-Encoding: gzip\r\n\r\n", Deferred("the receiver answered 503")),
        (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 429 \r\n\x00: 1\r\n\r\n", Deferred("the receiver answered 429")),
        (b"HTTP/1.1 103 \nLink: x\n\nHTTP/1.1 413 \x80\x00\n\n", Refused("the receiver answered 413")),
        (b"HTTP/1.1 500 No\r\nX Y: 1\r\n\r\n", Unknown("the receiver answered 500")),
        (b"HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"HTTP/1.1 42", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"HTTP/1.1 422", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 4", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"HTTP/1.1 100 \r\nX Y: HTTP/1.1 422 \r\n", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"220 mail.example.com ESMTP\r\n", Unknown("no answer: what came is not HTTP, or broke off")),
        (b"", Unknown("no answer: what came is not HTTP, or broke off")),
    ],
)
async def test_the_first_line_says_that_it_is_not_out_whatever_follows(
    publisher: WebhookPublisher, receiver: Answering, raw: bytes, verdict: object
) -> None:
    receiver.raw = raw

    assert await publisher.publish(an_attempt()) == verdict
