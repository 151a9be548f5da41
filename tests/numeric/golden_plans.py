"""Plans of one brief by every scheduler, printed as JSON: what `tests/data/golden_plans.json` keeps of a release."""

import asyncio
import json
import sys
from dataclasses import replace
from datetime import date, time
from uuid import UUID

from marketmind_scheduler.domain.planning.digests import brief_hash, parts_of, plan_hash
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import DailyCap, MinGap, Policy, QuietHours, Slots, Weekday
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from tests.builders import BRAND_ID, a_brief
from tests.fakes.plan_solver import DirectPlanSolver

RULES = (
    QuietHours(begin=time(22), end=time(7)),
    MinGap(minutes=90),
    DailyCap(posts=2),
    Slots(times=tuple((weekday, time(9, 30)) for weekday in Weekday)),
)


def the_brief() -> Brief:
    """Five posts on two platforms in ten days, over a change of the clocks."""
    platforms = (*[Platform.LINKEDIN] * 3, *[Platform.TWITTER] * 2)
    posts = tuple(PostToPlace(post_id=UUID(int=nth), platform=each) for nth, each in enumerate(platforms, start=1))
    brief = a_brief(last_day=date(2027, 3, 19), posts=posts)
    policy = Policy(brand_id=BRAND_ID, version=1, rules=RULES)
    return replace(brief, rules=BrandRules(policy=policy, caps={}, zone=brief.zone))


async def plans() -> dict[str, object]:
    brief, found = the_brief(), dict[str, object]()
    for kind, scheduler in schedulers_of(Settings(), DirectPlanSolver()).items():
        plan = await scheduler.propose(brief)
        times = {str(each.post.post_id)[-1]: each.slot.local_text() for each in plan.placements}
        found[kind] = {"plan_hash": plan_hash(brief_hash(parts_of(brief)), plan), "times": times}
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(plans()), indent=2, sort_keys=True))
