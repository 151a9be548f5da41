"""How long a retry waits, and what is recorded of a claim after each verdict."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketmind_scheduler.domain.attempt import Claim, conclude, settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.lifecycle import after_verdict
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import (
    Accepted,
    Deferred,
    Misdirected,
    Refused,
    Unknown,
    Unsent,
    Verdict,
    VerdictKind,
)
from tests.builders import BRAND_ID, NOW, new_id

POLICY = RetryPolicy()
CLAIM = Claim(
    schedule_id=new_id(),
    brand_id=BRAND_ID,
    platform=Platform.REDDIT,
    token=7,
    publish_time=NOW,
    standing=Standing(retry_count=2),
)
ALMOST_ONE = 1 - 2**-53
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

retry_counts = st.integers(0, 10) | st.integers(0, 10**6)
jitters = st.floats(0, 1, exclude_max=True)
durations = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36_500))


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def delay(retry_count: int, *, jitter: float = 0) -> timedelta:
    return POLICY.delay(retry_count=retry_count, jitter=jitter)


@pytest.mark.parametrize(
    ("retry_count", "least", "most"),
    [(0, 2.5, 5), (1, 5, 10), (2, 10, 20), (7, 320, 640), (8, 450, 900), (17, 450, 900), (10**6, 450, 900)],
)
def test_a_retry_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour(
    retry_count: int, least: float, most: float
) -> None:
    assert delay(retry_count, jitter=0) == seconds(least)
    assert delay(retry_count, jitter=ALMOST_ONE) == seconds(most)


@given(retry_counts, jitters)
def test_a_retry_waits_between_half_of_and_the_whole_curve(retry_count: int, jitter: float) -> None:
    curve = seconds(min(900, 5 * 2 ** min(retry_count, 20)))

    assert curve / 2 <= delay(retry_count, jitter=jitter) <= curve


@given(st.integers(0, 10**6), st.timedeltas(seconds(0.1), seconds(60)), st.timedeltas(seconds(60), HOUR), jitters)
def test_the_curve_starts_and_ends_where_the_policy_says(
    retry_count: int, first: timedelta, longest: timedelta, jitter: float
) -> None:
    policy = RetryPolicy(first=first, longest=longest)

    assert first / 2 <= policy.delay(retry_count=retry_count, jitter=jitter) <= longest


@given(durations, durations, jitters)
def test_a_receivers_wish_is_honoured_with_up_to_a_tenth_or_five_minutes_on_top(
    retry_after: timedelta, late_by: timedelta, jitter: float
) -> None:
    waits = POLICY.delay_as_told(retry_after, late_by=late_by, jitter=jitter)

    assert waits >= max(retry_after, seconds(2.5))
    assert waits <= max(min(retry_after * 1.1, retry_after + 5 * MINUTE), 15 * MINUTE)


@pytest.mark.parametrize(
    ("late_by", "least", "most"),
    [(seconds(0), 2.5, 5), (seconds(60), 2.5, 5), (HOUR, 90, 180), (7 * HOUR, 450, 900), (900 * HOUR, 450, 900)],
)
def test_a_receiver_that_says_soon_again_and_again_is_asked_less_and_less(
    late_by: timedelta, least: float, most: float
) -> None:
    assert POLICY.delay_as_told(seconds(1), late_by=late_by, jitter=0) == seconds(least)
    assert POLICY.delay_as_told(seconds(1), late_by=late_by, jitter=ALMOST_ONE) == seconds(most)


@pytest.mark.parametrize(
    ("verdict", "kind", "waits", "reason", "external_id"),
    [
        (Accepted(), VerdictKind.ACCEPTED, 0, None, None),
        (Accepted("a-1"), VerdictKind.ACCEPTED, 0, None, "a-1"),
        (Deferred("busy"), VerdictKind.DEFERRED, 15, "busy", None),
        (Accepted(remark="no id"), VerdictKind.ACCEPTED, 0, "no id", None),
        (Misdirected("no", "no", seconds(2)), VerdictKind.MISDIRECTED, 2, "no", None),
        (Refused("too long"), VerdictKind.REFUSED, 0, "too long", None),
        (Unknown("no answer"), VerdictKind.UNKNOWN, 15, "no answer", None),
        (Unsent("not configured"), VerdictKind.UNSENT, 0, "not configured", None),
        (Unsent("left alone", seconds(30)), VerdictKind.UNSENT, 30, "left alone", None),
    ],
)
def test_each_verdict_is_recorded_of_its_claim_with_the_time_to_wait(
    verdict: Verdict, kind: VerdictKind, waits: float, reason: str | None, external_id: str | None
) -> None:
    concluded = conclude(CLAIM, verdict, policy=POLICY, jitter=0.5, now=NOW)

    assert concluded == settlement(CLAIM, kind, delay=seconds(waits), reason=reason, external_id=external_id)
    assert (concluded.schedule_id, concluded.token) == (CLAIM.schedule_id, CLAIM.token)
    assert concluded.step == after_verdict(CLAIM.standing, kind)


def test_a_receiver_that_says_when_is_asked_then_and_no_retry_is_used_even_where_none_is_left() -> None:
    spent = replace(CLAIM, standing=Standing(retry_count=3))

    concluded = conclude(spent, Deferred("quota", DAY), policy=POLICY, jitter=0, now=NOW + MINUTE)

    assert (concluded.step.to.status, concluded.step.to.retry_count) == (ScheduleStatus.PENDING, 3)
    assert concluded.delay == DAY


@pytest.mark.parametrize(
    ("on_late", "status", "holds"),
    [
        (OnLate.SKIP, ScheduleStatus.MISSED, []),
        (OnLate.HOLD, ScheduleStatus.PENDING, [Hold.LATE]),
        (OnLate.PUBLISH, ScheduleStatus.FAILED, []),
    ],
)
def test_a_receiver_that_takes_it_only_when_it_is_too_late_ends_it_at_once_as_its_brand_says_of_what_is_late(
    on_late: OnLate, status: ScheduleStatus, holds: list[Hold]
) -> None:
    latest_at = None if on_late is OnLate.PUBLISH else NOW + 6 * HOUR
    claim = replace(CLAIM, latest_at=latest_at, standing=Standing(on_late=on_late))

    within = conclude(claim, Deferred("quota", 5 * HOUR), policy=POLICY, jitter=0, now=NOW)
    beyond = conclude(claim, Deferred("quota", 8 * DAY), policy=POLICY, jitter=0, now=NOW)

    assert (within.step.to.status, within.delay) == (ScheduleStatus.PENDING, 5 * HOUR)
    assert (beyond.step.to.status, sorted(beyond.step.to.holds)) == (status, holds)
    assert beyond.reason is not None
    assert beyond.reason.startswith("quota; quota until 2027-03-09T12:00:00Z, and it may go out until 2027-03-")


def test_what_may_be_out_is_not_ended_by_a_quota() -> None:
    for on_late in OnLate:
        doubtful = replace(CLAIM, standing=Standing(is_doubtful=True, on_late=on_late))

        concluded = conclude(doubtful, Deferred("quota", timedelta.max), policy=POLICY, jitter=0, now=NOW)

        assert concluded.step.to.status is ScheduleStatus.UNCONFIRMED
