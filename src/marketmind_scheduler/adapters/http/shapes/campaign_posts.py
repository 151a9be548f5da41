"""A campaign's posts as they are sent and answered all at once."""

from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType

from marketmind_scheduler.adapters.http.shapes.fields import (
    MOST_POSTS_IN_A_BODY,
    MOST_POSTS_IN_AN_ORDER,
    Body,
    CampaignId,
    MediaUrl,
    PostId,
    Title,
)
from marketmind_scheduler.adapters.http.shapes.unset import said
from marketmind_scheduler.application.campaign_posts import Ordered, Registered
from marketmind_scheduler.domain.post import Platform, PostChange


class CampaignPostIn(Body, frozen=True):
    """What is left out stays as it is stored. A new post needs its title, media and platform."""

    post_id: PostId
    title: Title | UnsetType = UNSET
    s3_url: MediaUrl | UnsetType = UNSET
    platform: Platform | UnsetType = UNSET

    def said(self) -> PostChange:
        return PostChange(
            post_id=self.post_id, title=said(self.title), s3_url=said(self.s3_url), platform=said(self.platform)
        )


class CampaignPostsIn(Body, frozen=True):
    posts: Annotated[list[CampaignPostIn], Meta(min_length=1, max_length=MOST_POSTS_IN_A_BODY)]


class CampaignPostsOut(Struct, frozen=True, kw_only=True, omit_defaults=True):
    campaign_id: CampaignId
    post_count: Annotated[int, Meta(ge=0, description="How many posts the campaign has now", examples=[3])]
    created: Annotated[int, Meta(ge=0, description="Posts of this body that are new", examples=[3])]
    updated: Annotated[int, Meta(ge=0, description="Posts that changed", examples=[0])]
    reordered: Annotated[int, Meta(ge=0, description="Posts that have another place among them now", examples=[0])]
    unchanged: Annotated[int, Meta(ge=0, description="Posts that stood as given already", examples=[0])]
    warnings: Annotated[
        list[str],
        Meta(description="Only where posts changed after a send had begun: what is live may be what they said before"),
    ] = []

    @classmethod
    def of(cls, registered: Registered) -> Self:
        return cls(
            campaign_id=registered.campaign.campaign_id,
            post_count=registered.campaign.post_count,
            created=registered.created,
            updated=registered.updated,
            reordered=registered.reordered,
            unchanged=registered.unchanged,
            warnings=list(registered.warnings),
        )


class PostOrderIn(Body, frozen=True):
    post_ids: Annotated[
        list[PostId],
        Meta(max_length=MOST_POSTS_IN_AN_ORDER, description="All of the campaign's posts, each once, in order"),
    ]


class PostOrderOut(Struct, frozen=True, kw_only=True):
    campaign_id: CampaignId
    post_count: Annotated[int, Meta(ge=0, description="How many posts the campaign has", examples=[3])]
    reordered: Annotated[int, Meta(ge=0, description="Posts that have another place now", examples=[2])]

    @classmethod
    def of(cls, ordered: Ordered) -> Self:
        campaign = ordered.campaign
        return cls(campaign_id=campaign.campaign_id, post_count=campaign.post_count, reordered=ordered.reordered)
