"""What part a language model had in a plan, as callers read it."""

from typing import Annotated, Self, TypedDict
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import NOT_BLANK, BrandId, CampaignId, Moment
from marketmind_scheduler.adapters.http.words.taken import told_as
from marketmind_scheduler.domain.agent.intent import LONGEST_INSTRUCTION
from marketmind_scheduler.domain.audience.week import MILLION
from marketmind_scheduler.domain.planning.agent_part import (
    AgentPart,
    FallbackReason,
    InstructionStanding,
    ScheduledBy,
    Understood,
)
from marketmind_scheduler.domain.planning.preparation import Preparation, PreparationStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind

Instruction = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_INSTRUCTION,
        pattern=NOT_BLANK,
        extra=told_as("a text of 1 to 2,000 characters that are not all spaces"),
        description="What the plan is to keep to besides, in words; it can only tighten the brand's rules. With the "
        "scheduler `agentic`",
        examples=["never between 22 and 7, at most 2 a day"],
    ),
]
PatchHash = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[^\u0000]*$",
        description="The `patch_hash` of a plan that asked back about this instruction: what it understood holds",
        examples=["9c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b5f2b8d0c7e1a4f6b"],
    ),
]


class UnderstoodOut(Struct, frozen=True, kw_only=True):
    field: Annotated[str, Meta(description="What it is about", examples=["most_per_day"])]
    asked: Annotated[str | None, Meta(description="What the words ask for; null: nothing", examples=["2 posts"])]
    before: Annotated[str | None, Meta(description="What the rules say; null: nothing", examples=["3 posts"])]
    after: Annotated[str | None, Meta(description="What holds with the instruction", examples=["2 posts"])]

    @classmethod
    def of(cls, understood: Understood) -> Self:
        return cls(field=understood.field, asked=understood.asked, before=understood.before, after=understood.after)


class ProblemOut(Struct, frozen=True, kw_only=True):
    code: Annotated[str, Meta(description="As of a problem", examples=["scheduler_unavailable"])]
    detail: Annotated[str, Meta(description="The same in words", examples=["the plan was not made within 120 seconds"])]


class PreparationOut(Struct, frozen=True, kw_only=True):
    plan_id: Annotated[UUID, Meta(description="UUIDv7", examples=["019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8e"])]
    campaign_id: CampaignId
    brand_id: BrandId
    scheduler: Annotated[SchedulerKind, Meta(description="Who chooses the times")]
    status: Annotated[PreparationStatus, Meta(description="Whether it is being made; it is a plan once it is `open`")]
    created_at: Moment
    deadline: Annotated[Moment, Meta(description="When it counts as failed, where nobody has finished it by then")]
    problem: Annotated[ProblemOut | None, Meta(description="What it has failed with; null: whoever made it is gone")]

    @classmethod
    def of(cls, preparation: Preparation) -> Self:
        trouble = preparation.trouble
        return cls(
            plan_id=preparation.plan_id,
            campaign_id=preparation.campaign_id,
            brand_id=preparation.brand_id,
            scheduler=SchedulerKind.AGENTIC,
            status=preparation.status,
            created_at=preparation.begun_at,
            deadline=preparation.deadline,
            problem=None if trouble is None else ProblemOut(code=trouble[0], detail=trouble[1]),
        )


class AgentFields(TypedDict):
    scheduled_by: ScheduledBy | None
    reason: FallbackReason | None
    instruction: InstructionStanding | None
    patch_hash: str | None
    understood: list[UnderstoodOut]
    instruction_cost: float | None
    ignored_looser: list[str]


def agent_fields(part: AgentPart | None) -> AgentFields:
    """What a plan shows of it; nothing where no language model was to take part."""
    instructed = part.instructed if part else None
    understood = instructed.understood if instructed else ()
    cost = instructed.cost if instructed else None
    return {
        "scheduled_by": part and part.scheduled_by,
        "reason": part and part.reason,
        "instruction": instructed and instructed.standing,
        "patch_hash": instructed and instructed.patch_hash,
        "understood": [UnderstoodOut.of(each) for each in understood],
        "instruction_cost": None if cost is None else cost / MILLION,
        "ignored_looser": [each.field for each in understood if each.is_looser],
    }
