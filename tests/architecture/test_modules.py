"""What holds for every module: importing it does nothing, and time is computed in Python, by our own rules."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loops import on_each

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "marketmind_scheduler"
MOST_LINES = 250
PLAIN_LISTS = {"errors.py", "settings.py", "tables.py"}
SOURCES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "migrations").rglob("*.py")])
STATEMENTS = sorted(PACKAGE.rglob("*.sql"))

ZONED_SQL = re.compile(
    r"AT\s+TIME\s+ZONE|AT\s+LOCAL|\btimezone\s*\(|\bdate_trunc\s*\(|\bdate_part\s*\(|\bextract\s*\("
    r"|::\s*(?:date|time|timetz)\b|\bAS\s+(?:date|time)\b|\bto_timestamp\s*\(|'\s*::\s*timestamptz"
    r"|\bCURRENT_(?:DATE|TIME)\b|\bLOCALTIME(?:STAMP)?\b",
    re.IGNORECASE,
)

IMPORT_EVERYTHING = """
import pkgutil, socket, sys

opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith("socket.") else None)

import marketmind_scheduler

for module in pkgutil.walk_packages(marketmind_scheduler.__path__, "marketmind_scheduler."):
    __import__(module.name)
by_importing = len(opened)
socket.socket().close()
print(sum(name.startswith("marketmind_scheduler.") for name in sys.modules), by_importing, len(opened) > by_importing)
"""


def test_importing_every_module_needs_no_environment_and_opens_no_socket(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_EVERYTHING],
        env={},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stderr == ""
    modules, sockets, would_be_seen = ended.stdout.split()
    assert int(modules) == sum(PACKAGE in path.parents for path in SOURCES) - 1  # the package itself
    assert (sockets, would_be_seen) == ("0", "True")


@on_each("path", sorted(PACKAGE.rglob("__init__.py")))
def test_an_init_file_is_empty_so_that_every_name_has_one_place(path: Path) -> None:
    assert path.read_text() == ""


@on_each("path", [*SOURCES, *STATEMENTS])
def test_no_sql_reads_a_clock_on_the_wall(path: Path) -> None:
    assert ZONED_SQL.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT publish_time AT TIME ZONE 'Europe/Berlin'",
        "SELECT publish_time at  time\nzone timezone",
        "SELECT timezone('UTC', publish_time)",
        "SELECT publish_time::date",
        "SELECT publish_time :: time",
        "SELECT cast(publish_time AS date)",
        "SELECT date_trunc('day', publish_time, 'UTC')",
        "SELECT extract(hour FROM publish_time)",
        "SELECT '2027-07-01 19:00'::timestamptz",
        "SELECT CURRENT_DATE",
    ],
)
def test_the_search_finds_what_it_forbids(sql: str) -> None:
    assert ZONED_SQL.search(sql)


@pytest.mark.parametrize(
    "harmless",
    ["instant.astimezone(UTC)", "DateTime(timezone=True)", "$7::timestamptz[]", "$9::timestamp[]", "datetime.date()"],
)
def test_the_search_lets_the_rest_pass(harmless: str) -> None:
    assert not ZONED_SQL.search(harmless)


def test_a_module_holds_one_noun_in_at_most_250_lines_unless_it_is_a_plain_list() -> None:
    long = {path.name for path in SOURCES if len(path.read_text().splitlines()) > MOST_LINES}

    assert long <= PLAIN_LISTS


def test_a_port_has_at_most_eight_methods_of_its_own() -> None:
    wide = {
        node.name: methods
        for path in (PACKAGE / "ports").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
        and len(methods := [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]) > 8
    }

    assert wide == {}
