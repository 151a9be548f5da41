"""A plan that is being made by a run that takes longer than a request."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PreparationStatus(StrEnum):
    PREPARING = "preparing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """``trouble`` says what its run has ended with, by a problem's code and in words; without one it has failed once
    its ``deadline`` is over: whoever was at it is gone."""

    plan_id: UUID
    brand_id: UUID
    campaign_id: UUID
    begun_at: datetime
    deadline: datetime
    trouble: tuple[str, str] | None = None
    is_late: bool = False

    @property
    def status(self) -> PreparationStatus:
        return PreparationStatus.FAILED if self.trouble or self.is_late else PreparationStatus.PREPARING
