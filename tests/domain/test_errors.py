"""Errors repeat what a caller wrote short and safely, and carry stable codes."""

import pytest

from marketmind_scheduler.domain.errors import NoPostsToSchedule, Rejected, UnknownZone
from marketmind_scheduler.domain.quoting import quoted
from tests.builders import CAMPAIGN_ID


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PST", "'PST'"),
        ("a\nb", r"'a\nb'"),
        ("\x00", r"'\x00'"),
        ("\ud800", r"'\ud800'"),
        ("x" * 80, f"'{'x' * 80}'"),
        ("x" * 81, f"'{'x' * 77}'…"),
        ("x" * 5000, f"'{'x' * 77}'…"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_callers_text_is_quoted_escaped_and_cut(text: str, expected: str) -> None:
    assert quoted(text) == expected


def test_the_code_is_the_name_in_snake_case() -> None:
    class ClockStoodStill(Rejected):
        """Only here."""

    assert ClockStoodStill.code == "clock_stood_still"


def test_a_code_that_is_written_down_wins_over_the_name() -> None:
    class ClockStopped(Rejected):
        """Only here."""

        code = "clock_stood_still"

    assert ClockStopped.code == "clock_stood_still"


def test_the_values_behind_the_message_are_in_the_details() -> None:
    error = UnknownZone("PST", hint="say a city")

    assert str(error) == "'PST' is not a time zone: say a city"
    assert error.details == {"timezone": "PST", "hint": "say a city"}


@pytest.mark.parametrize(
    ("platforms", "out_already", "scheduled", "reason"),
    [
        ([], 0, 0, "has no posts to schedule; POST /campaigns"),
        (["TIKTOK"], 0, 0, "has no posts to schedule on TIKTOK; POST /campaigns"),
        (["REDDIT", "TIKTOK"], 2, 0, "on REDDIT, TIKTOK; 2 are published or being sent; POST /campaigns"),
        ([], 0, 3, "schedule; 3 keep the schedules that they have; GET /schedule/campaign"),
        (
            [],
            1,
            2,
            "schedule; 1 are published or being sent; 2 keep the schedules that they have; GET /schedule/campaign",
        ),
    ],
)
def test_no_posts_to_schedule_says_why_there_are_none(
    platforms: list[str], out_already: int, scheduled: int, reason: str
) -> None:
    refused = NoPostsToSchedule(CAMPAIGN_ID, platforms=platforms, out_already=out_already, scheduled=scheduled)

    assert reason in str(refused)
