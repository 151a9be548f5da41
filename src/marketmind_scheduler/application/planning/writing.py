"""A plan becomes schedules: as a whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.lanes import check_lanes
from marketmind_scheduler.application.planning.cases import Case
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.zone_rules import remember_zone_rules
from marketmind_scheduler.domain.lifecycle import cancelled, may_be_cancelled
from marketmind_scheduler.domain.planning.plan import Plan
from marketmind_scheduler.domain.rules.policy import NOTHING, Overriding
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.storage import LostRace, UnitOfWork
from marketmind_scheduler.ports.transitions import Change, Locked
from marketmind_scheduler.unhurried import unhurried


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    quota: Quota
    new_id: NewId
    override: Overriding = NOTHING

    async def write(
        self, work: UnitOfWork, case: Case, plan: Plan, *, rules: Mapping[UUID, BrandRules], now: datetime
    ) -> Sequence[Schedule]:
        """Give up what the case gives up and add what is planned, in time order; the campaign's status follows, and
        nothing is held for it any more. Raises
        PolicyViolated for what these rules do not allow, QuotaExceeded, and LostRace where something that is given up
        is not PENDING any more, or a time was taken since the case was read."""
        given_up, campaign_id = case.decision.given_up, case.campaign.campaign_id
        schedules = await self._appointments(plan, case, now)
        await _cancel(work, given_up, now)
        await work.previews.give_back(campaign_id)
        await _check_free(work, case, plan)
        await check_lanes(work, rules, schedules, now=now)
        adding = len(schedules) - len(given_up)
        await self.quota.check(work.schedules, case.brand.brand_id, adding=adding, now=now)
        stored = await work.bookings.add(schedules)
        await remember_zone_rules(work, stored, now=now)
        await work.campaigns.follow_schedules(campaign_id)
        return stored

    async def _appointments(self, plan: Plan, case: Case, now: datetime) -> Sequence[Schedule]:
        posts = {post.post_id: post for post in case.posts}
        return [
            Schedule.pending(
                self.new_id(),
                post=posts[placement.post.post_id],
                slot=placement.slot.in_zone_by_default(),  # a campaign's days are its brand's
                scheduler=plan.scheduler,
                now=now,
                overridden=self.override,
                arm=placement.reason and placement.reason.arm,
            )
            async for placement in unhurried(plan.placements)
        ]


async def _cancel(work: UnitOfWork, pending: Sequence[Schedule], now: datetime) -> None:
    """Cancel these; raises LostRace where one of them is not PENDING any more."""
    locked = await work.transitions.lock([each.schedule_id for each in pending])
    if not all(may_be_cancelled(each.standing) for each in locked):
        raise LostRace
    await work.transitions.record([called_off(each) async for each in unhurried(locked)], at=now, shown=False)


async def _check_free(work: UnitOfWork, case: Case, plan: Plan) -> None:
    """Raises LostRace where another post of the lane stands at one of the plan's times by now."""
    places = {(each.post.platform, each.slot.publish_time) for each in plan.placements}
    if not places:
        return
    instants = [instant for _, instant in places]
    standing = await work.lanes.occupied(
        case.rules, platforms=case.asked.platforms, begin=min(instants), end=max(instants)
    )
    if any((each.platform, each.publish_time) in places for each in standing):
        raise LostRace


def called_off(pending: Locked) -> Change:
    return Change(schedule_id=pending.schedule.schedule_id, step=cancelled(pending.standing))
