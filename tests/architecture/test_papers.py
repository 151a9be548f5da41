"""What the papers show of the code is what the code has: parts made from it, the picture, tables, numbers."""

import re
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from docs import make

from marketmind_scheduler.adapters.http.problems import status_of
from marketmind_scheduler.adapters.http.shapes.fields import MOST_POSTS_IN_A_BODY
from marketmind_scheduler.adapters.postgres.tables import metadata, queue, schedules
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.brand import Lateness
from marketmind_scheduler.domain.campaign import MOST_CAMPAIGN_DAYS
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import PACES, RETRIES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.settings import Settings

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "src" / "marketmind_scheduler"
DOCS = CHECKOUT / "docs"
README = (CHECKOUT / "README.md").read_text()
PAPERS = make.papers()
USUAL_PACE = PACES[Platform.TWITTER]


def test_what_is_taken_from_the_code_is_as_make_docs_makes_it() -> None:
    assert [paper for paper in PAPERS if make.renewed(text := paper.read_text()) != text] == [], "run make docs"


def test_each_part_stands_in_one_paper() -> None:
    marked = [name for paper in PAPERS for _, name in make.PART.findall(paper.read_text())]

    assert sorted(marked) == sorted(make.PARTS)


def test_the_readme_is_a_door() -> None:
    assert len(README.splitlines()) <= 220


def test_the_readme_leads_to_every_page() -> None:
    assert {f"docs/{path.name}" for path in DOCS.glob("*.md")} <= set(re.findall(r"\]\(([^)#]*)", README))


def test_the_readme_shows_the_folders_that_there_are() -> None:
    tree = re.search(r"```\nsrc/marketmind_scheduler/\n(.*?)```", README, re.DOTALL)
    assert tree
    inside = set(re.findall(r"^[├└]── (\w+)/", tree[1], re.MULTILINE))
    beside = set(re.findall(r"^(\w+)/", tree[1], re.MULTILINE))

    assert inside == {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert all((CHECKOUT / name).is_dir() for name in beside)


def test_the_picture_shows_folders_that_there_are() -> None:
    picture = re.findall(r'[\[{]"([a-z/]+)<br/>', README)

    assert len(picture) == 7
    assert [name for name in picture if not (PACKAGE / name).is_dir()] == []


@pytest.mark.parametrize(
    ("paper", "names"),
    [("api", EventKind), ("life", ScheduleStatus), ("access", Scope)],
    ids=["events", "statuses", "scopes"],
)
def test_every_name_that_callers_meet_has_its_row(paper: str, names: Sequence[str]) -> None:
    rows = re.findall(r"^\| `?([\w.:]+)`? \|", (DOCS / f"{paper}.md").read_text(), re.MULTILINE)

    assert {str(name) for name in names} <= set(rows)


def test_every_table_and_every_column_of_schedules_and_the_queue_has_its_row() -> None:
    text = (DOCS / "tables.md").read_text()
    first_cells = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]

    assert sorted(named) == sorted([*metadata.tables, *{*schedules.columns.keys(), *queue.columns.keys()}])


def length(of: timedelta) -> str:
    seconds = round(of.total_seconds())
    units = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    unit, size = next(each for each in units if seconds >= each[1])
    return f"{seconds // size} {unit}"


def in_words(number: int) -> str:
    return ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")[number]


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        ("life", f"{length(USUAL_PACE)} apart ({length(PACES[Platform.REDDIT])} on Reddit)"),
        ("runbook", f"{length(USUAL_PACE)} between posts of a brand on a platform, {length(PACES[Platform.REDDIT])}"),
        ("life", f"is retried up to {in_words(RETRIES)} times"),
        ("life", f"later than `max_lateness_seconds` ({length(Lateness().max_lateness)})"),
        ("access", f"may make {Settings().requests_per_minute:,} requests a minute over all replicas"),
        ("access", f"may have {Settings().schedules_per_brand:,} schedules ahead"),
        ("api", f"| days of a campaign | {MOST_CAMPAIGN_DAYS:,} |"),
        ("api", f"up to {MOST_POSTS_IN_A_BODY:,} posts in one body"),
    ],
)
def test_a_number_is_the_one_that_rules(paper: str, says: str) -> None:
    assert says in (DOCS / f"{paper}.md").read_text()


def test_each_text_means_what_the_table_of_times_says(zones: ZoneCatalog) -> None:
    rows = re.findall(r"^\| `([^`]+)` \| .* \| `(\S+Z)` \|$", (DOCS / "time.md").read_text(), re.MULTILINE)

    assert len(rows) == 8
    for text, instant in rows:
        slot = read_slot(
            text, zone=None, default_zone="Europe/Berlin", disambiguation=Disambiguation.COMPATIBLE, zones=zones
        )
        assert f"{slot.publish_time:%Y-%m-%dT%H:%M:%SZ}" == instant, text


def test_the_glossary_is_in_order_and_says_of_each_word_where_it_lives() -> None:
    rows = [line.split(" | ") for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("| ")][1:]
    words = [row[0].removeprefix("| ") for row in rows]

    assert len(words) > 50
    assert words == sorted(words)
    assert [row for row in rows if "](../src/marketmind_scheduler/" not in row[-1]] == []


def test_the_decision_on_errors_names_every_kind() -> None:
    text = (DOCS / "decisions" / "0008-kinds-of-error.md").read_text()

    assert re.findall(r"^\| ([A-Z]\w+) \|", text, re.MULTILINE) == [
        each.__name__ for each in sorted(SchedulerError.__subclasses__(), key=status_of)
    ]


def test_a_file_beside_compose_shows_more_of_them_to_every_service_that_reads_the_receivers() -> None:
    page = (DOCS / "operation.md").read_text()
    [override] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    [path] = re.findall(r"^SCHEDULER_WEBHOOKS=(.*)$", page, re.MULTILINE)
    compose = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]

    services = yaml.safe_load(override)["services"]

    assert path.startswith("./")  # anything else is a volume's name to some
    assert services.keys() == {name for name, each in compose.items() if "SCHEDULER_WEBHOOKS" in each["environment"]}
    assert all(each == services["scheduler"] for each in services.values())


def test_the_version_is_the_same_wherever_it_is_written_and_has_its_dated_section() -> None:
    declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    image = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]["scheduler"]["image"]
    [tag] = yaml.safe_load((CHECKOUT / "deploy" / "kubernetes" / "kustomization.yaml").read_text())["images"]

    assert image == f"marketmind-scheduler:{declared}"
    assert tag["newTag"] == declared
    assert re.search(
        rf"^## \[{re.escape(declared)}\] \d{{4}}-\d\d-\d\d$", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert f"`{declared}`" in (DOCS / "compatibility.md").read_text()
