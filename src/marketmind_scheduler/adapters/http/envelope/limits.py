"""How much of the service there is for whom."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A peer is an address that connects, of IPv6 its first 64 bits; a caller is who holds a key or token, and where
    none is asked for, the peer. What is held are bodies and answers that are large, in bytes."""

    connections: int = 500
    connections_per_peer: int = 400
    requests_per_caller: int = 100
    waits_per_caller: int = 50
    held: int = 32 * MEGABYTE

    @property
    def reserve(self) -> int:
        """How many connections there may be beyond, for whoever asks for the health of the service or is known."""
        return max(4, self.connections // 20)

    @property
    def waits(self) -> int:
        """How many may wait in sum."""
        return max(1, self.connections // 2)

    @property
    def held_per_caller(self) -> int:
        return self.held // 4
