"""A preview: a plan that is kept as it was shown, so that committing it writes these times or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self
from uuid import UUID

from marketmind_scheduler.domain.planning.agent_part import AgentPart
from marketmind_scheduler.domain.planning.digests import Part, brief_hash, parts_of, plan_hash
from marketmind_scheduler.domain.planning.forecast import Forecast, forecasts
from marketmind_scheduler.domain.planning.plan import (
    MOST_EXPLAINED,
    MOST_EXPLORING,
    MOST_EXPLORING_TIMES,
    Brief,
    Plan,
    Untried,
)
from marketmind_scheduler.domain.planning.problem import Method, Objective
from marketmind_scheduler.domain.planning.replanning import Decision, Renewal
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.tightening import UNCHANGED, Patch
from marketmind_scheduler.domain.schedulers import SOLVED, SchedulerKind

LONGEST_HOLD = timedelta(days=1)
_UNTRIED: Mapping[Untried, str] = {
    Untried.MANY_TIMES: "no hour was tried to learn of it: that is done for up to "
    f"{MOST_EXPLORING_TIMES:,} open times of all platforms together; a coarser grid_minutes or fewer days have fewer",
    Untried.TIME_WAS_UP: "no hour was tried to learn of it, for the time was up; the same request again may try some",
}
MOST_HELD = 1_000
"""The most slots of a brand that may be held for plans at one time."""


class PreviewStatus(StrEnum):
    OPEN = "open"
    COMMITTED = "committed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller asks a scheduler for. ``hold`` is for how long its slots are kept; zero: not at all. ``patch`` is
    what was understood of an instruction and applied."""

    scheduler: SchedulerKind = SchedulerKind.NAIVE
    platforms: frozenset[Platform] = frozenset(Platform)
    renewal: Renewal = Renewal.NOTHING
    grid_minutes: int = 30
    objective: Objective = Objective.OWN_POST_DECAY
    explores: bool = True
    hold: timedelta = timedelta()
    patch: Patch = UNCHANGED

    @property
    def without_effect(self) -> Sequence[str]:
        """What is asked for beside the default and means nothing to the scheduler."""
        usual = Asked()
        fields = {
            "grid_minutes": self.grid_minutes != usual.grid_minutes,
            "objective": self.objective is not usual.objective,
            "exploration": self.explores is not usual.explores,
        }
        return [] if self.looks_at_audiences else [field for field, is_asked in fields.items() if is_asked]

    @property
    def looks_at_audiences(self) -> bool:
        return self.scheduler in SOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A plan with what it was made of and what became of it.

    ``parts`` are the digests of its brief, ``policy_version`` the rules it obeyed. ``kept`` and ``replaces`` are
    schedules that it plans round, or gives up. Its slots are kept for it until ``expires_at``; None: they are not.
    ``schedule_ids`` are those that it became, in the order of its placements. ``agent`` is what part a language model
    had in it; None where none was to have any.
    """

    plan_id: UUID
    brand_id: UUID
    campaign_id: UUID
    asked: Asked
    plan: Plan
    plan_hash: str
    parts: Mapping[Part, str]
    policy_version: int
    kept: tuple[UUID, ...]
    replaces: tuple[UUID, ...]
    forecast: tuple[Forecast, ...] = ()
    agent: AgentPart | None = None
    created_at: datetime
    expires_at: datetime | None = None
    status: PreviewStatus = PreviewStatus.OPEN
    ended_at: datetime | None = None
    schedule_ids: tuple[UUID, ...] = ()

    @classmethod
    def of(
        cls,
        plan_id: UUID,
        *,
        brand_id: UUID,
        asked: Asked,
        brief: Brief,
        decision: Decision,
        plan: Plan,
        elsewhere: Mapping[Platform, Sequence[datetime]] = MappingProxyType({}),
        agent: AgentPart | None = None,
    ) -> Self:
        """The preview of a plan that was made of this brief, at its ``now``. ``elsewhere``: when other brands post on
        platforms that cap all brands together."""
        parts = parts_of(brief)
        return cls(
            plan_id=plan_id,
            brand_id=brand_id,
            campaign_id=brief.campaign_id,
            asked=asked,
            plan=plan,
            plan_hash=plan_hash(brief_hash(parts), plan),
            parts=parts,
            policy_version=brief.rules.policy.version if brief.rules else 0,
            kept=tuple(each.schedule_id for each in decision.kept),
            replaces=tuple(each.schedule_id for each in decision.given_up),
            forecast=tuple(forecasts(plan.placements, brief, elsewhere)),
            agent=agent,
            created_at=brief.now,
        )

    @property
    def post_ids(self) -> Sequence[UUID]:
        """The posts that it speaks of."""
        return [*(each.post.post_id for each in self.plan.placements), *(each.post_id for each in self.plan.unplaced)]

    def warnings(self) -> Sequence[str]:
        """What to know of it, a sentence each: caps that refuse nothing, and what was asked for and not done."""
        said = [warning for each in self.forecast if (warning := each.warning())]
        if idle := self.asked.without_effect:
            says = "says" if len(idle) == 1 else "say"
            said.append(f"{' and '.join(idle)} {says} nothing to {self.asked.scheduler}, which weighs no hours")
        said += self.agent.warnings() if self.agent else ()
        if self.plan.fallback:
            said.append("the solver failed, so these are the naive rule's times; ask again for chosen ones")
        quick = [lane for lane, each in (self.plan.certificates or {}).items() if each.method is Method.QUICK]
        if quick:
            said.append(f"chosen by a quicker way (quick), for the time was up: {', '.join(sorted(quick))}")
        posts = len(self.post_ids)
        if self.asked.looks_at_audiences and self.asked.explores and posts > MOST_EXPLORING:
            said.append(
                f"no hour was tried to learn of it: that is done for up to {MOST_EXPLORING} posts, these are {posts}"
            )
        if self.plan.untried:
            said.append(_UNTRIED[self.plan.untried])
        if self.asked.looks_at_audiences and posts > MOST_EXPLAINED:
            said.append(f"what came next for each post is said of up to {MOST_EXPLAINED}; GET …/why tells of each")
        return said

    @property
    def drops_a_wish(self) -> bool:
        """Whether an instruction was given that it does not follow."""
        return self.agent is not None and self.agent.drops_a_wish

    @property
    def brief_hash(self) -> str:
        return brief_hash(self.parts)

    def committed(self, schedule_ids: Sequence[UUID], *, at: datetime) -> Self:
        return replace(self, status=PreviewStatus.COMMITTED, schedule_ids=tuple(schedule_ids), ended_at=at)

    def discarded(self, *, at: datetime) -> Self:
        return replace(self, status=PreviewStatus.DISCARDED, ended_at=at)

    def brief_then(self, brief: Brief) -> Brief:
        """The brief as it would have been told when the plan was made."""
        return replace(brief, now=self.created_at)

    def was_asked_of(self, brief: Brief) -> bool:
        """Whether the same posts were to be placed on the same days in the same zone."""
        then = parts_of(self.brief_then(brief))
        zones = {each.slot.intent.zone for each in self.plan.placements}
        return zones == {brief.zone} and all(then[part] == self.parts[part] for part in (Part.POSTS, Part.WINDOW))

    def changed_in(self, brief: Brief) -> Sequence[Part]:
        """The parts that ``brief``, which is as things stand now, has otherwise. That time has passed is a change only
        where it has passed one of the placements."""
        now = parts_of(self.brief_then(brief))
        has_passed = any(each.slot.publish_time <= brief.now for each in self.plan.placements)
        return [part for part in Part if now[part] != self.parts[part] or (part is Part.WINDOW and has_passed)]
