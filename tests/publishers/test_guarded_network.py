"""A name is looked up once a send, every address behind it is checked, and the checked address is connected to."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest

from marketmind_scheduler.adapters.webhooks.network import Resolver
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.verdict import Accepted, Unsent, Verdict
from tests.publishers.given import RecordingNetwork, ScriptedNames, an_attempt, publishing_over, the_one_target

URL = "https://publisher.example.com/posts?for=us"
PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:4700::1111"
METADATA = "169.254.169.254"


async def publish(
    names: ScriptedNames, network: RecordingNetwork, *, times: int = 1, allow: Sequence[str] = ()
) -> list[Verdict]:
    targets = the_one_target(URL, allow=allow)
    async with publishing_over(WebhookTransport(targets, network=network, look_up=names.look_up)) as publisher:
        return [await publisher.publish(an_attempt()) for _ in range(times)]


async def test_the_address_is_connected_to_and_tls_and_host_header_keep_the_name() -> None:
    names, network = ScriptedNames([PUBLIC]), RecordingNetwork()

    verdicts = await publish(names, network)

    assert verdicts == [Accepted("abc-12")]
    assert names.asked == ["publisher.example.com"]
    assert network.connected_to == [(PUBLIC, 443)]
    assert network.tls_names == ["publisher.example.com"]
    assert network.written.startswith(b"POST /posts?for=us HTTP/1.1\r\n")
    assert b"\r\nhost: publisher.example.com\r\n" in network.written.lower()


@pytest.mark.parametrize(
    "addresses",
    [
        [METADATA],
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["fe80::1%eth0"],
        [PUBLIC, METADATA],
        [METADATA, PUBLIC],
        [PUBLIC, PUBLIC, PUBLIC, PUBLIC, METADATA],
    ],
)
async def test_a_name_with_any_address_that_is_not_public_is_refused_and_nothing_connected_to(
    addresses: list[str],
) -> None:
    network = RecordingNetwork()

    (verdict,) = await publish(ScriptedNames(addresses), network)

    assert isinstance(verdict, Unsent)
    assert "which is not public" in verdict.reason
    assert network.connected_to == []


async def test_a_name_inside_the_company_may_lead_to_what_is_allowed() -> None:
    network = RecordingNetwork()

    verdicts = await publish(ScriptedNames(["10.1.2.3"]), network, allow=["10.0.0.0/8:443"])

    assert verdicts == [Accepted("abc-12")]
    assert network.connected_to == [("10.1.2.3", 443)]


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    names, network = ScriptedNames([PUBLIC], [METADATA], [PUBLIC]), RecordingNetwork()

    verdicts = await publish(names, network, times=3)

    assert [type(verdict) for verdict in verdicts] == [Accepted, Unsent, Accepted]
    assert len(names.asked) == 3
    assert network.connected_to == [(PUBLIC, 443), (PUBLIC, 443)]


async def test_where_nobody_listens_the_next_address_is_tried() -> None:
    network = RecordingNetwork(dead=[OTHER_PUBLIC])

    verdicts = await publish(ScriptedNames([OTHER_PUBLIC, PUBLIC]), network)

    assert verdicts == [Accepted("abc-12")]
    assert network.connected_to == [(OTHER_PUBLIC, 443), (PUBLIC, 443)]


@pytest.mark.parametrize("addresses", [[], [PUBLIC], [PUBLIC] * 10])
async def test_where_nobody_listens_at_all_nothing_was_sent(addresses: list[str]) -> None:
    network = RecordingNetwork(dead=[PUBLIC])

    (verdict,) = await publish(ScriptedNames(addresses), network)

    assert isinstance(verdict, Unsent)
    assert network.written == b""
    assert len(network.connected_to) == min(len(addresses), 3)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "①②⑦.0.0.1"])
async def test_the_resolver_says_what_an_odd_form_of_an_address_means(host: str) -> None:
    resolver = Resolver(names=1)

    addresses = await resolver.look_up(host)

    resolver.close()
    assert set(addresses) == {"127.0.0.1"}


async def test_a_name_server_that_hangs_holds_up_its_own_names_alone_and_is_asked_once() -> None:
    mended = threading.Event()
    asked: list[str] = []

    def ask(host: str) -> Sequence[str]:
        asked.append(host)
        if host == "hanging.example.com":
            mended.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return [PUBLIC]

    resolver = Resolver(names=2, ask=ask)
    hanging = [asyncio.create_task(resolver.look_up("hanging.example.com")) for _ in range(20)]

    async with asyncio.timeout(5):
        others = [await resolver.look_up("publisher.example.com") for _ in range(2)]
    hanging[0].cancel()
    mended.set()
    ended = await asyncio.gather(*hanging, return_exceptions=True)
    resolver.close()

    assert others == [[PUBLIC], [PUBLIC]]
    assert sorted(asked) == ["hanging.example.com", "publisher.example.com", "publisher.example.com"]
    assert [type(end) for end in ended] == [asyncio.CancelledError] + [socket.gaierror] * 19
