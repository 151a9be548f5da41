"""What part a language model had in a plan, and what was made of an instruction in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.audience.week import MILLION
from marketmind_scheduler.domain.planning.digests import digest
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.rules.tightening import UNCHANGED, Patch

_WORTH_MOST = "evergreen"  # an aim that the exact plan serves by itself


class ScheduledBy(StrEnum):
    AGENTIC = "agentic"  # the model chose among the solver's plans
    AGENTIC_REPAIRED = "agentic_repaired"  # the same, and what could not stand any more was solved again
    FALLBACK = "fallback"  # the exact plan


class FallbackReason(StrEnum):
    """Why a plan is the exact one, and not one that a model has chosen."""

    NOT_CONFIGURED = "not_configured"  # no model is
    SELF_TEST_FAILED = "self_test_failed"  # the model cannot be held to a cap or to JSON
    BREAKER_OPEN = "breaker_open"  # it has failed again and again, and is left alone for a while
    BUSY = "busy"  # other runs are under way: of the brand, or too many of the process
    BUDGET_SPENT = "budget_spent"  # of the run in tokens or requests, or of the brand's day in money
    BRIEF_TOO_LARGE = "brief_too_large"  # for one request
    UNAVAILABLE = "unavailable"  # the endpoint did not answer as one
    TIMEOUT = "timeout"
    CUT_OFF = "cut_off"  # the answer ended at the cap
    REFUSED_BY_MODEL = "refused_by_model"
    UNDECODABLE = "undecodable"  # twice
    BELOW_THRESHOLD = "below_threshold"  # what was chosen is not worth enough beside what stands by now
    NO_ALTERNATIVES = "no_alternatives"  # there was nothing to choose from


class InstructionStanding(StrEnum):
    APPLIED = "applied"
    NEEDS_ACCEPTANCE = "needs_acceptance"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One field of what was understood: what was ``asked``, None where the words do not speak of it, and what held
    ``before`` and holds ``after``, in words. ``is_looser``: what was asked would allow more than the rules, so it has
    no effect."""

    field: str
    asked: str | None
    before: str | None
    after: str | None
    is_looser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructed:
    """What was made of an instruction, of which only the digest is kept here. ``cost`` is the part of the plan's worth
    that it takes, in millionths, ``left_out`` how many posts find no place with it. ``says_more``: the words want
    something that no field can say."""

    standing: InstructionStanding
    instruction_hash: str
    understood: tuple[Understood, ...] = ()
    patch: Patch = UNCHANGED
    aim: str | None = None
    cost: int | None = None
    left_out: int = 0
    says_more: bool = False

    @property
    def patch_hash(self) -> str | None:
        """What a caller names who agrees to it; None where nothing was understood."""
        if self.standing is InstructionStanding.NOT_UNDERSTOOD:
            return None
        return digest((self.instruction_hash, self.patch, self.aim))

    @property
    def is_applied(self) -> bool:
        return self.standing is InstructionStanding.APPLIED

    def why_asked(self) -> str:
        """What its giver should know before agreeing to it."""
        reasons = [
            *([f"{self.left_out} {'post' if self.left_out == 1 else 'posts'} would be left out"] * bool(self.left_out)),
            *([f"it takes {self.cost / MILLION:.1%} of what the plan is worth"] if self.cost else []),
            *(["it wants something that cannot be said in rules of time"] if self.says_more else []),
        ]
        return ", and ".join(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPart:
    """``reason`` says why it is the exact plan; None where it is not, or where an instruction is to be accepted first.
    ``value`` is what the plan is worth and ``best`` what the exact one is, in millionths of a usual post."""

    run_id: UUID
    scheduled_by: ScheduledBy
    reason: FallbackReason | None
    value: int
    best: int
    chosen: Emphasis | None = None
    instructed: Instructed | None = None

    @property
    def drops_a_wish(self) -> bool:
        """Whether the plan was made without an instruction that was given."""
        return self.instructed is not None and not self.instructed.is_applied

    def warnings(self) -> Sequence[str]:
        """What to know of the instruction, a sentence each."""
        instructed = self.instructed
        if instructed is None:
            return ()
        if instructed.standing is InstructionStanding.NOT_UNDERSTOOD:
            return ("the instruction was not understood, so the plan is made without it",)
        looser = [each.field for each in instructed.understood if each.is_looser]
        is_unserved = instructed.is_applied and self.chosen is None and instructed.aim not in (None, _WORTH_MOST)
        return [
            *(
                [f"no model chose a plan, so this one does not follow the emphasis {instructed.aim}"]
                if is_unserved
                else []
            ),
            *([] if instructed.is_applied else [f"the instruction is not applied yet: {instructed.why_asked()}"]),
            *([f"the rules allow less than was asked, so they stay: {', '.join(looser)}"] if looser else []),
        ]
