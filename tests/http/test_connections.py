"""Whose connection gives way when there are too many, and who is answered all the same."""

import random
from dataclasses import dataclass, field

from marketmind_scheduler.adapters.http.envelope.connections import Connections, State, peer_of
from marketmind_scheduler.adapters.http.envelope.limits import Limits
from tests.loops import on_each

LIMITS = Limits(connections=100, connections_per_peer=80)
RESERVE = LIMITS.reserve


@dataclass(eq=False)
class Given:
    """A connection that remembers whether it had to give way."""

    peer: str = "10.0.0.1"
    gave_way: bool = field(default=False, init=False)

    def give_way(self) -> None:
        assert not self.gave_way
        self.gave_way = True


def opened(connections: Connections, number: int, *, peer: str = "10.0.0.1", state: State | None = None) -> list[Given]:
    given = [Given(peer) for _ in range(number)]
    for each in given:
        connections.opened(each)
        if state is not None:
            connections.turns(each, state)
    return given


def test_while_there_is_room_nobody_gives_way() -> None:
    connections = Connections(LIMITS)

    mine, others = opened(connections, 80), opened(connections, 20, peer="10.0.0.2")

    assert not [each for each in mine + others if each.gave_way]
    assert connections.largest_share() == 80


def test_the_oldest_that_has_said_nothing_gives_way_first() -> None:
    connections = Connections(LIMITS)
    [oldest, *rest] = opened(connections, 80)
    [busy] = opened(connections, 1, peer="10.0.0.2", state=State.BUSY)

    [newest] = opened(connections, 1)

    assert [oldest.gave_way, newest.gave_way, busy.gave_way] == [True, False, False]
    assert not any(each.gave_way for each in rest)


def test_a_peer_that_takes_all_it_can_takes_nothing_from_the_others() -> None:
    connections = Connections(LIMITS)
    others = opened(connections, 15, peer="10.0.0.2")

    opened(connections, 1000)

    assert not any(each.gave_way for each in others)
    assert connections.in_state(State.SILENT) == 80 + 15


def test_many_peers_together_have_no_more_than_there_are() -> None:
    connections = Connections(LIMITS)

    for nth in range(50):
        opened(connections, 10, peer=f"10.0.1.{nth}")

    assert connections.in_state(State.SILENT) == 100


def test_who_is_known_outlives_a_flood_of_those_who_say_nothing() -> None:
    connections = Connections(LIMITS)
    [known] = opened(connections, 1, state=State.RESTING)

    opened(connections, 1000)
    opened(connections, 1000, peer="10.0.0.2")

    assert not known.gave_way
    connections.turns(known, State.BUSY)
    assert connections.has_room_for(known)


def test_where_all_are_known_the_one_that_was_silent_longest_gives_way_to_who_comes() -> None:
    connections = Connections(LIMITS)
    [first, second, *_] = opened(connections, 80, state=State.RESTING)
    connections.turns(first, State.BUSY)
    connections.turns(first, State.RESTING)

    [newest] = opened(connections, 1)

    assert [first.gave_way, second.gave_way, newest.gave_way] == [False, True, False]


def test_where_all_are_busy_a_reserve_may_still_say_what_it_wants() -> None:
    connections = Connections(LIMITS)
    busy = opened(connections, 80, state=State.BUSY)

    late = opened(connections, RESERVE + 1)
    connections.turns(late[-1], State.BUSY)

    assert not any(each.gave_way for each in busy)
    assert [each.gave_way for each in late] == [True, *[False] * RESERVE]
    assert not connections.has_room_for(late[-1])
    assert connections.has_room_for(opened(connections, 1, peer="10.0.0.2", state=State.BUSY)[0])


def test_what_is_closed_leaves_nothing_behind_however_often_it_is_said() -> None:
    connections = Connections(LIMITS)
    for each in opened(connections, 5):
        connections.closed(each)
        connections.closed(each)

    assert [connections.in_state(state) for state in State] == [0, 0, 0]
    assert connections.largest_share() == 0


def test_whatever_happens_no_share_is_exceeded_by_more_than_the_reserve() -> None:
    chance = random.Random(12)  # noqa: S311
    connections = Connections(LIMITS)
    alive: list[Given] = []
    for _ in range(20_000):
        alive = [each for each in alive if not each.gave_way]
        match chance.randrange(5):
            case 0 | 1:
                alive += opened(connections, 1, peer=f"10.0.0.{chance.randrange(3)}")
            case 2 if alive:
                leaves = alive.pop(chance.randrange(len(alive)))
                connections.closed(leaves)
            case _ if alive:
                each = chance.choice(alive)
                state = chance.choice(list(State))
                connections.turns(each, state)
                if state is State.BUSY and not connections.has_room_for(each):
                    connections.turns(each, State.SILENT)
            case _:
                pass
        assert connections.largest_share() <= LIMITS.connections_per_peer + RESERVE + 1
        assert sum(map(connections.in_state, State)) <= LIMITS.connections + RESERVE + 1


@on_each(
    ("address", "peer"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_all_addresses_of_one_machine_count_as_one_peer(address: str, peer: str) -> None:
    assert peer_of((address, 40_000)) == peer


def test_a_connection_without_an_address_is_a_peer_too() -> None:
    assert not peer_of(None)
