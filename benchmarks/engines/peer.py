"""How a peer's scripts are run: with the Python of a virtual environment that has the peers and nothing of ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engines.engine import Command

SCRIPTS = Path(__file__).parents[1] / "peers"


@dataclass(frozen=True, slots=True)
class PeerCommands:
    python: str
    script: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the worker is told always."""

    def install(self, url: str) -> Command:
        return self._command(url, "install", {})

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:
        options = {**self.options, "stalled_seconds": lease_seconds, "log": log}
        return self._command(url, "work", {name: value for name, value in options.items() if value is not None})

    def _command(self, url: str, what: str, options: dict[str, object]) -> Command:
        arguments = [self.python, "-P", str(SCRIPTS / self.script), what, json.dumps(options)]
        return Command(arguments=arguments, environment={"DATABASE_URL": url})
