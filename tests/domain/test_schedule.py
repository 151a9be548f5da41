"""A schedule changes only while it is PENDING, and every change is a new version of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import SendInFlight, StaleVersion
from marketmind_scheduler.domain.lifecycle import move
from marketmind_scheduler.domain.pacing import CLAIMED_WITHIN, RETRIES
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from tests.builders import a_post, a_schedule, a_slot, new_id
from tests.domain.times import instant

pytestmark = pytest.mark.usefixtures("zones")

MADE_AT, LATER = instant("2027-03-01T12:00Z"), instant("2027-03-02T12:00Z")
NOT_PENDING = [status for status in ScheduleStatus if status is not ScheduleStatus.PENDING]


def test_a_new_schedule_is_pending_in_its_first_version_and_was_never_tried() -> None:
    post, slot, schedule_id = a_post(), a_slot(), new_id()

    made = Schedule.pending(
        schedule_id,
        post=post,
        slot=slot,
        scheduler=SchedulerKind.NAIVE,
        now=MADE_AT,
    )

    assert made == Schedule(
        schedule_id=schedule_id,
        post_id=post.post_id,
        brand_id=post.brand_id,
        platform=post.platform,
        title=post.title,
        campaign_id=post.campaign_id,
        slot=slot,
        status=ScheduleStatus.PENDING,
        retry_count=0,
        scheduler=SchedulerKind.NAIVE,
        version=1,
        created_at=MADE_AT,
        updated_at=MADE_AT,
    )
    assert made.publish_time == slot.publish_time


def test_moving_changes_the_slot_and_what_follows_from_it() -> None:
    schedule, slot = a_schedule(version=4, retry_count=2), a_slot("2027-03-18T19:00")

    assert move(schedule, slot, now=LATER) == replace(
        schedule, slot=slot, max_retries=2 + RETRIES, version=5, updated_at=LATER
    )


def test_moving_moves_the_latest_time_as_far() -> None:
    latest_at = a_slot("2027-03-17T20:00").publish_time
    schedule = replace(a_schedule(slot=a_slot("2027-03-17T19:00")), on_late=OnLate.SKIP, latest_at=latest_at)

    assert move(schedule, a_slot("2027-03-17T19:30"), now=LATER).latest_at == latest_at + timedelta(minutes=30)


@pytest.mark.parametrize("status", NOT_PENDING)
def test_a_schedule_that_is_not_pending_cannot_be_moved(status: ScheduleStatus) -> None:
    with pytest.raises(SendInFlight, match=f"is {status}: .* so it cannot be moved"):
        move(a_schedule(status=status), a_slot("2027-03-18T19:00"), now=LATER)


def test_a_schedule_that_may_be_out_is_not_moved() -> None:
    with pytest.raises(SendInFlight, match="cannot be moved"):
        move(a_schedule(is_doubtful=True), a_slot("2027-03-18T19:00"), now=LATER)


def test_a_schedule_that_is_moved_is_held_for_being_late_no_longer() -> None:
    late = replace(a_schedule(), holds=frozenset({Hold.LATE, Hold.BRAND_PAUSED}))

    assert move(late, a_slot("2027-03-18T19:00"), now=LATER).holds == {Hold.BRAND_PAUSED}


def test_a_post_may_be_out_while_it_is_sent_or_in_doubt_and_once_it_is_published() -> None:
    may_be_out = [status for status in ScheduleStatus if a_schedule(status=status).may_be_out]

    assert may_be_out == ["PUBLISHING", "UNCONFIRMED", "COMPLETED"]
    assert a_schedule(is_doubtful=True).may_be_out


def test_pending_publishing_and_unconfirmed_are_active_the_others_final() -> None:
    active = [status for status in ScheduleStatus if a_schedule(status=status).is_active]

    assert active == ["PENDING", "PUBLISHING", "UNCONFIRMED"]


@pytest.mark.parametrize("given", [None, 3])
def test_no_version_or_the_current_one_passes(given: int | None) -> None:
    a_schedule(version=3).check_version(given)


@pytest.mark.parametrize("given", [2, 4])
def test_any_other_version_is_stale_naming_both(given: int) -> None:
    schedule = a_schedule(version=3)

    with pytest.raises(StaleVersion, match=f"is at version 3, not {given}") as refused:
        schedule.check_version(given)

    assert refused.value.details == {"schedule_id": schedule.schedule_id, "given": given, "current": 3}


def test_what_is_past_its_time_says_why_it_waits_unless_a_hold_or_an_error_does() -> None:
    waiting = a_schedule(a_post())
    time = waiting.publish_time
    late = time + CLAIMED_WITHIN

    [said] = waiting.why_it_waits(now=late)

    assert said.startswith(f"due since {time:%Y-%m-%dT%H:%M:%SZ} and nothing has claimed it yet")
    assert not waiting.why_it_waits(now=late - timedelta(seconds=1))
    for status in ScheduleStatus:
        told = replace(waiting, status=status).why_it_waits(now=late)
        assert bool(told) == (status is ScheduleStatus.PENDING)
    for hold in Hold:
        assert not replace(waiting, holds=frozenset({hold})).why_it_waits(now=late)
    assert not replace(waiting, error="the receiver answered 503").why_it_waits(now=late)
