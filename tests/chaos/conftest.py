"""The server that is restarted under its users, the seed, and the table of figures at the end.

CHAOS=long runs for minutes what otherwise takes seconds; CHAOS_SEED=… draws the same faults again.
"""

import os
import secrets
from collections.abc import Generator, Mapping
from typing import Any, Protocol

import pytest

from tests.chaos.figures import Figures
from tests.system.servers import OwnServer, own_server

_FIGURES = pytest.StashKey[Figures]()
_SEED, _ROWS, _NOTES = "chaos_seed", "chaos_rows", "chaos_notes"


class Worker(Protocol):
    """A process of the tests, as the one that shares them out sees it."""

    config: pytest.Config
    workerinput: dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    with own_server() as own:
        yield own


@pytest.fixture(scope="session")
def seed(figures: Figures) -> str:
    return figures.seed


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    return request.config.stash[_FIGURES]


def pytest_configure(config: pytest.Config) -> None:
    told: Mapping[str, str] = getattr(config, "workerinput", {})
    config.stash[_FIGURES] = Figures(told.get(_SEED) or os.environ.get("CHAOS_SEED") or secrets.token_hex(4))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Worker) -> None:
    node.workerinput[_SEED] = node.config.stash[_FIGURES].seed


def pytest_sessionfinish(session: pytest.Session) -> None:
    told: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        figures = session.config.stash[_FIGURES]
        told |= {_ROWS: figures.rows, _NOTES: figures.notes}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Worker) -> None:
    figures, told = node.config.stash[_FIGURES], getattr(node, "workeroutput", {})
    figures.rows += map(tuple, told.get(_ROWS, ()))
    figures.notes += told.get(_NOTES, ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[_FIGURES]
    if figures.rows or figures.notes:
        terminalreporter.section("figures")
        terminalreporter.write_line(figures.table())
