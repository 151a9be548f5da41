"""Deleting in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.audience.observations import History
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.event import AnyEvent, DeletionEvent, Event
from marketmind_scheduler.domain.planning.preview import Preview
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.rules.policy import Blackout
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.transitions import Locked
from tests.fakes.rows import Rows, View


class InMemoryErasures:
    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def lock_posts(self, doomed: Doomed) -> Sequence[UUID]:
        rows = self._view()
        return sorted(
            post.post_id
            for post in rows.posts.values()
            if doomed.object_id == _part_of(post, doomed.noun) and post.post_id not in rows.deleted
        )

    async def lock_active(self, post_ids: Collection[UUID]) -> Sequence[Locked]:
        active = [row for row in self._view().rows_of(post_ids) if row.schedule.is_active]
        return [row.locked(self._clock.now()) for row in sorted(active, key=lambda row: row.schedule_id)]

    async def erase(self, doomed: Doomed, post_ids: Collection[UUID], *, cancelled: int, at: datetime) -> None:
        rows = self._view()
        if doomed.object_id not in rows.deleted:
            self._tell(rows, doomed, posts=len(post_ids), cancelled=cancelled)
        for post_id in post_ids:
            rows.put_post(replace(rows.posts[post_id], title="", s3_url="", updated_at=at))
        self._erase_schedules(rows, post_ids)
        for preview in [each for each in rows.previews.values() if _speaks_of(each, doomed)]:
            rows.previews[preview.plan_id] = replace(preview, expires_at=None)
        _erase_agent_texts(rows, doomed)
        wholes = self._erase_wholes(rows, doomed, at)
        rows.outbox = _without_texts(rows.outbox, post_ids)
        rows.events = _without_texts(rows.events, post_ids)
        rows.deleted |= {*post_ids, *wholes}

    def _tell(self, rows: Rows, doomed: Doomed, *, posts: int, cancelled: int) -> None:
        post, campaign = rows.posts.get(doomed.object_id), rows.campaigns.get(doomed.object_id)
        whole = post or campaign or rows.brands[doomed.object_id]
        told = DeletionEvent(
            position=0,
            kind=doomed.told_as,
            brand_id=whole.brand_id,
            campaign_id=None if isinstance(whole, Brand) else whole.campaign_id,
            post_id=post and post.post_id,
            posts=posts,
            cancelled=cancelled,
            occurred_at=self._clock.now(),
            actor=rows.actor,
        )
        rows.outbox = (*rows.outbox, told)

    def _erase_schedules(self, rows: Rows, post_ids: Collection[UUID]) -> None:
        for row in rows.rows_of(post_ids):
            erased = replace(row.schedule, error=None, note=None)
            rows.schedules[row.schedule_id] = replace(row, schedule=erased, sent=None)
        for key, record in rows.attempts.items():
            if rows.schedules[key[0]].schedule.post_id in post_ids:
                rows.attempts[key] = replace(record, title=None, s3_url=None, reason=None)

    def _erase_wholes(self, rows: Rows, doomed: Doomed, at: datetime) -> set[UUID]:
        erased = set[UUID]()
        for campaign in list(rows.campaigns.values()):
            if doomed.object_id in (campaign.campaign_id, campaign.brand_id):
                rows.campaigns[campaign.campaign_id] = replace(campaign, name="", goal="", updated_at=at)
                erased.add(campaign.campaign_id)
        if doomed.noun is Noun.BRAND:
            brand = rows.brands[doomed.object_id]
            content = replace(brand.content, name="", tone_profile="")
            rows.brands[doomed.object_id] = replace(brand, content=content, updated_at=at)
            _erase_audience(rows, doomed.object_id)
            erased.add(doomed.object_id)
            _erase_rules(rows, doomed.object_id)
        return erased


def _erase_rules(rows: Rows, brand_id: UUID) -> None:
    rows.policies[brand_id] = tuple(
        replace(
            policy,
            rules=tuple(replace(each, name=None) if isinstance(each, Blackout) else each for each in policy.rules),
        )
        for policy in rows.policies.get(brand_id, ())
    )
    rows.own_caps[brand_id] = tuple(
        (platform, cap and replace(cap, source="")) for platform, cap in rows.own_caps.get(brand_id, ())
    )


def _erase_agent_texts(rows: Rows, doomed: Doomed) -> None:
    erased = {
        each.chain_hash
        for each in rows.agent_runs
        if each.chain_hash in rows.agent_texts
        and doomed.object_id in (each.brand_id, rows.agent_texts[each.chain_hash][0])
    }
    rows.forget_agent_texts(erased)


def _erase_audience(rows: Rows, brand_id: UUID) -> None:
    for key, each in rows.observations.items():
        if each.brand_id == brand_id and isinstance(each.of, History):
            rows.observations[key] = replace(each, of=replace(each.of, reference=None))
    for lane in [lane for lane in rows.refits if lane[0] == brand_id]:
        del rows.refits[lane]


def _speaks_of(preview: Preview, doomed: Doomed) -> bool:
    return doomed.object_id in (preview.brand_id, preview.campaign_id, *preview.post_ids)


def _part_of(post: Post, noun: Noun) -> UUID | None:
    return {Noun.POST: post.post_id, Noun.CAMPAIGN: post.campaign_id, Noun.BRAND: post.brand_id}[noun]


def _without_texts(events: Sequence[AnyEvent], post_ids: Collection[UUID]) -> tuple[AnyEvent, ...]:
    return tuple(
        replace(each, error=None, note=None) if isinstance(each, Event) and each.post_id in post_ids else each
        for each in events
    )
