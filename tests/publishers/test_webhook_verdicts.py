"""What a receiver does with a send decides the verdict, within bounds on time and bytes."""

import asyncio
import gzip
import json
import socket
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.responses import Response, judge
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Misdirected, Refused, Unknown, Unsent, Verdict
from tests.builders import NOW
from tests.loops import telling_all_misses
from tests.publishers.given import an_attempt, publishing_over, the_one_target
from tests.receivers import BLACK_HOLE, RESET, SECRET, Answer, Cut, Receiver, always, receiving


def plain(status: int, text: str = "", *, retry_after: str | None = None) -> Answer:
    headers = {"retry-after": retry_after} if retry_after is not None else {}
    return Answer(status=status, body=text.encode(), headers=headers)


def taken(content: object) -> Answer:
    return Answer(body=json.dumps(content).encode())


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "external_id"),
    [
        (taken({"external_id": "abc"}), "abc"),
        (Answer(status=201, body=b'{"external_id": "abc", "more": [1, 2]}'), "abc"),
        (Answer(status=202, body=b'{"external_id": "abc"}'), "abc"),
        (plain(204), None),
        (plain(299, "fine"), None),
        (taken({"external_id": "x" * 200}), "x" * 200),
        (taken({"external_id": 17}), "17"),
        (taken({"external_id": -17}), "-17"),
        (taken({"external_id": 1834567890123456789}), "1834567890123456789"),
        (Answer(body=b'{"external_id": ' + b"9" * 200 + b"}"), "9" * 200),
        (taken({"external_id": None}), None),
        (taken({"id": "abc"}), None),
        (taken({"external_id": "abc", "data": {"external_id": "abd"}}), "abc"),
        (taken({"data": {"external_id": "abd"}, "external_id": "abc"}), "abc"),
        (taken(["external_id"]), None),
        (taken("external_id"), None),
        (Answer(body='{"external_id": "\U0001f600"}'.encode()), "\U0001f600"),
        (Answer(body=b'{"external_id": "\\ud83d\\ude00"}'), "\U0001f600"),
        (Answer(body=b"{"), None),
        (Answer(body=b"[" * 60_000), None),
        (Answer(body=b'{"n": ' + b"9" * 10_000 + b"}"), None),
        (taken({"external_id": "abc", "padding": "x" * 63_000}), "abc"),
        (Answer(cut=Cut.AFTER_HEAD), None),
        (Answer(cut=Cut.AFTER_HEAD, reset=True), None),
    ],
)
async def test_a_post_is_accepted_by_the_status_whatever_the_body(
    publisher: WebhookPublisher, receiver: Receiver, answer: Answer, external_id: str | None
) -> None:
    receiver.decide = always(answer)

    assert await publisher.publish(an_attempt()) == Accepted(external_id)


UNUSABLE = [
    (taken({"external_id": 17.0}), "it is a number with a fraction or an exponent; send a text or a whole number"),
    (Answer(body=b'{"external_id": 1e3}'), "it is a number with a fraction or an exponent"),
    (taken({"external_id": True}), "it is true or false; send"),
    (taken({"external_id": ["abc"]}), "it is a list; send"),
    (taken({"external_id": {"id": "abc"}}), "it is an object; send"),
    (taken({"external_id": ""}), "it is empty"),
    (taken({"external_id": " \n"}), "it is empty"),
    (Answer(body=b'{"external_id": "abc", "external_id": "abd"}'), "it is given twice; give it once"),
    (Answer(body=b'{"external_id": "abc", "external_id": null}'), "it is given twice"),
    (taken([{"external_id": "abc"}]), "it stands deeper in the body; send it as a field of the object"),
    (taken({"data": {"post": {"external_id": "abc"}}}), "it stands deeper in the body"),
    (Answer(body=b"{'external_id': 'abc'}"), "the body that names it is cut off, too long or no JSON"),
    (Answer(body=b"external_id=abc&ok=1"), "the body that names it is cut off, too long or no JSON"),
    (taken({"external_id": "x" * 201}), "it has 201 characters; 200 at most are kept"),
    (Answer(body=b'{"external_id": ' + b"9" * 5_000 + b"}"), "it has 5000 characters; 200 at most are kept"),
    (taken({"external_id": "a\x00b"}), "it holds a character that cannot be stored"),
    (taken({"external_id": "a\ud800b"}), "it holds a character that cannot be stored"),
    (Answer(body=b'{"external_id": "\xff"}'), "the body that names it is cut off, too long or no JSON"),
    (Answer(body=b'{"external_id": "abc"'), "the body that names it is cut off"),
    (taken({"external_id": "abc", "padding": "x" * 64_000}), "the body that names it is cut off, too long"),
    (Answer(headers={"content-encoding": "gzip"}, body=gzip.compress(b'{"external_id": "abc"}')),
     "the body is compressed, which was not asked for"),
    (Answer(cut=Cut.IN_BODY), "the body that names it is cut off"),
    (Answer(cut=Cut.IN_BODY, reset=True), "the body that names it is cut off"),
]  # fmt: skip


