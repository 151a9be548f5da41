"""What of a policy cannot be or has no effect, and which values rules may have."""

from collections.abc import Sequence
from datetime import date, time

import pytest

from marketmind_scheduler.domain.errors import InvalidRule
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.checking import check_rules
from marketmind_scheduler.domain.rules.contradictions import contradictions
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    ControlShare,
    DailyCap,
    LeadTime,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    Slots,
    Weekday,
)
from tests.builders import BRAND_ID
from tests.loops import on_each

NIGHT = QuietHours(begin=time(22), end=time(7))
EVENING = QuietHours(begin=time(18), end=time(20))
MONDAY_NINE = (Weekday.MO, time(9))


def told(*rules: Rule) -> Sequence[str]:
    return contradictions(Policy(brand_id=BRAND_ID, rules=rules))


@on_each(
    ("rules", "words"),
    [
        ([QuietHours(begin=time(0), end=time(0))], "no minute of the week open"),
        (
            [QuietHours(begin=time(8), end=time(20)), QuietHours(begin=time(20), end=time(8))],
            "no minute of the week open",
        ),
        ([NIGHT, PostingHours(begin=time(23), end=time(6))], "no minute of the week open"),
        (
            [NIGHT, PostingHours(begin=time(23), end=time(6)), PostingHours(begin=time(9), end=time(10))],
            "23:00 to 06:00",
        ),
        (
            [MinGap(minutes=900), NIGHT],
            "the min_gap of 900 minutes is not shorter than every stretch of open hours, 15 hours",
        ),
        ([MinGap(minutes=7 * 24 * 60)], "the min_gap of 10080 minutes is not shorter than a week"),
        ([DailyCap(posts=0)], "a daily_cap of 0 posts"),
        ([RollingCap(posts=0, hours=5)], "a rolling_cap of 0 posts"),
        ([RollingCap(posts=3, hours=3), MinGap(minutes=60)], "3 posts in 3 hours is never reached"),
        ([Slots(times=(MONDAY_NINE, (Weekday.SU, time(6)))), NIGHT], "the slot SU 06:00 is never filled"),
        ([Slots(times=(MONDAY_NINE, (Weekday.MO, time(12)))), DailyCap(posts=1)], "a day has up to 2 slots"),
        ([Slots(times=(MONDAY_NINE, (Weekday.SU, time(23)))), MinGap(minutes=601)], "slots stand 10 hours apart"),
        ([LeadTime(minutes=5), LeadTime(minutes=60)], "lead_time of 5 minutes has no effect"),
        (
            [ControlShare(thousandths=100), NIGHT, EVENING],
            "no post is left at 19:00 for the control_share, because quiet",
        ),
    ],
)
def test_what_cannot_be_or_has_no_effect_is_told_in_a_sentence(rules: Sequence[Rule], words: str) -> None:
    assert any(words in sentence and "(every platform)" in sentence for sentence in told(*rules)), told(*rules)


@on_each(
    "rules",
    [
        [],
        [NIGHT],
        [NIGHT, PostingHours(begin=time(6), end=time(8)), MinGap(minutes=59)],
        [MinGap(minutes=899), NIGHT, DailyCap(posts=2)],
        [Blackout(first_date=date(2027, 1, 1), last_date=date(2027, 12, 31))],
        [Slots(times=(MONDAY_NINE, (Weekday.MO, time(12)))), DailyCap(posts=2), MinGap(minutes=180)],
        [ControlShare(thousandths=0), EVENING, LeadTime(minutes=5)],
        [ControlShare(thousandths=100), NIGHT],
    ],
)
def test_of_rules_that_go_together_nothing_is_told(rules: Sequence[Rule]) -> None:
    assert told(*rules) == []


def test_the_platforms_are_named_for_which_it_is_so() -> None:
    shut = QuietHours(begin=time(0), end=time(0), platforms=frozenset({Platform.REDDIT, Platform.TIKTOK}))

    [sentence] = told(shut)

    assert sentence.endswith("(REDDIT, TIKTOK)")


@on_each(
    ("rule", "field", "right"),
    [
        (QuietHours(begin=time(1), end=time(2), weekdays=frozenset()), "weekdays", "left out for all"),
        (MinGap(minutes=5, platforms=frozenset()), "platforms", "left out for all"),
        (QuietHours(begin=time(1, 0, 30), end=time(2)), "a time", "HH:MM"),
        (Blackout(first_date=date(2027, 3, 2), last_date=date(2027, 3, 1)), "last_date", "2027-03-02"),
        (Blackout(first_date=date(1900, 3, 2), last_date=date(2027, 3, 1)), "first_date", "1970"),
        (Blackout(first_date=date(2027, 3, 1), last_date=date(2027, 3, 1), name="x" * 201), "name", "200"),
        (MinGap(minutes=0), "minutes", "1 to 525600"),
        (MinGap(minutes=525_601), "minutes", "1 to 525600"),
        (DailyCap(posts=-1), "posts", "0 to 10000"),
        (RollingCap(posts=10_001, hours=1), "posts", "0 to 10000"),
        (RollingCap(posts=1, hours=0), "hours", "1 to 8784"),
        (LeadTime(minutes=-1), "minutes", "0 to 525600"),
        (Slots(times=()), "times", "at least"),
        (Slots(times=(MONDAY_NINE, MONDAY_NINE)), "times", "once"),
        (ControlShare(thousandths=201), "share", "0 to 0.2"),
    ],
)
def test_a_value_that_a_rule_cannot_have_is_refused_with_its_place_and_what_would_be_right(
    rule: Rule, field: str, right: str
) -> None:
    with pytest.raises(InvalidRule) as refused:
        check_rules([NIGHT, rule])

    assert refused.value.details["rule"] == 2
    assert refused.value.details["field"] == field
    assert right in str(refused.value.details["right"])
    assert str(rule.kind) in str(refused.value)


def test_no_more_rules_are_taken_than_a_person_can_oversee() -> None:
    check_rules([NIGHT] * 100)
    with pytest.raises(InvalidRule, match="100 at most"):
        check_rules([NIGHT] * 101)
