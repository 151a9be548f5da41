"""What a document names exists: commands, settings, metrics, log lines, paths and codes of the API, files, links."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeVar

import pytest
import yaml
from click import Argument, Command, Context, Group, Option
from docs import make
from litestar import Controller
from litestar.handlers import HTTPRouteHandler

from marketmind_scheduler.adapters.http import routes
from marketmind_scheduler.adapters.http.problems import explained
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.entrypoints.commands.cli import main
from marketmind_scheduler.entrypoints.environment import NAMES

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "src" / "marketmind_scheduler"
PAPERS = [each for each in make.papers() if each.suffix == ".md"]
DEPLOYED = [path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file()]
DOCUMENTS = sorted({*PAPERS, *DEPLOYED})
RUNBOOK = (CHECKOUT / "docs" / "runbook.md").read_text()
API = (CHECKOUT / "docs" / "api.md").read_text()
COMPOSE = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
SOURCES = "\n".join(path.read_text() for path in (CHECKOUT / "src").rglob("*.py"))

COMMAND = re.compile(r"marketmind-scheduler((?: +[^\s#|;&)`]+)+)")
MADE = re.compile(r"\bmake ([a-z][a-z-]*)\b")
COMPOSED = re.compile(r"docker compose (?:logs|exec|stop|up --scale) ([a-z-]+)")
CODE = re.compile(r"```(?:ba)?sh\n(.*?)```|`([^`\n]+)`", re.DOTALL)
FENCED = re.compile(r"^ *```(\w*)\n.*?^ *```", re.DOTALL | re.MULTILINE)
ASKED = re.compile(r"\b(GET|POST|PUT|DELETE|HEAD) ['\"]?(?:\$URL|https?://[^/\s]+)?(/[^\s'\"`?|,;)]*)")
ANY_ID = re.compile(r"/(?:\{\w+\}|\$\w+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/|$)")
PROBLEM = re.compile(r"\b([45]\d\d) `([a-z_]+)`")
SETTING = re.compile(r"\bSCHEDULER_[A-Z_]*[A-Z]\b")
METRIC = re.compile(r"\b(?:scheduler|http_server)_[a-z_]+\b")
NAMED_FILE = re.compile(
    r"(?<![\w./-])((?:domain|ports|application|adapters|entrypoints|src|tests|docs|examples|deploy|benchmarks|migrations)"
    r"/[\w./-]*\.(?:py|md|sql|toml|txt|ya?ml|json))\b"
)
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)#?([^)\s]*)\)")
SAMPLE_SUFFIXES = ("_bucket", "_sum", "_count")
NAMES_OF_DATABASE = {"scheduler_service", "scheduler_owner", "scheduler_user", "scheduler_pass", "scheduler_db"}
OUTSIDE_OPENAPI = {"/docs", "/docs/openapi.json"}

T = TypeVar("T")


def code_in(text: str) -> Iterator[str]:
    return ("".join(block) for block in CODE.findall(text))


def commands_in(text: str) -> list[list[str]]:
    """The words behind the program's name, where it stands in code."""
    return [found.split() for code in code_in(text) for found in COMMAND.findall(code)]


def check_command(words: Sequence[str]) -> None:
    command: Command = main
    takes_value = False
    for word in words:
        if word.startswith("--"):
            options = [each for each in command.get_params(Context(command)) if word in each.opts]
            assert options, f"{words}: no option {word}"
            takes_value = not any(isinstance(each, Option) and each.is_flag for each in options)
        elif takes_value:
            takes_value = False
        elif isinstance(command, Group):
            found = command.get_command(Context(command), word)
            assert found is not None, f"{words}: no command {word}"
            command = found
        else:
            assert any(isinstance(each, Argument) for each in command.params), f"{words}: {word} is nothing it takes"


def declared() -> Iterator[tuple[str, str, Scope | None]]:
    """Every route of the API with its scope; None: it is public."""
    for module in iter_modules(routes.__path__, f"{routes.__name__}."):
        for controller in vars(import_module(module.name)).values():
            if not (isinstance(controller, type) and issubclass(controller, Controller)):
                continue
            for handler in vars(controller).values():
                if isinstance(handler, HTTPRouteHandler):
                    yield from described(controller, handler)


