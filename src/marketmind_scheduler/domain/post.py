"""A post: what is said on one platform."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.errors import FixedField


class Platform(StrEnum):
    TWITTER = "TWITTER"
    YOUTUBE = "YOUTUBE"
    INSTAGRAM = "INSTAGRAM"
    LINKEDIN = "LINKEDIN"
    REDDIT = "REDDIT"
    TIKTOK = "TIKTOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is said on one platform; its media lie at ``s3_url``. ``brand_id`` and ``platform`` never change."""

    post_id: UUID
    brand_id: UUID
    campaign_id: UUID | None
    title: str
    s3_url: str
    platform: Platform
    position: int  # rises in the order in which posts were registered
    created_at: datetime
    updated_at: datetime

    def check_may_become(self, given: "Post") -> None:
        """Raises FixedField where its brand or its platform would change."""
        if self.brand_id != given.brand_id:
            raise FixedField("post", self.post_id, field="brand_id", current=self.brand_id, given=given.brand_id)
        if self.platform != given.platform:
            raise FixedField("post", self.post_id, field="platform", current=self.platform, given=given.platform)
