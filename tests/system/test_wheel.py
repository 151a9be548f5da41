"""The wheel is whole: installed anywhere, it works without the checkout."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from marketmind_scheduler.adapters.postgres.schema.version import newest_revision
from tests.system.servers import a_database, connected
from tests.system.services import environment

pytestmark = pytest.mark.timeout(120)

CHECKOUT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "src", "migrations")
PACKAGE = "marketmind_scheduler"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what the image is built from, without the network."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for part in PARTS:
        source = CHECKOUT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / part)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built), cwd=copy)
    [path] = built.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel, and nothing else, is installed."""
    target = tmp_path_factory.mktemp("installed")
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--target",
        str(target),
        str(wheel),
    )
    return target


def run(*command: str, cwd: Path | None = None, **settings: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment(settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_below(directory: Path) -> set[str]:
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name != "script.py.mako"
    }


def test_it_holds_every_file_of_the_package_and_every_migration(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())

    ours = {f"{PACKAGE}/{name}" for name in files_below(CHECKOUT / "src" / PACKAGE)}
    migrations = {f"{PACKAGE}/_migrations/{name}" for name in files_below(CHECKOUT / "migrations")}
    assert f"{PACKAGE}/adapters/http/assets/swagger-ui-bundle.js" in ours
    assert f"{PACKAGE}/adapters/http/explorer/folding.js" in ours
    assert f"{PACKAGE}/_migrations/env.py" in migrations
    assert ours | migrations <= held


def test_it_holds_the_licences_of_everything_in_it(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        licences = {name.partition(".dist-info/licenses/")[2] for name in archive.namelist()}

    assert {"LICENSE", "src/marketmind_scheduler/adapters/http/assets/LICENSE"} <= licences
    assert "src/marketmind_scheduler/adapters/http/assets/swagger-ui-bundle.js.LICENSE.txt" in licences


async def test_it_migrates_an_empty_database_from_wherever_it_is_installed(installed: Path, tmp_path: Path) -> None:
    where = ("-c", f"import {PACKAGE}; print({PACKAGE}.__path__[0])")
    assert run(sys.executable, *where, cwd=tmp_path, PYTHONPATH=str(installed)).strip() == str(installed / PACKAGE)

    async with a_database() as url:
        command = str(installed / "bin" / "marketmind-scheduler")
        run(command, "migrate", cwd=tmp_path, PYTHONPATH=str(installed), DATABASE_URL=url)

        async with connected(url) as sql:
            assert await sql.fetchval("SELECT version_num FROM alembic_version") == newest_revision()
            assert await sql.fetchval("SELECT count(*) FROM schedules") == 0
