"""Scheduling a campaign again: what stays, what is given up and what is placed, for whatever stands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from marketmind_scheduler.domain.planning.replanning import Renewal, decide
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from tests.builders import a_post, a_schedule
from tests.loops import telling_all_misses

pytestmark = pytest.mark.usefixtures("zones")

PENDING, COMPLETED = ScheduleStatus.PENDING, ScheduleStatus.COMPLETED
POST = a_post()
PLANNED = a_schedule(POST, scheduler=SchedulerKind.NAIVE)
CHOSEN = a_schedule(POST)
OUT = [
    *(a_schedule(POST, status=ScheduleStatus(status)) for status in ("PUBLISHING", "UNCONFIRMED", "COMPLETED")),
    a_schedule(POST, is_doubtful=True),
    a_schedule(POST, status=COMPLETED, scheduler=SchedulerKind.NAIVE),
]
STANDS: Mapping[str, Sequence[Schedule]] = {
    "nothing": [],
    "planned": [PLANNED],
    "chosen": [CHOSEN],
    **{f"out {nth}": [each] for nth, each in enumerate(OUT)},
    "out, and again": [a_schedule(POST, status=COMPLETED), CHOSEN],
    "out, and planned again": [a_schedule(POST, status=COMPLETED), PLANNED],
}
GIVEN_UP = {
    Renewal.NOTHING: set[str](),
    Renewal.FILL: set[str](),
    Renewal.REPLACE: {"planned"},
    Renewal.REPLACE_CHOSEN: {"planned", "chosen"},
}


def test_each_request_keeps_gives_up_and_places_what_it_says() -> None:
    with telling_all_misses() as trying:
        for renewal in Renewal:
            for name, standing in STANDS.items():
                with trying(renewal=renewal, stands=name):
                    decision = decide([POST], standing, renewal)

                    is_given_up = name in GIVEN_UP[renewal]
                    assert decision.given_up == (standing if is_given_up else [])
                    assert decision.kept == ([] if is_given_up else standing)
                    assert decision.open_posts == ([POST] if is_given_up or not standing else [])


def test_every_post_is_kept_or_open_whatever_stands_for_the_others() -> None:
    posts: list[Post] = [a_post() for _ in STANDS]
    standing = [
        replace(each, post_id=post.post_id)
        for post, stands in zip(posts, STANDS.values(), strict=True)
        for each in stands
    ]

    for renewal in Renewal:
        decision = decide(posts, standing, renewal)

        kept = {each.post_id for each in decision.kept}
        assert [post for post in posts if post.post_id not in kept] == decision.open_posts
        assert {each.post_id for each in decision.given_up} <= {post.post_id for post in decision.open_posts}
        assert len(decision.kept) + len(decision.given_up) == len(standing)
