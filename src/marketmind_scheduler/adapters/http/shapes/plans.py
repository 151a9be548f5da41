"""Plans as callers ask for them, and as they are shown before anything is scheduled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self, TypedDict
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.agent import (
    Instruction,
    PatchHash,
    PreparationOut,
    UnderstoodOut,
    agent_fields,
)
from marketmind_scheduler.adapters.http.shapes.fields import BrandId, CampaignId, Cursor, Moment
from marketmind_scheduler.adapters.http.shapes.placements import PlacementOut, UnplacedOut
from marketmind_scheduler.adapters.http.shapes.plan_reasons import (
    ForecastOut,
    PlanCertificateOut,
    ViolationOut,
    told,
)
from marketmind_scheduler.adapters.http.shapes.schedules import CampaignToPlanIn, ScheduleOut
from marketmind_scheduler.application.planning.shown import Shown
from marketmind_scheduler.domain.errors import InstructionWithoutAgent
from marketmind_scheduler.domain.planning.agent_part import (
    FallbackReason,
    InstructionStanding,
    ScheduledBy,
)
from marketmind_scheduler.domain.planning.digests import Part
from marketmind_scheduler.domain.planning.plan import Fallback
from marketmind_scheduler.domain.planning.preparation import Preparation
from marketmind_scheduler.domain.planning.preview import LONGEST_HOLD, Asked, Preview, PreviewStatus
from marketmind_scheduler.domain.planning.problem import Objective
from marketmind_scheduler.domain.schedulers import SchedulerKind

_LONGEST_HOLD_SECONDS = int(LONGEST_HOLD.total_seconds())

PlanId = Annotated[UUID, Meta(description="UUIDv7", examples=["019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8e"])]
PlanHash = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[^\u0000]*$",
        description="The digest of all that the plan was made of and says; the same request with nothing changed has "
        "the same",
        examples=["5f2b8d0c7e1a4f6b9c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b"],
    ),
]


class PlanIn(CampaignToPlanIn, frozen=True):
    hold_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=_LONGEST_HOLD_SECONDS,
            description="For how long its slots are kept for it; this needs the scope `schedules:write`",
        ),
    ] = 0
    grid_minutes: Annotated[
        Literal[15, 30, 60], Meta(description="Which minutes of the hour may be chosen: every 15, 30 or 60")
    ] = 30
    objective: Annotated[
        Objective,
        Meta(
            description="What is made as large as possible: the sum of what the hours are worth, or that less what "
            "each post loses right behind another of its platform"
        ),
    ] = Objective.OWN_POST_DECAY
    exploration: Annotated[
        bool, Meta(description="Whether hours of which little is known may be tried, in a plan of up to 500 posts")
    ] = True

    instruction: Instruction | None = None
    accept_patch: PatchHash | None = None

    def asked(self) -> Asked:
        """Raises ContradictoryPlanning, InstructionWithoutAgent."""
        self._check_instruction()
        return Asked(
            scheduler=self.scheduler,
            platforms=frozenset(self.platforms),
            renewal=self.renewal(),
            grid_minutes=self.grid_minutes,
            objective=self.objective,
            explores=self.exploration,
            hold=timedelta(seconds=self.hold_seconds),
        )

    def _check_instruction(self) -> None:
        for field in ("instruction", "accept_patch"):
            if getattr(self, field) is not None and self.scheduler is not SchedulerKind.AGENTIC:
                raise InstructionWithoutAgent(field=field, scheduler=self.scheduler)
        if self.accept_patch is not None and self.instruction is None:
            raise InstructionWithoutAgent(field="accept_patch", scheduler=self.scheduler)


class PlanSummary(Struct, frozen=True, kw_only=True):
    plan_id: PlanId
    plan_hash: PlanHash
    campaign_id: CampaignId
    brand_id: BrandId
    scheduler: Annotated[SchedulerKind, Meta(description="Who chose the times")]
    status: Annotated[PreviewStatus, Meta(description="What became of it")]
    posts: Annotated[int, Meta(ge=0, description="How many posts it places")]
    left_out: Annotated[int, Meta(ge=0, description="How many it cannot place")]
    understood_rules: Annotated[int, Meta(ge=0, description="The version of the brand's policy that it obeys")]
    created_at: Moment
    expires_at: Annotated[Moment | None, Meta(description="Until when its slots are kept for it; null: they are not")]

    @classmethod
    def of_preview(cls, preview: Preview) -> Self:
        return cls(**_summary(preview))


class PlanOut(PlanSummary, frozen=True, kw_only=True):
    placements: Annotated[list[PlacementOut], Meta(description="In time order")]
    kept: Annotated[list[ScheduleOut], Meta(description="What stands and stays, as it is now")]
    replaces: Annotated[list[ScheduleOut], Meta(description="What a commit cancels, as it is now")]
    unplaced: Annotated[list[UnplacedOut], Meta(description="What it cannot place, and why")]
    violations: Annotated[list[ViolationOut], Meta(description="The rules that it breaks")]
    forecast: Annotated[
        list[ForecastOut], Meta(description="Of each platform's caps the fullest window, once it is committed")
    ]
    certificate: Annotated[
        PlanCertificateOut | None,
        Meta(description="How good it is shown to be, as a whole and by platform; null for what follows a fixed rule"),
    ]
    fallback: Annotated[
        Fallback | None,
        Meta(description="Why these are the naive rule's times, though others were asked for; null: they are not"),
    ]
    warnings: Annotated[
        list[str], Meta(description="What to know of it, a sentence each: caps that refuse nothing, what was not done")
    ]
    would_commit: Annotated[bool, Meta(description="Whether it could be committed now")]
    changed: Annotated[
        list[Part],
        Meta(
            description="What of that which it was made of is otherwise now; where no time is in the way it commits",
        ),
    ]
    in_the_way: Annotated[list[str], Meta(description="What of it cannot stand any more")]
    scheduled_by: Annotated[
        ScheduledBy | None,
        Meta(description="Whether a language model chose it; null where none was to take part"),
    ]
    reason: Annotated[FallbackReason | None, Meta(description="Why no language model chose it")]
    instruction: Annotated[
        InstructionStanding | None,
        Meta(
            description="What was made of the instruction; it is not applied where it `needs_acceptance`, or was "
            "`not_understood`. Null: none was given"
        ),
    ]
    patch_hash: Annotated[
        str | None, Meta(description="What to name in `accept_patch` to agree to what was understood", examples=[None])
    ]
    understood: Annotated[
        list[UnderstoodOut], Meta(description="What was understood of the instruction, field by field")
    ]
    instruction_cost: Annotated[
        float | None,
        Meta(description="The part of the plan's worth that the instruction takes, 0 to 1", examples=[None]),
    ]
    ignored_looser: Annotated[
        list[str],
        Meta(
            description="The fields in which the words ask for more than the rules allow, so that these stay",
            examples=[[]],
        ),
    ]

    @classmethod
    def of(cls, shown: Shown) -> Self:
        preview, titles = shown.preview, shown.titles
        return cls(
            **_summary(preview),
            placements=[PlacementOut.of(each, titles, preview.plan.scheduler) for each in preview.plan.placements],
            kept=_schedules(preview.kept, shown),
            replaces=_schedules(preview.replaces, shown),
            unplaced=[UnplacedOut.of(each, titles) for each in preview.plan.unplaced],
            violations=told(preview.plan.violations),
            forecast=[ForecastOut.of(each) for each in preview.forecast],
            certificate=PlanCertificateOut.of_plan(preview.plan, preview.asked),
            fallback=preview.plan.fallback,
            warnings=list(preview.warnings()),
            would_commit=shown.would_commit,
            changed=list(shown.changed),
            in_the_way=list(shown.broken),
            **agent_fields(preview.agent),
        )


class PlanPage(Struct, frozen=True, kw_only=True):
    items: Annotated[list[PlanSummary], Meta(description="The latest first")]
    next_cursor: Cursor


class _Summary(TypedDict):
    plan_id: UUID
    plan_hash: str
    campaign_id: UUID
    brand_id: UUID
    scheduler: SchedulerKind
    status: PreviewStatus
    posts: int
    left_out: int
    understood_rules: int
    created_at: datetime
    expires_at: datetime | None


def _summary(preview: Preview) -> _Summary:
    return {
        "plan_id": preview.plan_id,
        "plan_hash": preview.plan_hash,
        "campaign_id": preview.campaign_id,
        "brand_id": preview.brand_id,
        "scheduler": preview.asked.scheduler,
        "status": preview.status,
        "posts": len(preview.plan.placements),
        "left_out": len(preview.plan.unplaced),
        "understood_rules": preview.policy_version,
        "created_at": preview.created_at,
        "expires_at": preview.expires_at,
    }


def _schedules(ids: Sequence[UUID], shown: Shown) -> list[ScheduleOut]:
    return [ScheduleOut.of(shown.schedules[each]) for each in ids if each in shown.schedules]


def shown_so_far(found: Shown | Preparation) -> PlanOut | PreparationOut:
    """A plan, or how far it is."""
    return PlanOut.of(found) if isinstance(found, Shown) else PreparationOut.of(found)