async def test_an_external_id_that_cannot_be_kept_changes_no_verdict_and_is_remarked_without_repeating_it(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    with telling_all_misses() as trying:
        for answer, why in UNUSABLE:
            receiver.decide = always(answer)
            with trying(answer=answer):
                verdict = await publisher.publish(an_attempt())

                assert isinstance(verdict, Accepted)
                assert verdict.external_id is None
                assert verdict.remark is not None
                assert verdict.remark.startswith(f"the receiver's external_id was not usable: {why}")
                assert "abc" not in verdict.remark


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (plain(429), Deferred("the receiver answered 429")),
        (plain(429, "slow down"), Deferred("the receiver answered 429")),
        (plain(503), Deferred("the receiver answered 503")),
        (plain(408), Unknown("the receiver answered 408")),
        (plain(500, '{"code": "oops"}'), Unknown("the receiver answered 500: oops")),
        (plain(501), Unknown("the receiver answered 501")),
        (plain(502), Unknown("the receiver answered 502")),
        (plain(504), Unknown("the receiver answered 504")),
        (plain(599), Unknown("the receiver answered 599")),
        (plain(600), Unknown("the receiver answered 600")),
        (plain(207, '{"status": "failed"}'),
         Unknown("the receiver answered 207; of several things at once it does not say whether the post is out")),
        (plain(425), Deferred("the receiver answered 425")),
        (plain(300), Misdirected("the receiver answered 300; redirects are not followed", "the receiver answered 300")),
        (plain(400), Refused("the receiver answered 400")),
        (plain(401, '{"code": "no"}'), Misdirected("the receiver answered 401: no", "the receiver answered 401")),
        (plain(404, "no"), Misdirected("the receiver answered 404", "the receiver answered 404")),
        (plain(409), Refused("the receiver answered 409")),
        (plain(410, "no"), Misdirected("the receiver answered 410", "the receiver answered 410")),
        (Answer(status=400, body=b"\xff\xfe"), Refused("the receiver answered 400")),
        (Answer(status=400, headers={"content-encoding": "gzip"}, body=gzip.compress(b"x")),
         Refused("the receiver answered 400")),
        (Answer(status=400, body=b"broken off", cut=Cut.IN_BODY), Refused("the receiver answered 400")),
        (Answer(status=500, body=b"", cut=Cut.AFTER_HEAD), Unknown("the receiver answered 500")),
    ],
)  # fmt: skip
async def test_the_status_decides_and_a_code_is_the_reason(
    publisher: WebhookPublisher, receiver: Receiver, answer: Answer, verdict: Verdict
) -> None:
    receiver.decide = always(answer)

    assert await publisher.publish(an_attempt()) == verdict


OF_THE_RECEIVER = {401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 417, 421, 426, 428, 431}
LATER = {425, 429, 503}


def kind_of(status: int) -> type[Verdict]:
    if status in OF_THE_RECEIVER or 300 <= status < 400:
        return Misdirected
    if status in LATER:
        return Deferred
    if status in (207, 408) or status >= 500:
        return Unknown
    return Refused if status >= 400 else Accepted


def test_every_status_has_its_verdict_and_a_refusal_that_says_when_is_a_deferral() -> None:
    with telling_all_misses() as trying:
        for status, retry_after in product(range(200, 600), (None, "60")):
            headers = {} if retry_after is None else {"retry-after": retry_after}
            is_put_off = retry_after is not None and 400 <= status < 500 and status != 408
            with trying(status=status, retry_after=retry_after):
                verdict = judge(Response(status, headers), now=NOW, confidential=())
                assert type(verdict) is (Deferred if is_put_off else kind_of(status))
                if isinstance(verdict, Deferred):
                    assert verdict.retry_after == (retry_after and timedelta(seconds=60))


WAITS = [
    ("0", 0),
    ("120", 120),
    ("000120", 120),
    ("1.5", 2),
    ("120.0", 120),
    ("999999999", 999_999_999),
    ("1000000000", 10**9),
    ("99999999999", 10**9),
    ("9" * 400, 10**9),
    ("9" * 9_000, 10**9),
    ("Mon, 01 Mar 2027 12:02:00 GMT", 120),
    ("Monday, 01-Mar-27 12:02:00 GMT", 120),
    ("Mon Mar  1 12:02:00 2027", 120),
    ("Mon, 01 Mar 2027 11:00:00 GMT", 0),
    ("", None),
]


async def test_a_deferral_says_after_what_time_to_come_back(publisher: WebhookPublisher, receiver: Receiver) -> None:
    with telling_all_misses() as trying:
        for status, (text, seconds) in product([425, 429, 503], WAITS):
            receiver.decide = always(plain(status, retry_after=text))
            with trying(status=status, text=text):
                expected = None if seconds is None else timedelta(seconds=seconds)
                told = Deferred(f"the receiver answered {status}", retry_after=expected)
                assert await publisher.publish(an_attempt()) == told


