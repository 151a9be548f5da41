"""Whether an instruction is applied, or its giver is asked first."""

from collections.abc import Collection
from dataclasses import dataclass

from marketmind_scheduler.domain.agent.intent import Covers, Intent
from marketmind_scheduler.domain.agent.understanding import understood
from marketmind_scheduler.domain.planning.agent_part import Instructed, InstructionStanding
from marketmind_scheduler.domain.planning.digests import digest
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from marketmind_scheduler.domain.post import Platform

MOST_COST = 50_000
"""The part of a plan's worth, in millionths, that an instruction may take without being asked about."""
_WHOLE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Two exact plans of one brief, without an instruction and with it, and what they are worth."""

    without: Plan
    value_without: int
    with_it: Plan
    value_with: int

    @property
    def cost(self) -> int:
        """The part of its worth that the instruction takes, in millionths."""
        lost = self.value_without - self.value_with
        return max(0, _WHOLE * lost // self.value_without) if self.value_without > 0 else 0

    @property
    def left_out(self) -> int:
        return max(0, len(self.with_it.unplaced) - len(self.without.unplaced))


def instruction_hash(instruction: str) -> str:
    return digest(instruction)


def not_understood(instruction: str) -> Instructed:
    return Instructed(standing=InstructionStanding.NOT_UNDERSTOOD, instruction_hash=instruction_hash(instruction))


def instructed(instruction: str, intent: Intent, weighed: Weighed, brief: Brief) -> Instructed:
    """Applied, unless it costs too much, leaves a post out, or wants something besides that no field says. The brief is
    the one without it."""
    says_more = intent.covers is Covers.PART
    asks_first = says_more or weighed.left_out > 0 or weighed.cost > MOST_COST
    return Instructed(
        standing=InstructionStanding.NEEDS_ACCEPTANCE if asks_first else InstructionStanding.APPLIED,
        instruction_hash=instruction_hash(instruction),
        understood=understood(intent, brief.binding, (brief.first_day, brief.last_day), _platforms(brief)),
        patch=intent.patch,
        aim=intent.aim,
        cost=weighed.cost,
        left_out=weighed.left_out,
        says_more=says_more,
    )


def _platforms(brief: Brief) -> Collection[Platform]:
    return {post.platform for post in brief.posts}
