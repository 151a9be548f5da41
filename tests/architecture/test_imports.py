"""Who may import whom: the contracts in pyproject.toml hold, and each of them objects to what it forbids."""

import re
import subprocess
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from os import environ
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

ROOT = Path(__file__).parents[2]
PACKAGE = "marketmind_scheduler"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
FORBIDDEN: Mapping[str, Sequence[str]] = {
    "Dependencies point inwards": [
        "domain.post -> .ports.clock",
        "ports.clock -> .application.demo",
        "application.demo -> .adapters.uuid7",
        "adapters.uuid7 -> .entrypoints.settings",
    ],
    "Domain, ports and application know no framework and no driver": [
        "domain.brand -> msgspec",
        "ports.holds -> asyncpg",
        "application.pausing -> litestar",
    ],
    "Domain and ports are silent and deterministic": ["domain.breaker -> random", "ports.ids -> os"],
    "Only wall_clock reads zone rules; only wiring pins them": ["adapters.publishers.dry_run -> zoneinfo"],
    "No library with time rules of its own": ["domain.schedule -> dateutil"],
    "The driven side knows no use cases": ["adapters.postgres.pool -> .application.health"],
    "No driving adapter knows another's framework": [
        "entrypoints.commands.keys -> litestar",
        "entrypoints.settings -> rich_click",
        "adapters.http.routes.brands -> uvicorn",
        "adapters.http.problems -> click",
        "application.quota -> rich",
    ],
    "SQLAlchemy, Alembic and asyncpg live in adapters.postgres": [
        "adapters.embedded_postgres.server -> asyncpg",
        "entrypoints.wiring.database -> alembic",
        "adapters.http.app -> sqlalchemy",
    ],
    "The libraries of webhooks live in adapters.webhooks": [
        "adapters.identity.key_sources -> httpcore2",
        "entrypoints.wiring.webhooks -> standardwebhooks",
    ],
    "The transport of webhooks does not know what it carries": [
        "adapters.webhooks.transport -> .domain.attempt",
        "adapters.webhooks.signing -> .domain.event",
    ],
    "The libraries of tokens live in adapters.identity": [
        "adapters.webhooks.network -> httpx2",
        "entrypoints.wiring.identity -> jwt",
    ],
    "The libraries of language models live in adapters.language_models": [
        "adapters.language_models.transport -> openai",
        "entrypoints.wiring.schedulers -> pydantic_ai",
    ],
    "OpenTelemetry lives in adapters.telemetry": ["adapters.trace_ids -> opentelemetry"],
    "numpy and HiGHS live in adapters.numeric": [
        "domain.planning.naive -> numpy",
        "entrypoints.wiring.schedulers -> highspy",
    ],
    "Who asks the workers of adapters.numeric computes nothing": [
        "adapters.numeric.workers -> numpy",
        "adapters.numeric.solver -> .adapters.numeric.linear",
    ],
    "The protocol of agents is spoken in adapters.http.mcp and over stdio": [
        "adapters.http.mcp.desk -> mcp",
        "adapters.http.routes.plans -> mcp_types",
        "entrypoints.wiring.tools -> mcp",
        "adapters.http.app -> starlette",
        "entrypoints.processes.api -> anyio",
    ],
    "Adapters do not know each other": ["adapters.system_clock -> .adapters.publishers.dry_run"],
    "The wings of adapters.http know those below them": [
        "adapters.http.envelope.access -> .adapters.http.routes.metrics",
        "adapters.http.envelope.conditions -> .adapters.http.shapes.catalog",
        "adapters.http.shapes.cursors -> .adapters.http.envelope.conditions",
        "adapters.http.problem_examples -> .adapters.http.problems",
    ],
    "Routes do not know each other": ["adapters.http.routes.campaigns -> .adapters.http.routes.posts"],
    "The wings of adapters.postgres know those below them": [
        "adapters.postgres.dispatch.queue -> .adapters.postgres.requests.api_keys",
        "adapters.postgres.repositories.schedules -> .adapters.postgres.storage",
        "adapters.postgres.storage -> .adapters.postgres.dispatch.upkeep",
    ],
    "The wings of entrypoints know those below them": [
        "entrypoints.wiring.bootstrap -> .entrypoints.processes.api",
        "entrypoints.processes.api -> .entrypoints.commands.console",
    ],
    "No cycles anywhere": ["domain.zones -> .domain.wall_clock"],
}
"""For each contract, imports that it does not allow; what is imported of our own begins with a dot."""


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """What is said of the package in ``folder / "src"``."""
    return subprocess.run(
        [Path(sysconfig.get_path("scripts"), "lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )


def objections(report: str) -> Mapping[str, str]:
    """What is said of each contract that is broken."""
    parts = re.split(r"\n(.+)\n-+\n", report)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def plant(package: Path, edge: str) -> None:
    importer, imported = edge.split(" -> ")
    module = package.joinpath(*importer.split(".")).with_suffix(".py")
    module.write_text(f"{module.read_text()}import {PACKAGE if imported.startswith('.') else ''}{imported}\n")


def is_named(edge: str, objection: str) -> bool:
    importer, imported = (name.rpartition(".")[2] for name in edge.split(" -> "))
    return re.search(rf"\.{importer} -> (\S*\.)?{imported} \(", objection) is not None


def test_every_import_contract_is_kept() -> None:
    ended = linted(ROOT)

    assert ended.returncode == 0, ended.stdout


def test_every_import_contract_objects_to_what_it_forbids(tmp_path: Path) -> None:
    copy(ROOT / "pyproject.toml", tmp_path)
    copytree(ROOT / "src", tmp_path / "src", ignore=ignore_patterns("assets", "__pycache__"))
    for edges in FORBIDDEN.values():
        for edge in edges:
            plant(tmp_path / "src" / PACKAGE, edge)

    said = objections(linted(tmp_path).stdout)

    unseen = {
        (contract, edge)
        for contract, edges in FORBIDDEN.items()
        for edge in edges
        if not is_named(edge, said.get(contract, ""))
    }
    assert unseen == set()
    assert {contract["name"] for contract in CONTRACTS} == set(FORBIDDEN)
