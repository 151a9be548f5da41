"""What a receiver or a library says is repeated only in a form that has no room for words."""

import base64
import html
import json
from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import quote

import httpcore2
import pytest

from marketmind_scheduler.adapters.webhooks.gist import code_in, said_by
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from tests.loops import telling_all_misses
from tests.publishers.given import an_attempt, publishing_over, the_one_target
from tests.receivers import Answer, always, receiving

SECRETS = ("T0SECRETPATH", "t0token", "Grüße", 'a "quoted" title', "s3://bucket/launch.mp4", "42")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"code": "bad_signature"}, "bad_signature"),
        ({"error": "not_found"}, "not_found"),
        ({"error": {"code": 190, "type": "OAuthException", "message": "words"}}, "190"),
        ({"error_code": 17}, "17"),
        ({"type": "quota.exceeded", "title": "words"}, "quota.exceeded"),
        ({"message": "not_found"}, None),
        ({"code": "two words"}, None),
        ({"code": "Capital"}, None),
        ({"code": "TGF1bmNo"}, None),
        ({"code": "a" * 41}, None),
        ({"code": True}, None),
        ({"code": 1_000_000}, None),
        ({"code": -1}, None),
        ({"code": 1.5}, None),
        ({"code": None, "error": ["x"]}, None),
        (["code"], None),
        ("code", None),
    ],
)
def test_a_code_is_shown_and_no_words(content: object, code: str | None) -> None:
    assert code_in(json.dumps(content).encode(), confidential=()) == code


def as_it_is(text: str) -> str:
    return text


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("encoded", [as_it_is, str.lower, str.upper, html.escape, quote, in_base64, ascii, repr])
def test_nothing_confidential_is_repeated_in_whatever_field_and_encoding(encoded: Callable[[str], str]) -> None:
    with telling_all_misses() as trying:
        for secret, name in product(SECRETS, ("code", "error", "error_code", "type", "reason", "message", "detail")):
            content: dict[str, Any] = {name: encoded(secret), "error": {name: f"no {encoded(secret)}"}}
            with trying(secret=secret, name=name):
                for body in (json.dumps(content), json.dumps(content, ensure_ascii=False), f"no {encoded(secret)}"):
                    assert code_in(body.encode(), confidential=SECRETS) is None


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"code": ' + b"9" * 10_000 + b"}", b"\xff", b"", b"<html>"])
def test_what_is_no_json_has_no_code(body: bytes) -> None:
    assert code_in(body, confidential=()) is None


@pytest.mark.parametrize("status", [301, 400, 404, 422, 429, 500])
async def test_neither_the_path_of_a_receiver_nor_the_words_of_a_post_come_back_with_a_refusal(status: int) -> None:
    async with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/services/t0secret/b0token?key=querysecret&v=1"
        targets = the_one_target(url, allow=[f"127.0.0.0/8:{receiver.port}"])
        async with publishing_over(WebhookTransport(targets)) as publisher:
            for code in ("t0secret", "b0token", "querysecret", "services", "cannot.post.services.t0secret"):
                receiver.decide = always(Answer(status=status, body=json.dumps({"code": code}).encode()))

                assert code not in repr(await publisher.publish(an_attempt()))


def test_what_is_no_http_is_said_without_repeating_it() -> None:
    quoting = httpcore2.RemoteProtocolError("illegal status line: bytearray(b'POST /services/t0secret')")

    assert said_by(quoting) == "what came is not HTTP, or broke off"
    assert said_by(httpcore2.ReadTimeout()) == "the time was up"
    assert said_by(httpcore2.ConnectError("refused")) == "refused"
