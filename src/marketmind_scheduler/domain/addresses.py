"""Which addresses outside may be connected to: public ones, and those that the operator has named."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

PUBLIC_PORTS = frozenset({443, 8443})

# is_global holds for all of these in one release of Python or another, and is_reserved not always mends it
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 within one network
        "100:0:0:1::/64",  # a dummy
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """Where somebody inside the company may listen, on this port alone."""

    network: IPv4Network | IPv6Network
    port: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From ``10.0.0.0/8:8443`` or ``fd00::/8:8443``; raises ValueError."""
        network, _, port = text.rpartition(":")
        if "/" not in network or not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise ValueError(f"{text} is not a network with a port")
        return cls(ip_network(network), int(port))


def may_connect(address: str, port: int, *, allowed: Collection[AllowedNetwork]) -> bool:
    """Whether something may be sent to this address, as a resolver wrote it."""
    plain = _unwrapped(ip_address(address))
    if any(port == each.port and plain in each.network for each in allowed):
        return True
    return port in PUBLIC_PORTS and _is_public(plain)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that is meant, where it comes dressed as an IPv6 one."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
