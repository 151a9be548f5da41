"""Who has a connection, and whose gives way when there are too many."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from marketmind_scheduler.adapters.http.envelope.limits import Limits


class State(StrEnum):
    SILENT = "silent"  # nothing has been asked on it yet
    RESTING = "resting"  # between two requests of somebody who is known
    BUSY = "busy"  # a request is being answered


class Connection(Protocol):
    """A connection as far as it takes room."""

    @property
    def peer(self) -> str: ...

    def give_way(self) -> None:
        """Close without a word."""
        ...


@dataclass(slots=True)
class _Share:
    """Connections by their state, in each the one first that has been in it longest."""

    most: int
    reserve: int
    by_state: dict[State, dict[Connection, None]] = field(default_factory=lambda: {state: {} for state in State})

    @property
    def count(self) -> int:
        return sum(map(len, self.by_state.values()))

    @property
    def is_full(self) -> bool:
        """Whether more requests are being answered than there is room for."""
        return len(self.by_state[State.BUSY]) > self.most

    def one_too_many(self) -> Connection | None:
        """The connection that gives way, None while there is room. Those that are busy never do, and leave at least
        the reserve to the others, so that who comes can say what they want."""
        not_busy = self.count - len(self.by_state[State.BUSY])
        if not_busy <= max(self.most - len(self.by_state[State.BUSY]), self.reserve):
            return None
        silent, resting = self.by_state[State.SILENT], self.by_state[State.RESTING]
        return next(iter(silent if len(silent) > 1 or not resting else resting))  # the last one has just come


class Connections:
    """All connections of the service, with a share for each peer. The oldest one that has said nothing gives way
    first, then the one of somebody known that has been silent longest."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all = _Share(limits.connections, limits.reserve)
        self._peers: dict[str, _Share] = {}
        self._states: dict[Connection, State] = {}

    def opened(self, connection: Connection) -> None:
        """Another one, silent as yet; one that is there already may have to give way to it."""
        of_peer = self._peers.setdefault(
            connection.peer, _Share(self._limits.connections_per_peer, self._limits.reserve)
        )
        self._enter(connection, State.SILENT)
        if (leaving := of_peer.one_too_many() or self._all.one_too_many()) is not None:
            self.closed(leaving)
            leaving.give_way()

    def turns(self, connection: Connection, state: State) -> None:
        """It is in that state from now on."""
        if self._states.get(connection, state) is not state:
            self._leave(connection)
            self._enter(connection, state)

    def closed(self, connection: Connection) -> None:
        """It takes no room any more; said twice, it is as if said once."""
        if connection in self._states:
            self._leave(connection)
            if not self._peers[connection.peer].count:
                del self._peers[connection.peer]

    def has_room_for(self, connection: Connection) -> bool:
        """Whether a request on this connection, which is busy, is within all shares."""
        of_peer = self._peers.get(connection.peer)
        return of_peer is not None and not of_peer.is_full and not self._all.is_full

    def in_state(self, state: State) -> int:
        return len(self._all.by_state[state])

    def largest_share(self) -> int:
        """How many the peer has that has most."""
        return max((share.count for share in self._peers.values()), default=0)

    def _enter(self, connection: Connection, state: State) -> None:
        self._states[connection] = state
        for share in (self._all, self._peers[connection.peer]):
            share.by_state[state][connection] = None

    def _leave(self, connection: Connection) -> None:
        state = self._states.pop(connection)
        for share in (self._all, self._peers[connection.peer]):
            del share.by_state[state][connection]


def peer_of(client: tuple[str, int] | None) -> str:
    """Whom an address counts for: one machine may have all addresses of the first 64 bits in IPv6."""
    return _peer_at(client[0]) if client else ""


@lru_cache(maxsize=1024)
def _peer_at(host: str) -> str:
    host = host.partition("%")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
