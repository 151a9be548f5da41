"""Zone rules come from the tzdata package alone: not from the machine's files, and not at all when it is missing."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest

from tests.builders import TZ_RELEASE

NOON_IN_BERLIN = """
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from marketmind_scheduler.entrypoints.wiring.zone_rules import pin_zone_rules

def local_hour():
    return datetime(2027, 7, 1, 12, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).hour

by_the_machine = local_hour()
zones = pin_zone_rules()
print(by_the_machine, local_hour(), zones.release, "Europe/Berlin" in zones.names, "Mars/Olympus_Mons" in zones.names)
"""
PIN = """
from marketmind_scheduler.entrypoints.wiring.zone_rules import ZoneRulesMissingError, pin_zone_rules

try:
    print("started with", pin_zone_rules().release)
except ZoneRulesMissingError as missing:
    print("refused:", missing)
"""
WITHOUT_TZDATA = "import sys; sys.modules['tzdata'] = None\n"
TZDATA = files("tzdata")


def run(script: str, environment: Mapping[str, str] | None = None) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", script], env=dict(environment or {}), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_package_wins_over_files_of_the_machine_even_over_those_read_before(tmp_path: Path) -> None:
    in_tokyo = TZDATA.joinpath("zoneinfo", "Asia", "Tokyo").read_bytes()
    write(tmp_path / "Europe" / "Berlin", in_tokyo)
    write(tmp_path / "Mars" / "Olympus_Mons", in_tokyo)
    write(tmp_path / "tzdata.zi", b"# version 2001a\n")

    printed = run(NOON_IN_BERLIN, {"PYTHONTZPATH": str(tmp_path)})

    assert printed == f"21 14 {TZ_RELEASE} True False"


def test_without_the_package_the_service_does_not_start() -> None:
    assert run(WITHOUT_TZDATA + PIN) == (
        "refused: the tzdata package is missing; install the service with its locked requirements"
    )


@pytest.mark.parametrize(
    ("release_line", "zones", "refusal"),
    [
        (None, "Europe/Berlin\n", "the tzdata package is missing"),
        ("# version 2026f\n", None, "the tzdata package is missing"),
        ("# version 2026f\n", "", "the tzdata package is not whole"),
        ("# something else\n", "Europe/Berlin\n", "the tzdata package is not whole"),
        ("", "Europe/Berlin\n", "the tzdata package is not whole"),
    ],
)
def test_with_a_package_that_is_not_whole_the_service_does_not_start(
    tmp_path: Path, release_line: str | None, zones: str | None, refusal: str
) -> None:
    write(tmp_path / "tzdata" / "__init__.py", b"")
    if release_line is not None:
        write(tmp_path / "tzdata" / "zoneinfo" / "tzdata.zi", release_line.encode())
    if zones is not None:
        write(tmp_path / "tzdata" / "zones", zones.encode())

    assert run(PIN, {"PYTHONPATH": str(tmp_path)}).startswith(f"refused: {refusal}")
