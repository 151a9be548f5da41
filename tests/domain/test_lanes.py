"""In which order and how far apart the posts of a lane that is behind go out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from marketmind_scheduler.domain.lanes import Waiting, is_behind, turns
from marketmind_scheduler.domain.pacing import SOON
from tests.builders import NOW

PACE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def waiting(*lateness: timedelta) -> Sequence[Waiting]:
    """Posts that have been due for so long, by number."""
    return [
        Waiting(schedule_id=UUID(int=nth), publish_time=NOW - late, due_at=NOW - late)
        for nth, late in enumerate(lateness, start=1)
    ]


def placed(posts: Sequence[Waiting], *, last_sent: datetime | None = None) -> Sequence[timedelta | None]:
    """In how much time each has its place; None: it keeps what it has."""
    given = turns(posts, last_sent=last_sent, pace=PACE, now=NOW)
    return [given[each.schedule_id] - NOW if each.schedule_id in given else None for each in posts]


def test_the_earliest_goes_at_once_and_the_others_follow_a_pace_apart() -> None:
    assert placed(waiting(4 * MINUTE, 10 * MINUTE, 7 * MINUTE)) == [2 * PACE, None, PACE]


def test_nothing_goes_sooner_than_a_pace_after_what_was_sent_last() -> None:
    posts = waiting(7 * MINUTE, 6 * MINUTE)

    assert placed(posts, last_sent=NOW - 10 * SECOND) == [20 * SECOND, 50 * SECOND]
    assert placed(posts, last_sent=NOW - PACE) == [None, PACE]


def test_one_that_was_put_off_keeps_its_time_and_those_behind_it_waiting() -> None:
    put_off = Waiting(schedule_id=UUID(int=9), publish_time=NOW - 9 * MINUTE, due_at=NOW + MINUTE)

    assert placed([put_off, *waiting(8 * MINUTE, 7 * MINUTE)]) == [None, MINUTE + PACE, MINUTE + 2 * PACE]


def test_very_many_go_out_closer_together_so_that_none_waits_longer_than_sixty_would() -> None:
    few = placed(waiting(*[7 * MINUTE + nth * SECOND for nth in range(60)]))
    many = placed(waiting(*[7 * MINUTE + nth * SECOND for nth in range(600)]))

    assert sorted(each for each in few if each)[:2] == [PACE, 2 * PACE]
    assert sorted(each for each in many if each)[:2] == [PACE / 10, 2 * PACE / 10]
    assert max(each for each in many if each) < 60 * PACE


def test_a_lane_is_behind_as_soon_as_one_of_it_has_waited_too_long() -> None:
    posts = waiting(4 * MINUTE, 6 * MINUTE)

    assert is_behind(posts, age=5 * MINUTE, pace=PACE, now=NOW)
    assert not is_behind(posts, age=6 * MINUTE, pace=PACE, now=NOW)
    assert not is_behind([], age=timedelta(), pace=PACE, now=NOW)


def test_a_lane_is_behind_while_one_of_it_is_put_off_by_a_pace_or_more() -> None:
    [post] = waiting(timedelta())

    assert is_behind([replace(post, due_at=NOW + PACE)], age=MINUTE, pace=PACE, now=NOW)
    assert not is_behind([replace(post, due_at=NOW + PACE - SECOND)], age=MINUTE, pace=PACE, now=NOW)


def test_one_that_is_put_off_for_long_is_passed_by_the_others() -> None:
    put_off = Waiting(schedule_id=UUID(int=9), publish_time=NOW - 9 * MINUTE, due_at=NOW + 16 * MINUTE)

    assert placed([put_off, *waiting(8 * MINUTE, 7 * MINUTE)]) == [None, None, PACE]


SPANS = st.integers(-3, 900).map(lambda seconds: timedelta(seconds=seconds))


@given(
    lateness=st.lists(SPANS, max_size=8),
    put_off=st.lists(st.integers(0, 200).map(lambda seconds: timedelta(seconds=seconds)), min_size=8, max_size=8),
    since=st.none() | SPANS.filter(lambda span: span >= timedelta()),
)
def test_whatever_waits_is_sent_in_its_order_a_pace_apart_and_never_earlier_than_it_may(
    lateness: list[timedelta], put_off: list[timedelta], since: timedelta | None
) -> None:
    """Sent by somebody who looks every second, and takes what is due."""
    left = {
        each.schedule_id: Waiting(
            schedule_id=each.schedule_id, publish_time=each.publish_time, due_at=max(each.due_at, NOW + off)
        )
        for each, off in zip(waiting(*lateness), put_off, strict=False)
    }
    before = {each.schedule_id: each.due_at for each in left.values()}
    publish_times = {each.schedule_id: each.publish_time for each in left.values()}
    last_sent = None if since is None else NOW - since
    sent: list[tuple[datetime, UUID]] = []
    now = NOW
    while left:
        there = [each for each in left.values() if each.publish_time <= now + SOON]
        for schedule_id, due_at in turns(there, last_sent=last_sent, pace=PACE, now=now).items():
            left[schedule_id] = Waiting(schedule_id=schedule_id, publish_time=publish_times[schedule_id], due_at=due_at)
        for each in [each for each in left.values() if each.due_at <= now]:
            sent.append((now, left.pop(each.schedule_id).schedule_id))
            last_sent = now
        now += SECOND

    moments = [NOW - since if since is not None else NOW - PACE, *(at for at, _ in sent)]
    assert all(later - earlier >= PACE for earlier, later in pairwise(moments))
    assert all(before[schedule_id] <= at for at, schedule_id in sent)
    at_first = [each for each in sent if publish_times[each[1]] <= NOW + SOON]
    assert [publish_times[each] for _, each in at_first] == sorted(publish_times[each] for _, each in at_first)