def described(controller: type[Controller], handler: HTTPRouteHandler) -> Iterator[tuple[str, str, Scope | None]]:
    base = vars(controller).get("path", "")
    prefix = base if isinstance(base, str) else ""
    for path in handler.paths:
        whole = re.sub(r":\w+}", "}", prefix + path).rstrip("/") or "/"
        for method in handler.http_methods:
            yield method, whole, handler.opt.get("needs")


DECLARED = set(declared())


def shape_of(path: str) -> str:
    """A path with every id left out."""
    return ANY_ID.sub("/{}", path.rstrip("/.") or "/")


def asked_in(text: str) -> list[tuple[str, str]]:
    """Every request that a text names, with the shape of its path; what a command prints aside."""
    said = FENCED.sub(lambda block: block[0] if block[1] else "", text)
    return [(method.replace("HEAD", "GET"), shape_of(path)) for method, path in ASKED.findall(said)]


def anchors_of(text: str) -> set[str]:
    """What GitHub makes of the headings."""
    titles = re.findall(r"^#{1,6} (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def missing(documents: Iterable[Path], named_in: Callable[[str], Iterable[T]], known: Container[T]) -> list[str]:
    """What the documents name and nobody knows, with where they do."""
    return [
        f"{document.relative_to(CHECKOUT)}: {name}"
        for document in documents
        for name in named_in(document.read_text())
        if name not in known
    ]


def test_every_command_exists_with_its_options() -> None:
    for document in DOCUMENTS:
        for words in commands_in(document.read_text()):
            check_command(words)


def test_operation_names_every_command() -> None:
    told = {words[0] for words in commands_in((CHECKOUT / "docs/operation.md").read_text())}

    assert set(main.list_commands(Context(main))) - told == set()


def test_every_target_of_make_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)

    assert missing(DOCUMENTS, lambda text: MADE.findall("\n".join(code_in(text))), targets) == []


def test_every_service_of_compose_exists() -> None:
    assert missing(DOCUMENTS, COMPOSED.findall, COMPOSE) == []


def test_every_setting_exists() -> None:
    assert missing(DOCUMENTS, SETTING.findall, NAMES) == []


def test_every_metric_exists() -> None:
    exposed = METRIC.findall(make.metrics())
    samples = [name + suffix for name in exposed for suffix in SAMPLE_SUFFIXES]

    assert missing(DOCUMENTS, METRIC.findall, {*exposed, *samples, *NAMES_OF_DATABASE, *explained()}) == []


def test_every_path_of_the_api_exists() -> None:
    known = {(method, shape_of(path)) for method, path, _ in DECLARED} | {("GET", path) for path in OUTSIDE_OPENAPI}

    assert missing(DOCUMENTS, asked_in, known) == []


def test_every_code_of_a_problem_exists() -> None:
    known = {(str(status), code) for code, (status, _) in explained().items()}

    assert missing(PAPERS, PROBLEM.findall, known) == []


def test_every_file_exists() -> None:
    for paper in PAPERS:
        roots = (CHECKOUT, PACKAGE, paper.parent)
        for name in NAMED_FILE.findall(paper.read_text()):
            assert any((root / name).exists() for root in roots), f"{paper}: {name}"


def test_every_link_leads_to_a_file_and_a_heading_that_exist() -> None:
    for paper in PAPERS:
        for name, anchor in LINK.findall(paper.read_text()):
            target = (paper.parent / name).resolve() if name else paper
            assert target.exists(), f"{paper}: {name}"
            assert not anchor or anchor in anchors_of(target.read_text()), f"{paper}: {name}#{anchor}"


def test_the_table_of_routes_is_whole() -> None:
    rows = re.findall(r"^\| `([A-Z]+)` \| `(\S+)` \| (?:`([a-z:]+)`|public) \|", API, re.MULTILINE)

    assert sorted(rows) == sorted((method, path, scope or "") for method, path, scope in DECLARED)


def test_the_runbook_is_full_of_commands() -> None:
    assert {words[0] for words in commands_in(RUNBOOK)} >= {"doctor", "status", "migrate", "keys"}


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
    assert f"`{line}`" in RUNBOOK
    assert f'"{line}' in SOURCES


def test_every_section_of_the_runbook_says_how_to_know_that_it_is_well_again() -> None:
    sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]

    assert len(sections) == 10
    assert [section.splitlines()[0] for section in sections if "**It is well again**" not in section] == []
