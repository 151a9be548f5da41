"""What the runbook and deploy/ name exists: commands, options, settings, metrics, log lines, paths of the API."""

import re
from pathlib import Path

import pytest
from click import Command, Context, Group
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.entrypoints.commands.cli import main
from marketmind_scheduler.entrypoints.settings import NAMES

CHECKOUT = Path(__file__).parents[2]
RUNBOOK = CHECKOUT / "docs" / "runbook.md"
DOCUMENTS = [RUNBOOK, *sorted(path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file())]
TEXT = RUNBOOK.read_text()
SOURCES = "\n".join(path.read_text() for path in (CHECKOUT / "src").rglob("*.py"))
COMMAND = re.compile(r"marketmind-scheduler((?: +(?:--)?[a-z][a-z-]*)+)")
EACH = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
SAMPLE_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")


def commands_in(text: str) -> list[list[str]]:
    """The words behind the program's name, where it stands in code."""
    code = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    return [found.split() for block in code for found in COMMAND.findall("".join(block))]


def check_command(words: list[str]) -> None:
    command: Command = main
    is_value = False
    for word in words:
        if word.startswith("--"):
            assert word in {name for each in command.params for name in each.opts}, f"{words}: no option {word}"
        elif isinstance(command, Group):
            found = command.get_command(Context(command), word)
            assert found is not None, f"{words}: no command {word}"
            command = found
        else:
            assert is_value, f"{words}: {command.name} takes no {word}"
        is_value = word.startswith("--")


@EACH
def test_every_command_exists_with_its_options(document: Path) -> None:
    for words in commands_in(document.read_text()):
        check_command(words)


def test_the_runbook_is_full_of_commands() -> None:
    assert {words[0] for words in commands_in(TEXT)} >= {"doctor", "status", "migrate", "keys"}


@EACH
def test_every_setting_exists(document: Path) -> None:
    assert set(re.findall(r"\bSCHEDULER_[A-Z_]+\b", document.read_text())) <= NAMES.keys()


@EACH
def test_every_metric_exists(document: Path) -> None:
    exposed = MeteredDispatch(CollectorRegistry()).exposition(None).decode()
    families = set(re.findall(r"^# TYPE (\S+) ", exposed, re.MULTILINE))
    named = set(re.findall(r"\bscheduler_[a-z_]+\b", document.read_text())) - {"scheduler_service", "scheduler_owner"}

    assert {name for name in named if not any(name + suffix in families for suffix in SAMPLE_SUFFIXES)} - {
        family + suffix for family in families for suffix in SAMPLE_SUFFIXES
    } == set()


@pytest.mark.parametrize(
    "line",
    [
        "waiting for the migration",
        "waiting for the database",
        "the database cannot be used",
        "a publisher failed",
        "overdue posts go out one by one",
        "leases ran out",
        "verdict came too late",
        "verdict could not be stored",
    ],
)
def test_every_log_line_that_the_runbook_looks_for_is_written(line: str) -> None:
    assert f"`{line}`" in TEXT
    assert f'"{line}' in SOURCES


def test_every_section_says_how_to_know_that_it_is_well_again() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]

    assert len(sections) == 8
    assert [section.splitlines()[0] for section in sections if "**It is well again**" not in section] == []


def test_every_link_of_the_runbook_leads_to_a_section() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    }

    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= anchors
