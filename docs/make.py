"""Renews what the papers take from the code: ``make docs``.

Such a part stands between ``<!-- its name: made by make docs -->`` and ``<!-- end -->`` in a Markdown file, in
compose.yaml between comments of the same words, and is what its function returns.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import msgspec.inspect
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.problems import explained
from marketmind_scheduler.adapters.process_metrics import register_process
from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.domain import lifecycle_table
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.lifecycle_table import Case, every_case
from marketmind_scheduler.entrypoints.environment import NAMES, taken_by
from marketmind_scheduler.entrypoints.settings import Settings

CHECKOUT = Path(__file__).parents[1]
DECIDED_BY_COMPOSE = frozenset(
    {
        *("DATABASE_URL", "MIGRATION_DATABASE_URL", "SCHEDULER_DATA_DIR", "SCHEDULER_HOST", "SCHEDULER_METRICS_PORT"),
        *("SCHEDULER_AUTH", "SCHEDULER_DISPATCH", "SCHEDULER_PORT", "SCHEDULER_DEMO_DATA", "SCHEDULER_RESET_ON_START"),
        *("SCHEDULER_PUBLISHER", "SCHEDULER_WEBHOOKS", "SCHEDULER_MCP_KEY"),
    }
)
"""What its containers take as compose.yaml itself says."""
OF_OPENTELEMETRY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME")
"""What its library reads of the environment, as far as compose passes it on."""


def configuration() -> str:
    """Every setting with what it takes, its default, and what it is for."""
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    return _table(
        ("variable", "takes", "default", "what it is for"),
        [
            (f"`{name}`", taken_by(field), _default(fields[field]), _told(fields[field]))
            for name, field in NAMES.items()
        ],
    )


def metrics() -> str:
    """Every metric with what it says; those of Python and of the process are not ours."""
    registry = CollectorRegistry()
    MeteredDispatch(registry)
    MeteredRuns(registry)
    RequestMetrics(registry)
    register_process(registry, tz_release="", pools={})
    endings = {"counter": "_total", "info": "_info"}
    ours = [each for each in registry.collect() if not each.name.startswith(("process_", "python_"))]
    return _table(
        ("metric", "kind", "says"),
        [(f"`{each.name}{endings.get(each.type, '')}`", each.type, each.documentation) for each in ours],
    )


def problems() -> str:
    """Every code that an answer can carry, by status."""
    by_status = sorted((status, code, meaning) for code, (status, meaning) in explained().items())
    return _table(
        ("status", "code", "meaning"),
        [(str(status), f"`{code}`", " ".join(meaning.split())) for status, code, meaning in by_status],
    )


def decisions() -> str:
    """Every decision, by number."""
    return "\n".join(
        f"- [{path.name[:4]}]({path.name}): {path.read_text().splitlines()[0].partition(': ')[2]}"
        for path in sorted((CHECKOUT / "docs" / "decisions").glob("[0-9]*.md"))
    )


def passed_on() -> str:
    """The settings that compose passes on from its own environment, empty where they are unset."""
    ours = [name for name in NAMES if name not in DECIDED_BY_COMPOSE]
    return "\n".join(f"  {name}: ${{{name}:-}}" for name in (*ours, *OF_OPENTELEMETRY))


def life() -> str:
    """From which status to which a schedule goes, and through what."""
    labels = {
        (str(before), str(after)): ", ".join(through)
        for (before, after), through in sorted(lifecycle_table.arrows().items())
    }
    lines = [f"    {before} --> {after}: {label}" for (before, after), label in labels.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> PENDING: scheduled", *lines, "```"])


def steps() -> str:
    """What follows from each thing that can happen, and on what that hangs."""
    rows = [
        (happening, status, condition, becomes)
        for (happening, status), outcomes in _outcomes().items()
        for condition, becomes in outcomes
    ]
    return _table(("what happens", "to one that is", "if", "then it is"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "configuration": configuration,
    "metrics": metrics,
    "problems": problems,
    "decisions": decisions,
    "settings passed on": passed_on,
    "life of a schedule": life,
    "steps": steps,
}
PART = re.compile(
    rf"((?:<!--|  #) ({'|'.join(PARTS)}): made by make docs(?: -->)?\n).*?(?=<!-- end -->|  # end)", re.DOTALL
)


def papers() -> Sequence[Path]:
    """Every Markdown file that is ours, and compose.yaml."""
    folders = ("docs", "deploy", "examples", "benchmarks")
    of_root = [CHECKOUT / "compose.yaml", *CHECKOUT.glob("*.md")]
    return sorted([*of_root, *(path for each in folders for path in (CHECKOUT / each).rglob("*.md"))])


def renewed(text: str) -> str:
    """A paper with each of its parts as its function makes it now."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n", text)


