"""The server that is restarted under its users, the seed, and the table of figures at the end.

CHAOS=long runs for minutes what otherwise takes seconds; CHAOS_SEED=… draws the same faults again.
"""

import os
import secrets
from collections.abc import Generator

import pytest

from tests.chaos.figures import Figures
from tests.system.servers import OwnServer, own_server

_FIGURES = pytest.StashKey[Figures]()


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    with own_server() as own:
        yield own


@pytest.fixture(scope="session")
def seed() -> str:
    return os.environ.get("CHAOS_SEED") or secrets.token_hex(4)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest, seed: str) -> Figures:
    return request.config.stash.setdefault(_FIGURES, Figures(seed))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if figures := config.stash.get(_FIGURES, None):
        terminalreporter.section("figures")
        terminalreporter.write_line(figures.table())
