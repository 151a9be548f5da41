"""The table of `status`: what a person sees of the queue, whole on 80 columns, and in colour on a terminal only."""

import json
import re
from datetime import timedelta
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.application.reachability import no_receiver
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.entrypoints.commands.standing_table import Reading, reading_json, reading_view, standing_table
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, NextPost, PlatformStanding, QueueStanding
from tests.builders import BRAND_ID, NOW

FOR_EVER = timedelta(days=1826, hours=23)
ELLIPSIS = "…"


def standing(
    platform: Platform = Platform.TWITTER, *, counts: tuple[int, ...] = (0,) * 8, next_due_in: timedelta | None = None
) -> PlatformStanding:
    """With the counts in the order of the table."""
    waiting, due, late, in_flight, held, unconfirmed, failed, missed = counts
    return PlatformStanding(
        platform=platform,
        waiting=waiting,
        due=due,
        late=late,
        in_flight=in_flight,
        held=held,
        unconfirmed=unconfirmed,
        failed=failed,
        missed=missed,
        next_due_in=next_due_in,
        oldest_unconfirmed=None,
    )


def printed(*standings: PlatformStanding, is_terminal: bool = False) -> str:
    output = StringIO()
    console = Console(
        file=output, width=80, force_terminal=is_terminal, color_system="standard" if is_terminal else None
    )
    console.print(standing_table(QueueStanding(platforms=standings, events_to_sequence=0)))
    return output.getvalue()


def a_reading(*, title: str = "Meet the new line", is_pretence: bool = False) -> Reading:
    return Reading(
        at=NOW,
        publishing=Publishing(by="webhook", means="what is due is posted", is_pretence=is_pretence),
        standing=QueueStanding(platforms=[standing(counts=(1,) * 8, next_due_in=FOR_EVER)], events_to_sequence=3),
        dead_ends=no_receiver(Platform.REDDIT),
        next_posts=[
            NextPost(
                schedule_id=BRAND_ID,
                post_id=BRAND_ID,
                title=title,
                brand_id=BRAND_ID,
                brand_name="Northwind Tea",
                platform=Platform.INSTAGRAM,
                publish_time=NOW,
                due_in=FOR_EVER,
            )
        ],
    )


def view(reading: Reading) -> str:
    output = StringIO()
    Console(file=output, width=80).print(reading_view(reading))
    return output.getvalue()


def test_a_reading_says_when_it_was_made_and_what_goes_out_next() -> None:
    shown = view(a_reading())

    assert f"as of {NOW:%Y-%m-%d %H:%M:%S} UTC" in shown
    [line] = [line for line in shown.splitlines() if "Meet the new line" in line]
    assert ("Northwind Tea" in line, f"{NOW:%Y-%m-%d %H:%M}" in line, "in 1826d 23h" in line) == (True, True, True)
    assert "\x1b" not in shown


def test_an_empty_line_parts_the_tables() -> None:
    lines = [line.strip() for line in view(a_reading()).splitlines()]

    assert lines[lines.index("next posts") - 1] == ""


def test_a_reading_fits_80_columns_and_obeys_no_title() -> None:
    shown = view(a_reading(title="\x1b[2J\n" + "long " * 100))

    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown


def test_only_what_pretends_is_said_above_the_table() -> None:
    assert "what is due is posted" not in view(a_reading())
    assert "what is due is posted" in view(a_reading(is_pretence=True))


def test_platforms_without_a_receiver_are_named_above_the_table() -> None:
    assert no_receiver(Platform.REDDIT) in " ".join(view(a_reading()).split())


def test_scripts_read_the_same_as_json_on_one_line() -> None:
    text = reading_json(a_reading())

    shown = json.loads(text)
    assert "\n" not in text
    assert (shown["at"], shown["publisher"], shown["events_to_sequence"]) == (
        msgspec.json.decode(msgspec.json.encode(NOW)),
        "webhook",
        3,
    )
    assert shown["dead_ends"] == no_receiver(Platform.REDDIT)
    assert shown["platforms"][0]["next_due_in_seconds"] == FOR_EVER.total_seconds()
    assert shown["next_posts"][0]["title"] == "Meet the new line"


def row(table: str, platform: Platform) -> list[str]:
    [line] = [line for line in table.splitlines() if line.strip().startswith(platform)]
    return line.split()


def test_each_platform_has_its_counts_in_one_row() -> None:
    table = printed(
        standing(Platform.TWITTER, counts=(1, 2, 3, 4, 5, 6, 7, 8)), standing(Platform.REDDIT, counts=(9,) * 8)
    )

    header = " ".join(table.splitlines()[0].split())
    assert header == "platform waiting due late sending held unconfirmed failed missed next due"
    assert row(table, Platform.TWITTER) == ["TWITTER", "1", "2", "3", "4", "5", "6", "7", "8"]
    assert row(table, Platform.REDDIT) == ["REDDIT", *["9"] * 8]


@pytest.mark.parametrize(("count", "shown"), [(9999, "9999"), (MOST_COUNTED, "10k+")])
def test_a_count_is_exact_as_far_as_is_counted(count: int, shown: str) -> None:
    table = printed(standing(counts=(count,) * 8))

    assert row(table, Platform.TWITTER) == ["TWITTER", *[shown] * 8]


@pytest.mark.parametrize(
    ("next_due_in", "shown"),
    [
        (None, ""),
        (timedelta(), "0s ago"),
        (timedelta(seconds=-59), "59s ago"),
        (timedelta(seconds=59), "in 59s"),
        (timedelta(seconds=60), "in 1m 0s"),
        (timedelta(minutes=-59, seconds=-59), "59m 59s ago"),
        (timedelta(hours=1, minutes=2, seconds=3), "in 1h 2m"),
        (timedelta(hours=24), "in 1d 0h"),
        (FOR_EVER, "in 1826d 23h"),
    ],
)
def test_it_says_when_the_next_post_is_or_was_due(next_due_in: timedelta | None, shown: str) -> None:
    table = printed(standing(next_due_in=next_due_in))

    assert " ".join(row(table, Platform.TWITTER)[9:]) == shown


@pytest.mark.parametrize("count", [0, 9999, MOST_COUNTED])
@pytest.mark.parametrize("next_due_in", [None, -FOR_EVER, FOR_EVER, timedelta(hours=-23, minutes=-59)])
def test_on_80_columns_nothing_of_it_is_cut(count: int, next_due_in: timedelta | None) -> None:
    table = printed(*(standing(platform, counts=(count,) * 8, next_due_in=next_due_in) for platform in Platform))

    assert max(map(len, table.splitlines())) <= 80
    assert ELLIPSIS not in table


def test_only_a_terminal_is_given_colour() -> None:
    assert "\x1b" not in printed(standing(counts=(1,) * 8))
    assert "\x1b" in printed(standing(counts=(1,) * 8), is_terminal=True)


def test_what_went_wrong_stands_out_and_zeros_do_not() -> None:
    one, none = printed(standing(counts=(0,) * 6 + (1, 0)), is_terminal=True), printed(standing(), is_terminal=True)

    assert len(re.findall("\x1b\\[31m *1", one)) == 1
    assert "\x1b[31m" not in none
