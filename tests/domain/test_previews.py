"""What a preview tells besides its times."""

from collections.abc import Sequence
from dataclasses import replace

from marketmind_scheduler.domain.planning.plan import Plan, Unplaced, Untried
from marketmind_scheduler.domain.planning.preview import Asked, Preview
from marketmind_scheduler.domain.planning.problem import Objective
from marketmind_scheduler.domain.planning.replanning import Decision
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from tests.builders import BRAND_ID, a_brief, new_id

ENGAGEMENT = Asked(scheduler=SchedulerKind.ENGAGEMENT)


def warnings(asked: Asked, *, posts: int, untried: Untried | None = None) -> Sequence[str]:
    left_out = [
        Unplaced(post_id=new_id(), platform=Platform.TWITTER, reason="no_open_slot", sentence="") for _ in range(posts)
    ]
    plan = Plan(scheduler=asked.scheduler, placements=(), unplaced=tuple(left_out), untried=untried)
    decision = Decision(kept=[], given_up=[], open_posts=[])
    preview = Preview.of(new_id(), brand_id=BRAND_ID, asked=asked, brief=a_brief(), decision=decision, plan=plan)
    return preview.warnings()


def test_a_plan_that_is_too_large_to_try_hours_says_so() -> None:
    said, _ = warnings(ENGAGEMENT, posts=501)

    assert said == "no hour was tried to learn of it: that is done for up to 500 posts, these are 501"


def test_a_plan_that_tries_no_hour_for_another_reason_says_which() -> None:
    [many] = warnings(ENGAGEMENT, posts=1, untried=Untried.MANY_TIMES)
    [late] = warnings(ENGAGEMENT, posts=1, untried=Untried.TIME_WAS_UP)

    assert "up to 10,000 open times" in many
    assert "the time was up" in late


def test_nothing_is_said_of_it_where_it_was_done_or_not_asked_for() -> None:
    unexplored = Asked(scheduler=SchedulerKind.ENGAGEMENT, explores=False)

    assert not warnings(ENGAGEMENT, posts=500)
    assert not any("no hour was tried" in each for each in warnings(unexplored, posts=501))
    assert not warnings(Asked(), posts=501)


def test_what_means_nothing_to_a_scheduler_is_told_and_to_one_that_it_means_something_to_it_is_not() -> None:
    all_ = Asked(grid_minutes=15, objective=Objective.SLOT_VALUE, explores=False)
    for kind in (SchedulerKind.NAIVE, SchedulerKind.QUEUE):
        [told] = warnings(replace(all_, scheduler=kind), posts=1)
        assert told.startswith(f"grid_minutes and objective and exploration say nothing to {kind}")
        [told] = warnings(Asked(scheduler=kind, grid_minutes=60), posts=1)
        assert told.startswith("grid_minutes says nothing to")
    assert not warnings(replace(all_, scheduler=SchedulerKind.ENGAGEMENT), posts=1)
