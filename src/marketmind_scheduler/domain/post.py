"""A post: what is said on one platform."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


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
