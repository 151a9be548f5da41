""".env.example names every setting, nothing else, and tells the truth about the defaults."""

import re
from pathlib import Path

import pytest
from docs import make

from marketmind_scheduler.entrypoints.environment import NAMES, load
from marketmind_scheduler.entrypoints.settings import Settings

LINE = re.compile(r"^(?P<comment># )?(?P<name>[A-Z][A-Z_]*)=(?P<value>.*)$", re.MULTILINE)
TEXT = (Path(__file__).parents[2] / ".env.example").read_text()
SHOWN = [(match["name"], match["value"], bool(match["comment"])) for match in LINE.finditer(TEXT)]
OF_COMPOSE = {
    *("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "POSTGRES_PORT"),
    *("POSTGRES_SERVICE_USER", "POSTGRES_SERVICE_PASSWORD"),
    *make.OF_OPENTELEMETRY,
}
DEFAULTS = {name: default for name, field in NAMES.items() if (default := getattr(Settings(), field)) is not None}


def test_every_setting_is_shown_once_and_nothing_else_but_what_compose_reads() -> None:
    assert sorted(name for name, *_ in SHOWN) == sorted({*NAMES, *OF_COMPOSE})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, value, is_comment in SHOWN if is_comment and name in DEFAULTS]
)
def test_what_is_commented_out_shows_the_default(name: str, value: str) -> None:
    default = getattr(load({name: value}), NAMES[name])

    assert value
    assert default == DEFAULTS[name]


def test_every_value_that_is_shown_is_accepted() -> None:
    ours = {name: value for name, value, _ in SHOWN if name in NAMES}

    settings = load(ours)

    assert settings.loads_demo_data
    assert not settings.reset_on_start
