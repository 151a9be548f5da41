"""Each look for what is due begins behind what was found before, and now and then at the start."""

from datetime import timedelta

import pytest

from marketmind_scheduler.adapters.postgres.dispatch.looks import EVER, Looks
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.dispatch_queue import Wanted
from tests.builders import BRAND_ID
from tests.fakes.clock import Ticking

TWITTER = Wanted(platform=Platform.TWITTER, room=3)
OF_BRAND = Wanted(platform=Platform.TWITTER, room=3, brand_id=BRAND_ID)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def looks(clock: Ticking) -> Looks:
    return Looks(clock)


def test_the_first_look_begins_at_the_start_and_so_does_one_in_ten_seconds(looks: Looks, clock: Ticking) -> None:
    seen: list[timedelta] = []
    for _ in range(24):
        [ago] = looks.how_long_ago([TWITTER])
        looks.found([TWITTER], {}, most=None, asked_at=clock.seconds)
        seen.append(ago)
        clock.seconds += 1

    assert [nth for nth, ago in enumerate(seen) if ago == EVER] == [0, 10, 20]
    assert {ago for ago in seen if ago != EVER} == {6 * SECOND}


def test_a_look_that_was_filled_is_followed_by_one_from_the_latest_that_it_found(looks: Looks, clock: Ticking) -> None:
    looks.how_long_ago([TWITTER])
    looks.found([TWITTER], {1: [30 * SECOND, 10 * SECOND, 20 * SECOND]}, most=None, asked_at=clock.seconds)
    clock.seconds += 2

    assert looks.how_long_ago([TWITTER]) == [13 * SECOND]


def test_what_was_cut_off_says_nothing_of_what_is_left(looks: Looks, clock: Ticking) -> None:
    looks.how_long_ago([TWITTER])
    looks.found([TWITTER], {1: [30 * SECOND]}, most=1, asked_at=clock.seconds)

    assert looks.how_long_ago([TWITTER]) == [EVER]


def test_each_lane_is_looked_at_by_itself(looks: Looks, clock: Ticking) -> None:
    looks.how_long_ago([TWITTER])
    looks.found([TWITTER], {}, most=None, asked_at=clock.seconds)

    assert looks.how_long_ago([TWITTER, OF_BRAND]) == [5 * SECOND, EVER]
