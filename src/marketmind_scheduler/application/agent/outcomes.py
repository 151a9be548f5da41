"""What a run is given beside its brief, and what it ends with."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketmind_scheduler.domain.planning.agent_part import AgentPart, Instructed
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan
from marketmind_scheduler.domain.rules.tightening import Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """An instruction in words, and what was understood of it once, where its giver has agreed to that."""

    words: str
    accepted: Instructed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The plan of a run, the brief that it was made of, what part the model had in it, why the model says that it chose
    it, and the posts that kept their time where others were solved again."""

    plan: Plan
    brief: Brief
    patch: Patch
    part: AgentPart
    before: int
    because: str | None = None
    repaired: Sequence[Placement] = ()
