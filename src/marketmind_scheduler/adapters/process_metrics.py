"""What a process says of itself: its build, its memory and files, its connections to the database."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, Info, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Connections(Protocol):
    """A pool, as far as it is watched."""

    def get_size(self) -> int: ...

    def get_idle_size(self) -> int: ...

    def get_max_size(self) -> int: ...


def register_process(registry: CollectorRegistry, *, tz_release: str, pools: Mapping[str, Connections]) -> None:
    """Let the registry tell of this process too; ``process_*`` only where the system tells of processes (Linux)."""
    build = Info("marketmind_scheduler_build", "The version, and the release of its zone rules", registry=registry)
    build.info({"version": version("marketmind-scheduler"), "tz_release": tz_release})
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Pools(pools))


class _Pools(Collector):
    def __init__(self, pools: Mapping[str, Connections]) -> None:
        self._pools = pools

    def collect(self) -> Iterable[Metric]:
        connections = GaugeMetricFamily(
            "marketmind_scheduler_pool_connections",
            "Connections to the database, by what they are kept for and whether they are used or idle",
            labels=["pool", "state"],
        )
        most = GaugeMetricFamily("marketmind_scheduler_pool_connections_max", "How many there may be", labels=["pool"])
        for name, pool in self._pools.items():
            idle = pool.get_idle_size()
            connections.add_metric([name, "used"], pool.get_size() - idle)
            connections.add_metric([name, "idle"], idle)
            most.add_metric([name], pool.get_max_size())
        return connections, most
