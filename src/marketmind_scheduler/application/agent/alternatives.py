"""The plans that a model may choose from, and what is made of a chosen one that cannot stand any more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from marketmind_scheduler.domain.agent.facts import Alternative
from marketmind_scheduler.domain.planning.alternatives import certified, still_standing, value_of
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.planning.plan import MOST_EXPLORING, Brief, Placement, Plan
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.scheduler import Scheduler

_STRESSES: Mapping[Emphasis, Sequence[int]] = {
    Emphasis.EVEN: (900, 600, 300),
    Emphasis.EARLY: (1_000, 200, 50),
    Emphasis.LATE: (1_000, 200, 50),
    Emphasis.WEEKDAYS: (1_000, 200, 50),
}
"""How much weight each is given: the first of which the plan is worth enough."""
_WHOLE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Solving:
    """A brief, its exact plan, and the part of that plan's worth, in thousandths, that another one must have. Every
    method raises what ``scheduler`` raises."""

    scheduler: Scheduler
    brief: Brief
    exact: Plan
    min_value: int

    async def alternatives(self) -> Sequence[Alternative]:
        """The exact plan, and of each emphasis the one with the most weight on it that is worth enough and like none
        before. Nothing beside it where it leaves a post out, or is too large to be solved again and again."""
        found = [Alternative(emphasis=Emphasis.BEST, plan=self.exact, value=self._best)]
        if self.exact.is_incomplete or self.exact.fallback or len(self.brief.posts) > MOST_EXPLORING:
            return found
        for emphasis, stresses in _STRESSES.items():
            for stress in stresses:
                plan = await self._solved(replace(self.brief, emphasis=(emphasis, stress)))
                if plan is not None and self._is_enough(plan):
                    if all(plan.placements != each.plan.placements for each in found):
                        found.append(Alternative(emphasis=emphasis, plan=plan, value=value_of(plan, self.brief)))
                    break
        return found

    async def repaired(self, chosen: Plan) -> tuple[Plan, Sequence[Placement]] | None:
        """The chosen plan with as many of its times as still stand and leave it worth enough, which are returned too,
        and the others solved again; None where none do."""
        kept = await asyncio.to_thread(still_standing, chosen, self.brief)
        while kept:
            plan = await self._round(kept)
            if plan is not None and self._is_enough(plan):
                return plan, kept
            kept = kept[: len(kept) // 2]
        return None

    @property
    def _best(self) -> int:
        return value_of(self.exact, self.brief)

    def _is_enough(self, plan: Plan) -> bool:
        return _WHOLE * value_of(plan, self.brief) >= self.min_value * self._best

    async def _round(self, kept: Sequence[Placement]) -> Plan | None:
        stay = {each.post for each in kept}
        rest = tuple(post for post in self.brief.posts if post not in stay)
        if not rest:
            plan = replace(self.exact, placements=tuple(sorted(kept, key=_in_time)), unplaced=())
            return certified(plan, self.exact, self.brief)
        return await self._solved(replace(self.brief, posts=rest, kept=(*self.brief.kept, *kept)), kept)

    async def _solved(self, brief: Brief, kept: Sequence[Placement] = ()) -> Plan | None:
        """The plan of this brief together with what is kept; None where it leaves out more than the exact one."""
        solved = await self.scheduler.propose(brief)
        if len(solved.unplaced) > len(self.exact.unplaced) or solved.fallback:
            return None
        placements = tuple(sorted((*kept, *solved.placements), key=_in_time))
        plan = replace(self.exact, placements=placements, unplaced=solved.unplaced)
        return certified(plan, self.exact, self.brief)


def _in_time(placement: Placement) -> tuple[datetime, Platform]:
    return placement.slot.publish_time, placement.post.platform
