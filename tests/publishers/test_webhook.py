"""A webhook carries one post, signed, with a key that stays the same, to the receiver configured for its lane."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pytest

from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import Accepted, Misdirected, Refused, Unknown
from tests.builders import BRAND_ID, CAMPAIGN_ID
from tests.publishers.given import (
    RecordingNetwork,
    ScriptedNames,
    a_target,
    an_attempt,
    publishing_over,
    the_one_target,
)
from tests.receivers import BLACK_HOLE, RESET, SECRET, Answer, Received, Receiver, always, in_turn, receiving

NEW_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER_BRAND = UUID("b0000000-0000-4000-8000-000000000001")


async def test_the_body_says_what_to_publish_and_where(publisher: WebhookPublisher, receiver: Receiver) -> None:
    attempt = an_attempt(platform=Platform.LINKEDIN, title="Zwölf Boxkämpfer ✓")

    await publisher.publish(attempt)

    (received,) = receiver.received
    assert received.target == "/posts"
    assert received.content == {
        "schedule_id": attempt.key,
        "post_id": str(attempt.post_id),
        "brand_id": str(BRAND_ID),
        "campaign_id": str(CAMPAIGN_ID),
        "platform": "LINKEDIN",
        "title": "Zwölf Boxkämpfer ✓",
        "s3_url": "s3://acme/meet.mp4",
        "publish_time": "2027-03-01T12:00:00Z",
    }


async def test_the_publish_time_is_told_in_utc_whatever_it_was_given_in(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    attempt = an_attempt()
    in_tokyo = attempt.publish_time.astimezone(timezone(timedelta(hours=9)))

    await publisher.publish(replace(attempt, publish_time=in_tokyo))

    assert receiver.received[0].content["publish_time"] == "2027-03-01T12:00:00Z"


async def test_the_headers_name_the_sender_and_ask_for_plain_json(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    await publisher.publish(an_attempt())

    headers = receiver.received[0].headers
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["user-agent"] == f"marketmind-scheduler/{version('marketmind-scheduler')}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"


async def test_the_signature_is_that_of_standard_webhooks(publisher: WebhookPublisher, receiver: Receiver) -> None:
    attempt = an_attempt()

    await publisher.publish(attempt)

    (received,) = receiver.received
    seconds = int(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp())
    signed = f"{attempt.key}.{seconds}.".encode() + received.body
    digest = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256)
    assert received.headers["webhook-id"] == attempt.key
    assert received.headers["webhook-timestamp"] == str(seconds)
    assert received.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_while_secrets_rotate_each_of_them_signs() -> None:
    async with receiving(secrets=[NEW_SECRET, SECRET]) as receiver:
        allow = [f"127.0.0.1/32:{receiver.port}"]
        targets = the_one_target(receiver.url, allow=allow, secrets=[NEW_SECRET, SECRET])

        async with publishing_over(WebhookTransport(targets)) as publisher:
            await publisher.publish(an_attempt())

    assert receiver.received[0].is_signed
    assert receiver.received[0].headers["webhook-signature"].count("v1,") == 2


async def test_a_repeat_after_a_lost_answer_has_the_same_key_and_body_a_new_time_and_a_valid_signature(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    attempt = an_attempt()
    receiver.decide = in_turn(RESET, Answer())

    lost = await publisher.publish(attempt)
    claim = replace(attempt.claim, token=2, standing=Standing(retry_count=1))
    repeated = await publisher.publish(replace(attempt, claim=claim, late_by=timedelta(seconds=90)))

    first, second = receiver.received
    assert isinstance(lost, Unknown)
    assert repeated == Accepted(f"ext-{attempt.key}")
    assert first.key == second.key == attempt.key
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 90
    assert first.is_signed
    assert second.is_signed


async def test_each_send_has_a_connection_of_its_own(publisher: WebhookPublisher, receiver: Receiver) -> None:
    for _ in range(5):
        await publisher.publish(an_attempt())

    assert receiver.connections == 5


async def test_a_post_too_large_for_a_webhook_is_refused_and_not_sent(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    verdict = await publisher.publish(an_attempt(title="x" * 20_000))

    assert isinstance(verdict, Refused)
    assert "20000 at most" in verdict.reason
    assert receiver.connections == 0


async def test_no_post_that_the_api_takes_is_too_large_for_a_receiver_of_which_nothing_is_said(
    publisher: WebhookPublisher,
) -> None:
    title, s3_url = "\x01" * 500, "s3://" + "\N{GRINNING FACE}" * 2043  # what takes most room in JSON, in UTF-8

    assert publisher.refusal(an_attempt(title=title, s3_url=s3_url).delivery) is None


@pytest.mark.parametrize(
    ("taken", "s3_url", "said"),
    [
        ({"most_body_bytes": 1000}, "s3://tea/" + "x" * 1000, "bytes, 1000 at most are taken; shorten"),
        (
            {"media": ["https://cdn.example.com"]},
            "s3://tea/a.mp4",
            "media lie at s3://tea, and are taken from https://",
        ),
        ({"media": ["s3://tea", "https://"]}, "s3://tea.evil/a.mp4", "media lie at s3://tea.evil, and are taken from"),
        ({"media": ["s3://"]}, "https://hush:hush@x.example.com/a", "media lie at https://x.example.com, and"),
        (
            {"media": ["https://cdn.example.com"]},
            "https://cdn.example.com:8443/a",
            "lie at https://cdn.example.com:8443",
        ),
        ({"media": ["s3://tea", "https://"]}, "https://cdn.example.com:8443/a?b", None),
        ({"media": ["s3://tea"]}, "s3://tea/a.mp4", None),
        ({"media": ["https://cdn.example.com"]}, "https://u@CDN.example.com", None),
        ({}, "http://anywhere.example.com/a", None),
    ],
)
async def test_what_its_receiver_was_said_not_to_take_is_known_beforehand_and_not_sent(
    taken: dict[str, Any], s3_url: str, said: str | None
) -> None:
    target = replace(a_target("https://publisher.example.com/"), **taken)
    network = RecordingNetwork()
    names = ScriptedNames(["93.184.215.14"])
    transport = WebhookTransport(WebhookTargets(default=target), network=network, look_up=names.look_up)
    attempt = an_attempt(s3_url=s3_url)

    async with publishing_over(transport) as publisher:
        refusal, verdict = publisher.refusal(attempt.delivery), await publisher.publish(attempt)

    assert (refusal is None) is (said is None) is bool(network.connected_to)
    assert isinstance(verdict, Accepted) if refusal is None else verdict == Refused(refusal, is_unasked=True)
    assert (said or "") in (refusal or "")
    assert "hush" not in (refusal or "")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_no_proxy_of_the_environment_is_used(
    publisher: WebhookPublisher, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    async with receiving() as proxy:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")

        await publisher.publish(an_attempt())

    assert proxy.connections == 0
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(publisher: WebhookPublisher, receiver: Receiver, status: int) -> None:
    async with receiving() as elsewhere:
        receiver.decide = always(Answer(status=status, headers={"location": elsewhere.url}, body=b""))

        verdict = await publisher.publish(an_attempt())

    gist = f"the receiver answered {status}"
    assert verdict == Misdirected(f"{gist}; redirects are not followed", gist)
    assert elsewhere.connections == 0


async def test_a_send_that_is_cancelled_ends_at_once(publisher: WebhookPublisher, receiver: Receiver) -> None:
    arrived = asyncio.Event()

    def swallow(_: Received) -> Answer:
        arrived.set()
        return BLACK_HOLE

    receiver.decide = swallow
    send = asyncio.create_task(publisher.publish(an_attempt()))
    await asyncio.wait_for(arrived.wait(), 5)

    send.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(send, 5)


@pytest.mark.parametrize(
    ("promised_seconds", "window"),
    [
        (None, None),
        (1, None),
        (15, None),
        (16, timedelta(seconds=1)),
        (3600, timedelta(seconds=3585)),
    ],
)
async def test_a_repeat_is_safe_for_as_long_as_promised_less_one_send_and_a_margin(
    promised_seconds: int | None, window: timedelta | None
) -> None:
    promised = timedelta(seconds=promised_seconds) if promised_seconds else None
    targets = the_one_target("https://publisher.example.com/", drops_repeats_for=promised)

    async with publishing_over(WebhookTransport(targets, timeout=timedelta(seconds=10))) as publisher:
        target = publisher.target_of(BRAND_ID, Platform.TWITTER)

    assert target
    assert target.resend_window == window


@pytest.fixture
def four_targets() -> WebhookTargets:
    def at(place: str) -> WebhookTarget:
        return a_target(f"https://{place}.example.com/?token=hush", place=place)

    return WebhookTargets(
        default=at("default"),
        platforms={Platform.TWITTER: at("platform")},
        brands={BRAND_ID: at("brand")},
        lanes={(BRAND_ID, Platform.TWITTER): at("lane")},
    )


@pytest.mark.parametrize(
    ("brand_id", "platform", "place"),
    [
        (BRAND_ID, Platform.TWITTER, "lane"),
        (BRAND_ID, Platform.REDDIT, "brand"),
        (OTHER_BRAND, Platform.TWITTER, "platform"),
        (OTHER_BRAND, Platform.REDDIT, "default"),
    ],
)
async def test_the_most_specific_receiver_gets_the_post(
    four_targets: WebhookTargets, brand_id: UUID, platform: Platform, place: str
) -> None:
    async with publishing_over(WebhookTransport(four_targets)) as publisher:
        target = publisher.target_of(brand_id, platform)

    assert target
    assert target.name == f"webhook {place}.example.com for {place}"


@pytest.mark.parametrize(
    ("platform", "places"),
    [
        (Platform.TWITTER, {"lane": BRAND_ID, "platform": None}),
        (Platform.REDDIT, {"brand": BRAND_ID, "default": None}),
    ],
)
async def test_the_routes_of_a_platform_are_those_that_its_posts_may_go(
    four_targets: WebhookTargets, platform: Platform, places: Mapping[str, UUID | None]
) -> None:
    async with publishing_over(WebhookTransport(four_targets)) as publisher:
        routes = publisher.routes(platform)

    assert {route.target.name: route.brand_id for route in routes} == {
        f"webhook {at}.example.com for {at}": brand_id for at, brand_id in places.items()
    }


async def test_where_nothing_is_configured_there_is_no_target() -> None:
    targets = WebhookTargets(platforms={Platform.REDDIT: a_target("https://publisher.example.com/")})

    async with publishing_over(WebhookTransport(targets)) as publisher:
        assert publisher.target_of(BRAND_ID, Platform.TWITTER) is None
        assert list(publisher.routes(Platform.TWITTER)) == []


def test_what_is_shown_of_a_receiver_holds_no_secret(four_targets: WebhookTargets) -> None:
    shown = repr(four_targets)

    assert "default.example.com" not in shown  # no part of a URL
    assert "hush" not in shown
    assert SECRET not in shown
