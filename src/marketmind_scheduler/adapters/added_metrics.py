"""What several processes that answer as one have measured, added up.

Each process shows what it has measured at a socket in a directory that only they can enter. The first one adds up: it
asks the others, and remembers of those that have ended what was last shown of them, so that no counter ever goes back.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TypeAlias

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from marketmind_scheduler.ports.metrics import Metrics
from marketmind_scheduler.ports.queue_standing import QueueStanding

_SECONDS = 1.0
_ALL = "all"
_ADDED = frozenset({"counter", "histogram"})
_ADDED_GAUGES = frozenset(
    {
        *("http_server_active_requests", "http_server_connections", "http_server_waits", "http_server_held_bytes"),
        *("marketmind_scheduler_pool_connections", "marketmind_scheduler_pool_connections_max"),
        *("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds", "process_max_fds"),
    }
)
_LARGEST = frozenset({"http_server_largest_share"})

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and labels."""


class Family(msgspec.Struct, frozen=True):
    """The samples of one metric."""

    name: str
    kind: str
    documentation: str
    samples: Sequence[tuple[str, Mapping[str, str], float]]


class _Asked(msgspec.Struct, frozen=True):
    pid: int
    own: Sequence[Family]


_as_openmetrics, _ = choose_encoder("application/openmetrics-text; version=1.0.0")
_families = msgspec.msgpack.Decoder(Sequence[Family])
_asked = msgspec.msgpack.Decoder(_Asked)


def families_of(registry: CollectorRegistry) -> Sequence[Family]:
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            [(sample.name, sample.labels, sample.value) for sample in metric.samples],
        )
        for metric in registry.collect()
    ]


def added_up(own: Iterable[Metric], others: Iterable[Family]) -> Sequence[Metric]:
    """Counters, and gauges of what there is so much of, added; every other gauge is the own one, or where there is
    none, that of the first of the others that has it."""
    whole = {metric.name: metric for metric in own}
    for family in others:
        metric = whole.setdefault(family.name, Metric(family.name, family.documentation, family.kind))
        have: dict[Key, int] = {_key(each.name, each.labels): nth for nth, each in enumerate(metric.samples)}
        for name, labels, value in family.samples:
            nth = have.get(_key(name, labels))
            if nth is None:
                metric.samples.append(Sample(name, {**labels}, value))
            elif family.kind in _ADDED or family.name in _ADDED_GAUGES:
                metric.samples[nth] = metric.samples[nth]._replace(value=metric.samples[nth].value + value)
            elif family.name in _LARGEST:
                metric.samples[nth] = metric.samples[nth]._replace(value=max(metric.samples[nth].value, value))
    return [*whole.values()]


class Whole:
    """What a process has measured, with what it has last heard of others."""

    def __init__(self, own: Metrics, registry: CollectorRegistry) -> None:
        self._own = own
        self._registry = registry
        self._ask: Callable[[], Sequence[Family]] | None = None
        self._heard: Sequence[Family] = []

    def add_up(self, ask: Callable[[], Sequence[Family]]) -> None:
        """Show what others have measured too from now on: ``ask`` asks them, and may wait for them."""
        self._ask = ask

    async def hear(self) -> None:
        if self._ask:
            self._heard = await asyncio.to_thread(self._ask)

    def exposition(self, standing: QueueStanding | None, *, openmetrics: bool) -> bytes:
        own = self._own.exposition(standing, openmetrics=openmetrics)  # from now on the registry knows how it stands
        if not self._ask:
            return own
        whole = CollectorRegistry()
        whole.register(_Added(added_up(self._registry.collect(), self._heard)))
        return (_as_openmetrics if openmetrics else generate_latest)(whole)


class _Added(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class Showing:
    """Shows what this process has measured to the first one, and asks that for what all others have."""

    def __init__(self, directory: Path, registry: CollectorRegistry) -> None:
        self._directory = directory
        self._registry = registry
        _listen(directory / str(os.getpid()), lambda _: msgspec.msgpack.encode(families_of(registry)))

    def others(self) -> Sequence[Family]:
        """Waits a second for each of them at most; nothing, where the first one does not answer."""
        asked = msgspec.msgpack.encode(_Asked(os.getpid(), families_of(self._registry)))
        answer = _told(self._directory / _ALL, asked)
        return _families.decode(answer) if answer else []


class Adding:
    """In the first process: what the others have measured, and those that have ended."""

    def __init__(self, directory: Path, registry: CollectorRegistry, pids: Callable[[], Collection[int]]) -> None:
        self._directory = directory
        self._registry = registry
        self._pids = pids
        self._last: dict[int, Sequence[Family]] = {}
        self._ended: Sequence[Family] = []
        self._one_by_one = Lock()
        _listen(directory / _ALL, self._answer)

    def others(self) -> Sequence[Family]:
        """Waits a second for each of them at most."""
        return self._of_others(_Asked(os.getpid(), []))

    def _answer(self, asked: bytes) -> bytes:
        return msgspec.msgpack.encode([*families_of(self._registry), *self._of_others(_asked.decode(asked))])

    def _of_others(self, asked: _Asked) -> Sequence[Family]:
        with self._one_by_one:
            alive = self._pids()
            if asked.pid in alive:
                self._last[asked.pid] = asked.own
            for pid in [*self._last]:
                if pid not in alive:
                    self._ended = _counters([*self._ended, *self._last.pop(pid)])
            for pid in alive:
                if pid != asked.pid and (shown := _told(self._directory / str(pid), b"")):
                    self._last[pid] = _families.decode(shown)
            return [*self._ended, *(family for pid in alive if pid != asked.pid for family in self._last.get(pid, []))]


def _counters(families: Iterable[Family]) -> Sequence[Family]:
    """What lasts of processes that have ended, added up."""
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            [(each.name, each.labels, each.value) for each in metric.samples],
        )
        for metric in added_up([], (family for family in families if family.kind in _ADDED))
    ]


def _key(name: str, labels: Mapping[str, str]) -> Key:
    return name, tuple(sorted(labels.items()))


def _listen(path: Path, answer: Callable[[bytes], bytes]) -> None:
    """In a thread, so that whoever asks does not wait for the event loop of this process."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        while True:
            asking, _ = listener.accept()
            with asking, suppress(OSError):
                asking.settimeout(_SECONDS)
                asking.sendall(answer(_received(asking)))

    Thread(target=serve, name="metrics", daemon=True).start()


def _told(path: Path, asked: bytes) -> bytes:
    """Nothing, where nobody answers in time."""
    with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
        asking.settimeout(_SECONDS)
        asking.connect(str(path))
        asking.sendall(asked)
        asking.shutdown(socket.SHUT_WR)
        return _received(asking)
    return b""


def _received(connection: socket.socket) -> bytes:
    pieces: list[bytes] = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)
