"""A post: what is said on one platform."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.errors import FixedField, UnusableMedia
from marketmind_scheduler.domain.media import flaw_of_media_url
from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept, needed


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
    position: int  # rises in the order of its campaign's posts
    created_at: datetime
    updated_at: datetime
    warnings: tuple[str, ...] = ()  # what to know of it where it has just changed

    def says_the_same_as(self, other: "Post") -> bool:
        """Whether the same would be sent."""
        return (self.title, self.s3_url, self.campaign_id) == (other.title, other.s3_url, other.campaign_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostChange:
    """What a caller says of a post. A ``campaign_id`` of None: it is to have none."""

    post_id: UUID
    brand_id: UUID | Unsaid = UNSAID
    campaign_id: UUID | Unsaid | None = UNSAID
    title: str | Unsaid = UNSAID
    s3_url: str | Unsaid = UNSAID
    platform: Platform | Unsaid = UNSAID

    def over(self, stored: Post | None, *, now: datetime) -> Post:
        """The post as it is after this: ``stored`` itself where nothing of it changes. Raises FieldMissing, FixedField
        for another brand or platform, UnusableMedia for a URL that was not there before."""
        self._check_media(stored)
        if stored is None:
            return self._new(now)
        self._check_fixed(stored)
        changed = replace(
            stored,
            campaign_id=kept(self.campaign_id, stored.campaign_id),
            title=kept(self.title, stored.title),
            s3_url=kept(self.s3_url, stored.s3_url),
        )
        return stored if changed == stored else replace(changed, updated_at=now)

    def _new(self, now: datetime) -> Post:
        return Post(
            post_id=self.post_id,
            brand_id=needed(self.brand_id, "post", "brand_id"),
            campaign_id=kept(self.campaign_id, None),
            title=needed(self.title, "post", "title"),
            s3_url=needed(self.s3_url, "post", "s3_url"),
            platform=needed(self.platform, "post", "platform"),
            position=0,
            created_at=now,
            updated_at=now,
        )

    def _check_media(self, stored: Post | None) -> None:
        if isinstance(self.s3_url, Unsaid) or (stored and stored.s3_url == self.s3_url):
            return
        if flaw := flaw_of_media_url(self.s3_url):
            raise UnusableMedia(self.post_id, flaw)

    def _check_fixed(self, stored: Post) -> None:
        for field, current, given in (
            ("brand_id", stored.brand_id, kept(self.brand_id, stored.brand_id)),
            ("platform", stored.platform, kept(self.platform, stored.platform)),
        ):
            if given != current:
                raise FixedField("post", self.post_id, field=field, current=current, given=given)
