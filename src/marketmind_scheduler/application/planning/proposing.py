"""Asking a scheduler, and holding its plan to what every plan must keep."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from marketmind_scheduler.application.planning.cases import Case
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignAlreadyScheduled,
    NoPostsToSchedule,
    PolicyViolated,
)
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.planning.promises import broken, violations
from marketmind_scheduler.domain.planning.replanning import Renewal, posts_out
from marketmind_scheduler.domain.planning.size import check_size
from marketmind_scheduler.domain.rules.judging import violations as broken_rules
from marketmind_scheduler.domain.rules.violations import Violation, Wanted
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.unhurried import aside


def check_open(case: Case) -> None:
    """Raise CampaignAlreadyScheduled where something stands and nothing is said of it, NoPostsToSchedule where there is
    nothing to place, CampaignOver, PlanTooLarge."""
    campaign_id, asked = case.campaign.campaign_id, case.asked
    if case.standing and asked.renewal is Renewal.NOTHING:
        raise CampaignAlreadyScheduled(campaign_id, scheduled=len(case.standing), posts=len(case.posts))
    if not case.decision.open_posts:
        out_already = len({*posts_out(case.standing), *case.published})
        raise NoPostsToSchedule(
            campaign_id,
            platforms=sorted(asked.platforms),
            out_already=out_already,
            scheduled=len(case.posts) - out_already,
        )
    posts, zone = len(case.decision.open_posts), case.brand.content.default_zone
    check_size(case.campaign, asked.scheduler, posts=posts, zone=zone, now=case.now)


async def proposed(scheduler: Scheduler, brief: Brief, *, horizon: timedelta) -> Plan:
    """The plan of this scheduler for this brief. Raises PolicyViolated where it breaks a promise, BeyondHorizon, and
    what the scheduler raises: TooManyPosts, CampaignOver."""
    plan = await scheduler.propose(brief)
    await aside(partial(check_promises, plan, brief, horizon=horizon), len(plan.placements))
    return plan


def check_promises(plan: Plan, brief: Brief, *, horizon: timedelta) -> None:
    """Raises PolicyViolated where a plan breaks a promise, and BeyondHorizon."""
    if broken := violations(plan, brief):
        raise PolicyViolated(broken)
    last = max((placement.slot for placement in plan.placements), key=lambda slot: slot.publish_time, default=None)
    if last and last.publish_time > brief.now + horizon:
        raise BeyondHorizon(last.local_text(), latest=brief.now + horizon)


def check_whole(plan: Plan) -> None:
    """Raise PolicyViolated where a plan that is to be stored leaves out a post or breaks a rule."""
    if plan.is_incomplete:
        told = [each.told() for each in plan.violations]
        raise PolicyViolated(plan.faults(), told, unplaced=[each.told() for each in plan.unplaced])


async def judged(plan: Plan, case: Case) -> Plan:
    """The plan with what it breaks of the brand's rules."""
    wanted = [
        Wanted(post_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in plan.placements
    ]
    judge = partial(broken_rules, wanted, case.beside, case.rules, now=case.now)
    return replace(plan, violations=tuple(await aside(judge, len(wanted))))


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """Why a plan's times cannot stand as things are: what it breaks of the promises of every plan, promise by promise,
    a sentence each, and of the brand's rules."""

    promises: Sequence[Sequence[str]]
    rules: Sequence[Violation]

    def sentences(self) -> Sequence[str]:
        return [
            *(sentence for promise in self.promises for sentence in promise),
            *(each.sentence for each in self.rules),
        ]

    def of_each_kind(self) -> Sequence[str]:
        """The first sentence of each promise and of each kind of rule."""
        rules = {each.rule: each.sentence for each in reversed(self.rules)}
        return [*(promise[0] for promise in self.promises), *(rules[kind] for kind in sorted(rules))]

    def told(self) -> Sequence[object]:
        """As callers read it: a rule as it is told of everywhere, anything else in a sentence."""
        return [*(sentence for promise in self.promises for sentence in promise), *(each.told() for each in self.rules)]


async def in_the_way(plan: Plan, brief: Brief, case: Case) -> InTheWay:
    """What stands against the plan now."""
    promises = await aside(partial(broken, plan, brief), len(plan.placements))
    return InTheWay(promises=promises, rules=(await judged(plan, case)).violations)
