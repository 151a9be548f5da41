"""Webhooks go to public addresses, on ports for TLS, and to what the operator has named."""

import csv
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import pytest

from marketmind_scheduler.domain.addresses import AllowedNetwork, may_connect
from tests.loops import telling_all_misses

REGISTRIES = Path(__file__).parents[1] / "data" / "iana_special_purpose.csv"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]
)
@pytest.mark.parametrize("port", [443, 8443])
def test_public_addresses_may_be_connected_to(address: str, port: int) -> None:
    assert may_connect(address, port, allowed=())


@pytest.mark.parametrize("port", [0, 22, 80, 5432, 6379, 8080, 65535])
def test_no_other_port_may(port: int) -> None:
    assert not may_connect("8.8.8.8", port, allowed=())


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  # the machine itself
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",  # where clouds keep their credentials
        "100.64.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_no_other_address_may(address: str) -> None:
    assert not may_connect(address, 443, allowed=())


@pytest.mark.parametrize(
    ("allow", "address", "port", "may"),
    [
        ("10.0.0.0/8:8443", "10.1.2.3", 8443, True),
        ("10.0.0.0/8:8443", "::ffff:10.1.2.3", 8443, True),
        ("10.0.0.0/8:8443", "10.1.2.3", 443, False),
        ("10.0.0.0/8:8443", "11.1.2.3", 8443, True),  # public
        ("10.0.0.0/8:8443", "192.168.0.1", 8443, False),
        ("10.0.0.0/8:8443", "fd00::1", 8443, False),
        ("127.0.0.1/32:9000", "127.0.0.1", 9000, True),
        ("127.0.0.1/32:9000", "127.0.0.2", 9000, False),
        ("127.0.0.1/32:9000", "8.8.8.8", 9000, False),
        ("fd00::/8:8443", "fd12::1", 8443, True),
        ("fd00::/8:8443", "fe80::1", 8443, False),
    ],
)
def test_an_allowed_network_is_allowed_on_its_own_port_alone(allow: str, address: str, port: int, may: bool) -> None:  # noqa: FBT001
    assert may_connect(address, port, allowed=[AllowedNetwork.read(allow)]) is may


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.0/8",
        "10.0.0.1:443",
        "10.0.0.1/8:443",
        "10.0.0.0/33:443",
        "10.0.0.0/8:0",
        "10.0.0.0/8:65536",
        "10.0.0.0/8:-1",
        "10.0.0.0/8:४४३",
        "10.0.0.0/8:https",
        "host/8:443",
        "fd00::1",
        "fd00::/8",
    ],
)
def test_a_network_without_its_port_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        AllowedNetwork.read(text)


def special_purpose() -> Iterator[tuple[IPv4Network | IPv6Network, bool]]:
    """What IANA's registries of special-purpose addresses say, and whether a block is globally reachable: all blocks of
    iana-ipv4-special-registry and iana-ipv6-special-registry as of April 2025 but ``::ffff:0:0/96``, which is read as
    the IPv4 address in it. Renew the file from www.iana.org/assignments when they grow."""
    with REGISTRIES.open() as file:
        for row in csv.DictReader(file):
            yield ip_network(row["block"]), row["globally_reachable"] == "True"


def test_nothing_that_iana_does_not_call_reachable_may_be_connected_to_on_any_python() -> None:
    blocks = dict(special_purpose())
    reachable = [block for block, is_reachable in blocks.items() if is_reachable]

    with telling_all_misses() as trying:
        for block in blocks.keys() - set(reachable):
            for address in (block[0], block[-1], block[block.num_addresses // 2], block[block.num_addresses // 3]):
                if not any(address in each for each in reachable):
                    with trying(block=str(block), address=str(address)):
                        assert not may_connect(str(address), 443, allowed=())
