"""What goes between a worker and whoever asks it: eight bytes that say how long, then so many."""

from collections.abc import Sequence

HEAD = 8


def framed(content: bytes) -> Sequence[bytes]:
    return (len(content).to_bytes(HEAD, "big"), content)


def length_of(head: bytes) -> int:
    return int.from_bytes(head, "big")
