"""Who may import whom: the contracts in pyproject.toml hold, and they cover every adapter there is."""

import pkgutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

import marketmind_scheduler.adapters
from marketmind_scheduler.adapters import webhooks

ROOT = Path(__file__).parents[2]
ADAPTERS = {
    f"marketmind_scheduler.adapters.{module.name}"
    for module in pkgutil.iter_modules(marketmind_scheduler.adapters.__path__)
}


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, Any]]:
    """The contracts by name."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["name"]: contract for contract in pyproject["tool"]["importlinter"]["contracts"]}


def test_every_import_contract_is_kept() -> None:
    lint_imports = Path(sysconfig.get_path("scripts"), "lint-imports")

    ended = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("contract", "not_bound"),
    [
        ("The driven side knows neither use cases nor Litestar", "marketmind_scheduler.adapters.http"),
        ("SQLAlchemy and asyncpg live in adapters.postgres", "marketmind_scheduler.adapters.postgres"),
        ("The libraries of tokens live in adapters.identity", "marketmind_scheduler.adapters.identity"),
    ],
)
def test_a_contract_about_adapters_names_each_of_them_but_one(
    contracts: dict[str, dict[str, Any]], contract: str, not_bound: str
) -> None:
    bound = set(contracts[contract]["source_modules"])

    assert bound - {"marketmind_scheduler.entrypoints"} == ADAPTERS - {not_bound}


def test_everything_about_webhooks_but_their_publisher_is_transport(contracts: dict[str, dict[str, Any]]) -> None:
    modules = {f"{webhooks.__name__}.{module.name}" for module in pkgutil.iter_modules(webhooks.__path__)}

    bound = set(contracts["The transport of webhooks does not know what it carries"]["source_modules"])

    assert modules - bound == {f"{webhooks.__name__}.publisher"}
