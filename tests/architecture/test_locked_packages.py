"""Packages are installed only as they were locked: one that was tampered with stops the installation."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFO = "tiny-1.dist-info"
METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
INSTALL = re.compile(r"pip install\b.*-r .*")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package with nothing in it."""
    path = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{INFO}/METADATA", METADATA)
        archive.writestr(f"{INFO}/WHEEL", WHEEL)
        archive.writestr(f"{INFO}/RECORD", f"{INFO}/METADATA,,\n{INFO}/WHEEL,,\n{INFO}/RECORD,,\n")
    return path


def install(wheel: Path, digest: str) -> subprocess.CompletedProcess[str]:
    """Install it as it is locked with this hash, from its directory alone."""
    directory = wheel.parent
    (directory / "requirements.txt").write_text(f"tiny==1 \\\n    --hash=sha256:{digest}\n")
    options = ["--isolated", "--no-index", "--find-links", directory, "--target", directory / "installed"]
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", *options, "-r", "requirements.txt"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_one_changed_digit_of_a_hash_stops_the_installation(wheel: Path) -> None:
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    changed = ("1" if right[0] == "0" else "0") + right[1:]

    refused, installed = install(wheel, changed), install(wheel, right)

    assert (refused.returncode, installed.returncode) == (1, 0), installed.stderr
    assert "DO NOT MATCH THE HASHES" in refused.stderr


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_what_is_installed_from_a_list_is_installed_by_its_hashes(file: str) -> None:
    installs = INSTALL.findall((ROOT / file).read_text())

    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_locked_package_has_its_hashes(path: Path) -> None:
    packages = re.split(r"\n(?=\S)", path.read_text())

    assert packages
    assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []


def test_running_and_testing_are_locked_alike_and_running_needs_the_smaller_part() -> None:
    running, testing, serving = (
        set(re.split(r"\n(?=\S)", (ROOT / f"requirements{name}.txt").read_text().rstrip()))
        for name in ("-run", "-dev", "")
    )

    assert serving < running < testing
    assert not [each for each in running if re.match("(pytest|ruff|basedpyright|schemathesis)", each)]
