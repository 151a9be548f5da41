"""What can be configured of how much of the service there is for whom, and under which names it answers."""

from typing import Annotated

from msgspec import Meta

from marketmind_scheduler.adapters.http.envelope.limits import MEGABYTE, Limits
from marketmind_scheduler.entrypoints.agent_settings import AgentSettings
from marketmind_scheduler.entrypoints.choices import HttpParser, SettingsError

_LIMITS = Limits()
_MOST_WORKERS = 64


class EdgeSettings(AgentSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of ``Settings``."""

    host_names: Annotated[
        str | None,
        Meta(
            description="names under which the service answers where no keys are asked for, besides those of its own "
            "machine, with commas between, such as `host.docker.internal`"
        ),
    ] = None
    workers: Annotated[
        str,
        Meta(
            description="how many processes of `serve` answer at its port, from 1 to 64; `auto`: one for each core; "
            "each has connections, shares and pools of its own, and the first one dispatches"
        ),
    ] = "1"
    http_parser: Annotated[
        HttpParser,
        Meta(
            description="what reads requests: `httptools`, in C, where it is installed; or `h11`, in Python, which "
            "takes longer"
        ),
    ] = HttpParser.HTTPTOOLS
    connections: Annotated[
        int, Meta(ge=10, le=100_000, description="how many connections there may be to one process")
    ] = _LIMITS.connections
    connections_per_peer: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="how many of them one address may have; as many as there may be, where one proxy has all",
        ),
    ] = _LIMITS.connections_per_peer
    requests_at_once: Annotated[
        int, Meta(ge=1, le=100_000, description="how many requests of one caller are answered at once")
    ] = _LIMITS.requests_per_caller
    waits_at_once: Annotated[
        int,
        Meta(ge=1, le=100_000, description="how many requests of one caller may wait at once, for events or a plan"),
    ] = _LIMITS.waits_per_caller
    held_megabytes: Annotated[
        int,
        Meta(
            ge=8,
            le=100_000,
            description="how much memory large bodies and answers may take in sum; a quarter of it for one caller",
        ),
    ] = _LIMITS.held // MEGABYTE

    def worker_count(self, cores: int) -> int:
        """Raises SettingsError."""
        if self.workers == "auto":
            return min(cores, _MOST_WORKERS)
        if self.workers.isascii() and self.workers.isdigit() and 1 <= int(self.workers) <= _MOST_WORKERS:
            return int(self.workers)
        raise SettingsError(
            f"SCHEDULER_WORKERS={self.workers}: it takes a whole number from 1 to {_MOST_WORKERS}, or auto"
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            connections=self.connections,
            connections_per_peer=min(self.connections_per_peer, self.connections),
            requests_per_caller=self.requests_at_once,
            waits_per_caller=self.waits_at_once,
            held=self.held_megabytes * MEGABYTE,
        )

    @property
    def listed_host_names(self) -> frozenset[str]:
        """Raises SettingsError."""
        names = [name.strip().lower() for name in (self.host_names or "").split(",") if name.strip()]
        for name in names:
            if not name.isascii() or any(sign in name for sign in ":/*@ "):
                raise SettingsError(
                    f"SCHEDULER_HOST_NAMES={self.host_names}: {name!r} is no name of a host; it takes the names "
                    "alone, without scheme and port, with commas between, such as host.docker.internal"
                )
        return frozenset(names)
