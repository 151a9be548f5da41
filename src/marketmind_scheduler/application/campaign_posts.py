"""A campaign's posts, all at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.campaign_statuses import follow_schedules
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import DuplicatePost, OrderIncomplete, PostInOtherCampaign
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.saying import FieldMissing
from marketmind_scheduler.domain.schedule import what_is_live
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.unhurried import unhurried


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of a body of posts: how many were new, changed, given another place, or as they stood already."""

    campaign: Campaign
    created: int
    updated: int
    reordered: int
    unchanged: int
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A campaign whose posts are in order now, and how many of them have another place."""

    campaign: Campaign
    reordered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPosts:
    storage: Storage
    clock: Clock

    @repeats_lost_races
    async def register(self, campaign_id: UUID, said: Sequence[PostChange]) -> Registered:
        """Register a campaign's posts, all or nothing; the same body again changes nothing. Among themselves they take
        the given order; other posts keep their places.

        A post without a campaign joins this one. Raises CampaignNotFound, DuplicatePost, FieldMissing, FixedField for
        another platform or a post of another brand, PostInOtherCampaign.
        """
        given = [each.post_id for each in said]
        _check_each_once(given)
        now = self.clock.now()
        async with self.storage.unit_of_work() as work:
            campaign = await work.campaigns.get(campaign_id)
            known = {post.post_id: post for post in await work.posts.find_all(given)}
            posts = await _all_over(known, campaign, said, now=now)
            changed = [post for post in posts if post != known.get(post.post_id)]
            await work.posts.save(changed)
            if joined := [post.post_id for post in changed if _has_joined(post, known)]:
                await work.bookings.follow_campaigns(joined)
            told = await work.bookings.tell_post_changed([each.post_id for each in changed if _says_anew(each, known)])
            if not _is_in_order(given, known):
                await work.campaigns.arrange(given, now=now)
            stored = await work.campaigns.get(campaign_id)
            await work.commit()
        if joined:
            await follow_schedules(self.storage, [campaign_id])
        updated = {post.post_id for post in changed} & known.keys()
        reordered = _reordered(given, known)
        return Registered(
            campaign=stored,
            created=len(posts) - len(known),
            updated=len(updated),
            reordered=len(reordered),
            unchanged=len(known.keys() - updated - reordered),
            warnings=what_is_live(told),
        )

    @repeats_lost_races
    async def order(self, campaign_id: UUID, given: Sequence[UUID]) -> Ordered:
        """Put all of a campaign's posts in order. What is scheduled keeps its time.

        Raises CampaignNotFound, DuplicatePost, OrderIncomplete.
        """
        _check_each_once(given)
        async with self.storage.unit_of_work() as work:
            campaign = await work.campaigns.get(campaign_id)
            stood = await work.posts.lock_of_campaign(campaign_id, platforms=frozenset(Platform))
            _check_names_all(campaign_id, stood, given)
            reordered = _placed_otherwise(stood, given)
            if reordered:
                await work.campaigns.arrange(given, now=self.clock.now())
                await work.commit()
        return Ordered(campaign=campaign, reordered=len(reordered))


def _check_each_once(given: Sequence[UUID]) -> None:
    named = set[UUID]()
    for post_id in given:
        if post_id in named:
            raise DuplicatePost(post_id)
        named.add(post_id)


def _check_names_all(campaign_id: UUID, stood: Sequence[UUID], given: Sequence[UUID]) -> None:
    theirs, named = set(stood), set(given)
    missing = [post_id for post_id in stood if post_id not in named]
    foreign = [post_id for post_id in given if post_id not in theirs]
    if missing or foreign:
        raise OrderIncomplete(campaign_id, missing=missing, foreign=foreign)


def _is_in_order(given: Sequence[UUID], known: Mapping[UUID, Post]) -> bool:
    """Whether they stand so already, with what is new behind all others."""
    places = [known[post_id].position if post_id in known else math.inf for post_id in given]
    return places == sorted(places)


def _reordered(given: Sequence[UUID], known: Mapping[UUID, Post]) -> set[UUID]:
    """Those known that have another place among themselves."""
    stood = sorted(known, key=lambda post_id: known[post_id].position)
    return _placed_otherwise(stood, [post_id for post_id in given if post_id in known])


def _placed_otherwise(stood: Sequence[UUID], given: Sequence[UUID]) -> set[UUID]:
    return {post_id for before, post_id in zip(stood, given, strict=True) if before != post_id}


def _in(campaign: Campaign, said: PostChange) -> PostChange:
    return replace(said, brand_id=campaign.brand_id, campaign_id=campaign.campaign_id)


async def _all_over(
    known: Mapping[UUID, Post], campaign: Campaign, said: Sequence[PostChange], *, now: datetime
) -> Sequence[Post]:
    posts: list[Post] = []
    async for nth, each in unhurried(enumerate(said)):
        try:
            posts.append(_over(known.get(each.post_id), _in(campaign, each), now=now))
        except FieldMissing as missing:
            raise FieldMissing(missing.noun, missing.field, nth=nth) from None
    return posts


def _over(known: Post | None, said: PostChange, *, now: datetime) -> Post:
    post = said.over(known, now=now)
    if known and known.campaign_id not in (None, post.campaign_id):
        raise PostInOtherCampaign(post.post_id, campaign_id=known.campaign_id)
    return post


def _says_anew(post: Post, known: Mapping[UUID, Post]) -> bool:
    return post.post_id in known and not post.says_the_same_as(known[post.post_id])


def _has_joined(post: Post, known: Mapping[UUID, Post]) -> bool:
    return post.post_id in known and known[post.post_id].campaign_id is None
