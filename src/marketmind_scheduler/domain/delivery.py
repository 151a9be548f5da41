"""What whoever publishes a post is told of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.post import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Known from when a post is scheduled: whatever would be refused for what this says, can be refused beforehand."""

    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    campaign_id: UUID | None
    platform: Platform
    title: str
    s3_url: str
    publish_time: datetime
