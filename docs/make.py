"""Renews what the papers take from the code: ``make docs``.

Such a part stands between ``<!-- its name: made by make docs -->`` and ``<!-- end -->`` in a Markdown file, and is what
its function returns.
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
from marketmind_scheduler.entrypoints.environment import NAMES, taken_by
from marketmind_scheduler.entrypoints.settings import Settings

CHECKOUT = Path(__file__).parents[1]


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
    """Every metric of dispatch and of requests with what it says."""
    registry = CollectorRegistry()
    MeteredDispatch(registry)
    RequestMetrics(registry)
    endings = {"counter": "_total"}
    return _table(
        ("metric", "kind", "says"),
        [(f"`{each.name}{endings.get(each.type, '')}`", each.type, each.documentation) for each in registry.collect()],
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


PARTS: Mapping[str, Callable[[], str]] = {
    "configuration": configuration,
    "metrics": metrics,
    "problems": problems,
    "decisions": decisions,
}
PART = re.compile(rf"(<!-- ({'|'.join(PARTS)}): made by make docs -->\n).*?(?=<!-- end -->)", re.DOTALL)


def papers() -> Sequence[Path]:
    """Every Markdown file that is ours."""
    folders = ("docs", "deploy", "examples", "benchmarks")
    return sorted([*CHECKOUT.glob("*.md"), *(path for each in folders for path in (CHECKOUT / each).rglob("*.md"))])


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
