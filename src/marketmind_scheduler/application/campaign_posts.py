"""A campaign's posts, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.campaign_statuses import follow_schedules
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import DuplicatePost, PostInOtherCampaign
from marketmind_scheduler.domain.post import Post, PostChange
from marketmind_scheduler.domain.saying import FieldMissing
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of a body of posts: how many were new, changed, or as they stood already."""

    campaign: Campaign
    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPosts:
    storage: Storage
    clock: Clock

    @repeats_lost_races
    async def register(self, campaign_id: UUID, said: Sequence[PostChange]) -> Registered:
        """Register a campaign's posts in the given order, all or nothing; the same body again changes nothing.

        A post without a campaign joins this one. Raises CampaignNotFound, DuplicatePost, FieldMissing, FixedField for
        another platform or a post of another brand, PostInOtherCampaign.
        """
        _check_each_once(said)
        async with self.storage.unit_of_work() as work:
            campaign = await work.campaigns.get(campaign_id)
            known = {post.post_id: post for post in await work.posts.find_all([each.post_id for each in said])}
            posts = _all_over(known, [_in(campaign, each) for each in said], now=self.clock.now())
            changed = [post for post in posts if post != known.get(post.post_id)]
            await work.posts.save(changed)
            if joined := [post.post_id for post in changed if _has_joined(post, known)]:
                await work.bookings.follow_campaigns(joined)
            stored = await work.campaigns.get(campaign_id)
            await work.commit()
        if joined:
            await follow_schedules(self.storage, [campaign_id])
        created = len(posts) - len(known)
        return Registered(
            campaign=stored,
            created=created,
            updated=len(changed) - created,
            unchanged=len(posts) - len(changed),
        )


def _check_each_once(said: Sequence[PostChange]) -> None:
    named = set[UUID]()
    for each in said:
        if each.post_id in named:
            raise DuplicatePost(each.post_id)
        named.add(each.post_id)


def _in(campaign: Campaign, said: PostChange) -> PostChange:
    return replace(said, brand_id=campaign.brand_id, campaign_id=campaign.campaign_id)


def _all_over(known: Mapping[UUID, Post], said: Sequence[PostChange], *, now: datetime) -> Sequence[Post]:
    posts: list[Post] = []
    for nth, each in enumerate(said):
        try:
            posts.append(_over(known.get(each.post_id), each, now=now))
        except FieldMissing as missing:
            raise FieldMissing(missing.noun, missing.field, nth=nth) from None
    return posts


def _over(known: Post | None, said: PostChange, *, now: datetime) -> Post:
    post = said.over(known, now=now)
    if known and known.campaign_id not in (None, post.campaign_id):
        raise PostInOtherCampaign(post.post_id, campaign_id=known.campaign_id)
    return post


def _has_joined(post: Post, known: Mapping[UUID, Post]) -> bool:
    return post.post_id in known and known[post.post_id].campaign_id is None