def main() -> None:
    for paper in papers():
        before = paper.read_text()
        after = renewed(before)
        if after != before:
            paper.write_text(after)
            print(f"renewed {paper.relative_to(CHECKOUT)}")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_DIMENSIONS: Sequence[tuple[str, Mapping[object, str]]] = (
    ("is_doubtful", {False: "certainly not out", True: "an earlier send may be out"}),
    ("is_retry_left", {True: "a retry is left", False: "no retry is left"}),
    ("drops_repeats", {True: "its receiver drops repeats", False: "a repeat may publish twice"}),
    (
        "on_late",
        {
            OnLate.SKIP: "its brand skips late posts",
            OnLate.HOLD: "its brand holds them",
            OnLate.PUBLISH: "its brand publishes them",
        },
    ),
)
"""The facts that a step may hang on, in words."""


def _outcomes() -> Mapping[tuple[str, str], Sequence[tuple[str, str]]]:
    """For each happening and status, what follows under which conditions; only facts that make a difference there."""
    cases: dict[tuple[str, str], list[Case]] = {}
    for case in every_case():
        if case.step is not None:
            cases.setdefault((case.happening, str(case.status)), []).append(case)
    return {key: _distinguished(found) for key, found in cases.items()}


def _distinguished(cases: Sequence[Case], nth: int = 0) -> Sequence[tuple[str, str]]:
    """A decision tree over the facts in their order, as conditions with their one outcome."""
    outcomes = {_becomes(case) for case in cases}
    if len(outcomes) == 1:
        return [("", outcomes.pop())]
    name, words = _DIMENSIONS[nth]
    groups = {value: [case for case in cases if getattr(case.facts, name) == value] for value in words}
    branches = {value: _distinguished(group, nth + 1) for value, group in groups.items() if group}
    first, *others = branches.values()
    if all(each == first for each in others):
        return first
    return [
        (", ".join(filter(None, (words[value], condition))), becomes)
        for value, branch in branches.items()
        for condition, becomes in branch
    ]


def _becomes(case: Case) -> str:
    step = case.step
    if step is None:
        return ""
    before, to = case.facts.standing(case.status), step.to
    notes = [
        "one retry used" if to.retry_count > before.retry_count else "",
        "with all retries again" if to.max_retries > before.max_retries else "",
        "in doubt" if to.is_doubtful else "",
        f"held: {', '.join(sorted(to.holds - before.holds))}" if to.holds - before.holds else "",
        f"tells `{step.event}`" if step.event else "tells nobody",
    ]
    return f"{to.status}, {', '.join(filter(None, notes))}"


def _default(field: msgspec.structs.FieldInfo) -> str:
    match field.default:
        case None:
            return "unset"
        case bool(value):
            return f"`{str(value).lower()}`"
        case value:
            return f"`{value}`"


def _told(field: msgspec.structs.FieldInfo) -> str:
    """What a setting is for; raises ValueError where its declaration does not say."""
    match msgspec.inspect.type_info(field.type):
        case msgspec.inspect.Metadata(extra_json_schema={"description": str(words)}):
            return words
        case _:
            raise ValueError(f"{field.name} has no description")


if __name__ == "__main__":
    main()
