"""How long a retry waits, and what is recorded of a claim after each verdict."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketmind_scheduler.domain.attempt import Claim, conclude, settlement
from marketmind_scheduler.domain.lifecycle import after_verdict
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Refused, Unknown, Unsent, Verdict, VerdictKind
from tests.builders import BRAND_ID, new_id

POLICY = RetryPolicy()
CLAIM = Claim(
    schedule_id=new_id(), brand_id=BRAND_ID, platform=Platform.REDDIT, token=7, standing=Standing(retry_count=2)
)
ALMOST_ONE = 1 - 2**-53
HOUR = timedelta(hours=1)

retry_counts = st.integers(0, 10) | st.integers(0, 10**6)
jitters = st.floats(0, 1, exclude_max=True)
durations = st.timedeltas(min_value=timedelta())


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def delay(retry_count: int, *, retry_after: timedelta | None = None, jitter: float = 0) -> timedelta:
    return POLICY.delay(retry_count=retry_count, retry_after=retry_after, jitter=jitter)


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

    assert first / 2 <= policy.delay(retry_count=retry_count, retry_after=None, jitter=jitter) <= longest


@pytest.mark.parametrize(
    ("retry_count", "retry_after", "least", "most"),
    [
        (0, seconds(0), 2.5, 5),  # the back-off is longer
        (0, seconds(60), 60, 66),
        (8, seconds(60), 450, 900),
        (8, seconds(1800), 1800, 1980),
        (0, HOUR, 3600, 3960),
        (0, timedelta(days=365), 3600, 3960),
        (10**6, timedelta.max, 3600, 3960),
    ],
)
def test_a_receivers_wish_is_honoured_up_to_an_hour_with_up_to_a_tenth_on_top(
    retry_count: int, retry_after: timedelta, least: float, most: float
) -> None:
    assert delay(retry_count, retry_after=retry_after, jitter=0) == seconds(least)
    assert delay(retry_count, retry_after=retry_after, jitter=ALMOST_ONE) == seconds(most)


@given(retry_counts, durations, jitters)
def test_a_retry_waits_as_long_as_the_receiver_wishes_and_as_the_curve_says(
    retry_count: int, retry_after: timedelta, jitter: float
) -> None:
    waits = delay(retry_count, retry_after=retry_after, jitter=jitter)

    assert waits >= max(delay(retry_count, jitter=jitter), min(retry_after, HOUR))
    assert waits <= max(delay(retry_count, jitter=jitter), min(retry_after, HOUR) * 1.1)


@pytest.mark.parametrize(
    ("verdict", "kind", "waits", "reason", "external_id"),
    [
        (Accepted(), VerdictKind.ACCEPTED, 0, None, None),
        (Accepted("a-1"), VerdictKind.ACCEPTED, 0, None, "a-1"),
        (Deferred("busy"), VerdictKind.DEFERRED, 15, "busy", None),
        (Deferred("busy", seconds(100)), VerdictKind.DEFERRED, 105, "busy", None),
        (Refused("too long"), VerdictKind.REFUSED, 0, "too long", None),
        (Unknown("no answer"), VerdictKind.UNKNOWN, 15, "no answer", None),
        (Unsent("not configured"), VerdictKind.UNSENT, 0, "not configured", None),
        (Unsent("left alone", seconds(30)), VerdictKind.UNSENT, 30, "left alone", None),
    ],
)
def test_each_verdict_is_recorded_of_its_claim_with_the_time_to_wait(
    verdict: Verdict, kind: VerdictKind, waits: float, reason: str | None, external_id: str | None
) -> None:
    concluded = conclude(CLAIM, verdict, policy=POLICY, jitter=0.5)

    assert concluded == settlement(CLAIM, kind, delay=seconds(waits), reason=reason, external_id=external_id)
    assert (concluded.schedule_id, concluded.token) == (CLAIM.schedule_id, CLAIM.token)
    assert concluded.step == after_verdict(CLAIM.standing, kind)
