"""What Scheduler promises: a plan that places each post once, or a reason why there is none."""

from datetime import UTC, date, datetime

import pytest

from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from marketmind_scheduler.ports.scheduler import Scheduler
from tests.builders import a_brief, new_id


def posts(*platforms: Platform) -> tuple[PostToPlace, ...]:
    return tuple(PostToPlace(post_id=new_id(), platform=platform) for platform in platforms)


BRIEFS = {
    "one post": a_brief(),
    "one post a day": a_brief(posts=posts(*[Platform.TWITTER] * 10)),
    "few posts in many days": a_brief(last_day=date(2029, 12, 31), posts=posts(*[Platform.TWITTER] * 7)),
    "every platform": a_brief(posts=posts(*Platform, *Platform)),
    "one day": a_brief(first_day=date(2027, 3, 14), last_day=date(2027, 3, 14), posts=posts(*Platform)),
    "already under way": a_brief(now=datetime(2027, 3, 13, 12, tzinfo=UTC), posts=posts(*[Platform.REDDIT] * 7)),
    "far from UTC": a_brief(zone="Pacific/Kiritimati", posts=posts(*[Platform.TWITTER] * 3)),
}
IMPOSSIBLE = {
    "more posts than days": a_brief(posts=posts(*[Platform.TWITTER] * 11)),
    "no day left": a_brief(now=datetime(2027, 4, 1, tzinfo=UTC)),
}


@pytest.fixture(params=SchedulerKind)
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    return schedulers_of(Settings())[request.param]


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_a_plan_places_each_post_once(scheduler: Scheduler, brief: Brief) -> None:
    plan = await scheduler.propose(brief)

    placed = sorted(placement.post.post_id for placement in plan.placements)
    assert placed == sorted(post.post_id for post in brief.posts)


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_a_plan_breaks_no_rule_and_comes_in_time_order(scheduler: Scheduler, brief: Brief) -> None:
    plan = await scheduler.propose(brief)

    times = [placement.slot.publish_time for placement in plan.placements]
    assert violations(plan, brief) == ()
    assert times == sorted(times)


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_the_same_brief_gives_the_same_plan(scheduler: Scheduler, brief: Brief) -> None:
    first = await scheduler.propose(brief)
    await scheduler.propose(a_brief())
    second = await scheduler.propose(brief)

    assert first == second


@pytest.mark.parametrize("brief", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
async def test_posts_that_cannot_be_placed_are_rejected(scheduler: Scheduler, brief: Brief) -> None:
    with pytest.raises(Rejected):
        await scheduler.propose(brief)
