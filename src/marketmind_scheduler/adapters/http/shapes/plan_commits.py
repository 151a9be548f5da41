"""Plans as they are committed."""

from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Body, CampaignId
from marketmind_scheduler.adapters.http.shapes.plans import PlanHash, PlanId
from marketmind_scheduler.adapters.http.shapes.schedules import ScheduleOut
from marketmind_scheduler.application.planning.shown import Committed
from marketmind_scheduler.domain.planning.digests import Part


class CommitIn(Body, frozen=True):
    plan_hash: Annotated[PlanHash, Meta(description="The `plan_hash` of the plan that is agreed to")]
    ignore_instruction: Annotated[
        bool, Meta(description="Commit it although it does not follow the instruction that was given for it")
    ] = False


class CommittedOut(Struct, frozen=True, kw_only=True):
    plan_id: PlanId
    campaign_id: CampaignId
    schedules: Annotated[list[ScheduleOut], Meta(description="In time order")]
    changed: Annotated[
        list[Part],
        Meta(
            description="What was otherwise by then than when it was shown, without touching its times", examples=[[]]
        ),
    ]

    @classmethod
    def of(cls, plan_id: UUID, committed: Committed) -> Self:
        return cls(
            plan_id=plan_id,
            campaign_id=committed.campaign_id,
            schedules=[ScheduleOut.of(schedule) for schedule in committed.schedules],
            changed=list(committed.changed),
        )