UNREADABLE = [
    "soon",
    "-1",
    "+30",
    "1e9",
    "1.",
    ".5",
    "7, 8",
    "120 seconds",
    "2027-03-01T12:02:00Z",
    "Mon, 30 Feb 2027 12:02:00 GMT",
    "Mon, 01 Mar 99999 12:02:00 GMT",
    "Mon, 01 Mar 99999999999 12:02:00 GMT",
    "Mon, 01 Mar 9999999999999999999999 12:02:00 GMT",
    "Mon, 01 Mar 2027 12:02:00 +9999999999999999999999",
    "Mon, 01 Mar 2027 9999999999999999999999:02:00 GMT",
    "\xb2",
]


async def test_a_time_to_come_back_that_cannot_be_read_is_said_and_the_post_is_still_certainly_not_out(
    publisher: WebhookPublisher, receiver: Receiver
) -> None:
    with telling_all_misses() as trying:
        for status, text in product([425, 429, 503, 400, 403, 413], UNREADABLE):
            receiver.decide = always(plain(status, retry_after=text))
            with trying(status=status, text=text):
                assert await publisher.publish(an_attempt()) == Deferred(
                    f"the receiver answered {status}; its Retry-After cannot be read; send seconds, or a date as HTTP "
                    "writes them"
                )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(RESET, id="reset"),
        pytest.param(Answer(cut=Cut.BEFORE_HEAD), id="closed without an answer"),
        pytest.param(BLACK_HOLE, id="black hole"),
        pytest.param(Answer(delay=30), id="too slow"),
        pytest.param(Answer(headers={"x": "y" * 200_000}), id="a head without end"),
        pytest.param(Answer(headers={"content-length": "many"}), id="no HTTP"),
        pytest.param(Answer(status=101), id="another protocol"),
    ],
)
async def test_a_send_that_left_and_was_not_answered_is_unknown_in_time(
    impatient: WebhookPublisher, receiver: Receiver, answer: Answer
) -> None:
    receiver.decide = always(answer)
    began = time.monotonic()

    verdict = await impatient.publish(an_attempt())

    assert isinstance(verdict, Unknown)
    assert verdict.reason.removeprefix("no answer: ")
    assert len(receiver.received) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("status", "verdict"), [(200, Accepted()), (400, Refused), (429, Deferred), (500, Unknown)])
@pytest.mark.parametrize("way", [{"pace": 0.1}, {"endless": True}], ids=["dripping", "endless"])
async def test_a_body_that_never_ends_keeps_the_send_neither_in_time_nor_in_bytes(
    impatient: WebhookPublisher, receiver: Receiver, status: int, verdict: Verdict | type, way: dict[str, Any]
) -> None:
    receiver.decide = always(Answer(status=status, body=b"x" * 60_000, **way))
    began = time.monotonic()

    given = await impatient.publish(an_attempt())

    assert given == verdict or type(given) is verdict
    assert time.monotonic() - began < 5
    assert receiver.bytes_answered < 16_000_000  # what buffers between the two may swallow


async def connection_refused() -> Verdict:
    return await published(f"http://127.0.0.1:{(port := unused_port())}/", port)


async def name_not_found() -> Verdict:
    async def look_up(_: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    targets = the_one_target("https://publisher.example.com/")
    async with publishing_over(WebhookTransport(targets, look_up=look_up)) as publisher:
        return await publisher.publish(an_attempt())


async def name_server_hangs() -> Verdict:
    async def look_up(_: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    targets = the_one_target("https://publisher.example.com/")
    async with publishing_over(WebhookTransport(targets, look_up=look_up, timeout=timedelta(seconds=0.1))) as publisher:
        return await publisher.publish(an_attempt())


async def no_tls() -> Verdict:
    async def greet(_: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"220 a mail server\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        return await published(f"https://127.0.0.1:{port}/", port)


async def tls_hangs() -> Verdict:
    async with receiving() as receiver:
        return await published(f"https://127.0.0.1:{receiver.port}/", receiver.port)


async def published(url: str, port: int) -> Verdict:
    targets = the_one_target(url, allow=[f"127.0.0.1/32:{port}"])
    async with publishing_over(WebhookTransport(targets, timeout=timedelta(seconds=0.3))) as publisher:
        return await publisher.publish(an_attempt())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (connection_refused, "attempts failed"),
        (name_not_found, "the name publisher.example.com leads nowhere: Name or service not known"),
        (name_server_hangs, "the time was up"),
        (no_tls, "SSL"),
        (tls_hangs, "the time was up"),
    ],
)
async def test_where_no_connection_is_made_nothing_was_sent(fault: Callable[[], Awaitable[Verdict]], said: str) -> None:
    verdict = await fault()

    assert isinstance(verdict, Unsent)
    assert verdict.reason.startswith("nothing was sent: ")
    assert said in verdict.reason


async def test_a_reason_repeats_no_secret_that_the_receiver_repeats(receiver: Receiver) -> None:
    targets = the_one_target(f"{receiver.url}?token=hu%73h&v=2", allow=[f"127.0.0.1/32:{receiver.port}"])
    receiver.decide = always(plain(404, json.dumps({"error": "hush", "code": f"/posts?token=hu%73h&v=2; {SECRET}"})))

    async with publishing_over(WebhookTransport(targets)) as publisher:
        verdict = await publisher.publish(an_attempt())

    assert verdict == Misdirected("the receiver answered 404", "the receiver answered 404")
