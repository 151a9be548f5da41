"""Deleting: rows locked, texts and kept answers emptied."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.queue_locks import lock_queued
from marketmind_scheduler.adapters.postgres.repositories.transitions import ACTIVE_OF_POSTS, locked_with
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.ports.storage import LostRace
from marketmind_scheduler.ports.transitions import Locked

# In an order that no index has, see LIST_OF_CAMPAIGN; BETWEEN, because of an equality the planner may believe that it
# leaves nothing out, and look through all posts.
_POSTS = """
SELECT post_id FROM posts WHERE {}_id BETWEEN $1 AND $1 AND deleted_at IS NULL ORDER BY post_id::text COLLATE "C"
"""
# Stronger than other locks of ours: whoever makes something part of it waits, and then finds it deleted.
_LOCK_WHOLE = "SELECT 1 FROM {0}s WHERE {0}_id = $1 FOR UPDATE"
_LOCK_CAMPAIGNS = "SELECT 1 FROM campaigns WHERE brand_id = $1 ORDER BY campaign_id FOR NO KEY UPDATE"
_OF_POSTS = "post_id = ANY($1::uuid[])"
# Schedules come first, and the queue before them: whoever tells of one has it locked.
OF_POSTS = (
    f"UPDATE queue SET sent_title = NULL, sent_s3_url = NULL WHERE {_OF_POSTS}",
    f"""
WITH locked AS MATERIALIZED (
  SELECT schedule_id, num_nonnulls(note, last_error) > 0 AS says_anything
    FROM schedules WHERE {_OF_POSTS} FOR NO KEY UPDATE)
UPDATE schedules s SET note = NULL, last_error = NULL
  FROM locked WHERE s.schedule_id = locked.schedule_id AND locked.says_anything
""",
    f"""
UPDATE attempts SET title = NULL, s3_url = NULL, reason = NULL
 WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM schedules WHERE {_OF_POSTS}))
""",
)
_ERASE_EVENTS = (
    f"UPDATE events SET error = NULL, note = NULL WHERE {_OF_POSTS} AND (error IS NOT NULL OR note IS NOT NULL)"
)
ERASE_POSTS = f"UPDATE posts SET title = '', s3_url = '', deleted_at = $2, updated_at = $2 WHERE {_OF_POSTS}"
_ERASE_CAMPAIGNS = """
UPDATE campaigns SET name = '', goal = '', deleted_at = $2, updated_at = $2
 WHERE {}_id = $1 AND deleted_at IS NULL RETURNING campaign_id
"""
_ERASE_BRAND = """
UPDATE brands SET brand_name = '', tone_profile = '', deleted_at = $2, updated_at = $2
 WHERE brand_id = $1 AND deleted_at IS NULL RETURNING brand_id
"""
_ERASE_RULES = """
UPDATE policies SET rules = (SELECT coalesce(jsonb_agg(rule - 'name' ORDER BY nth), '[]')
                               FROM jsonb_array_elements(rules) WITH ORDINALITY AS each(rule, nth))
 WHERE brand_id = $1
"""
_ERASE_REASONS = "UPDATE platform_cap_overrides SET reason = '' WHERE brand_id = $1"
# Whoever observes something of a brand's history has its brand locked.
_OF_AUDIENCE = (
    "UPDATE observations SET reference = NULL WHERE brand_id = $1 AND reference IS NOT NULL",
    "DELETE FROM refits WHERE brand_id = $1",
)
_GIVE_BACK: Mapping[Noun, str] = {
    Noun.POST: """
DELETE FROM reservations r USING previews p, posts o
 WHERE o.post_id = $1 AND r.brand_id = o.brand_id AND p.plan_id = r.plan_id
   AND position(o.post_id::text IN p.said::text) > 0
""",
    Noun.CAMPAIGN: "DELETE FROM reservations r USING previews p WHERE p.plan_id = r.plan_id AND p.campaign_id = $1",
    Noun.BRAND: "DELETE FROM reservations WHERE brand_id = $1",
}
# What was asked for in words; what was decided stays.
_ERASE_AGENT_TEXTS: Mapping[Noun, str] = {
    Noun.CAMPAIGN: """
DELETE FROM agent_texts
 WHERE brand_id = (SELECT brand_id FROM campaigns WHERE campaign_id = $1) AND campaign_id = $1
""",
    Noun.BRAND: "DELETE FROM agent_texts WHERE brand_id = $1",
}
_WHOLES: Mapping[Noun, Sequence[str]] = {
    Noun.POST: (),
    Noun.CAMPAIGN: (_ERASE_CAMPAIGNS.format("campaign"),),
    Noun.BRAND: (_ERASE_CAMPAIGNS.format("brand"), _ERASE_BRAND),
}
_IDS_TOLD: Mapping[Noun, str] = {
    Noun.POST: "post_id, campaign_id",
    Noun.CAMPAIGN: "NULL::uuid, campaign_id",
    Noun.BRAND: "NULL::uuid, NULL::uuid",
}
_TELL = """
INSERT INTO events (kind, brand_id, post_id, campaign_id, posts, cancelled)
SELECT $2, brand_id, {ids}, $3, $4 FROM {noun}s WHERE {noun}_id = $1
"""
# An index of what is in a list is read by no other way; what comes behind it in its transaction has none to choose.
_BY_WHAT_IS_LISTED = "SET LOCAL enable_bitmapscan = on"
ERASED = 410
"""The status that is kept of an answer that was emptied when something it named was deleted."""
# That they were given stays, for what was asked for under their keys is not done again.
_ERASE_ANSWERS = f"""
UPDATE idempotency_keys SET status = {ERASED}, headers = '[]', body = '' WHERE ids && $1::uuid[] AND status IS NOT NULL
"""


class PostgresErasures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_posts(self, doomed: Doomed) -> Sequence[UUID]:
        posts = _POSTS.format(doomed.noun)
        locked = await self._connection.fetch(f"{posts} FOR NO KEY UPDATE", doomed.object_id)
        if doomed.noun is not Noun.POST:
            await self._connection.execute(_LOCK_WHOLE.format(doomed.noun), doomed.object_id)
            if await self._connection.fetch(posts, doomed.object_id) != locked:
                raise LostRace
        if doomed.noun is Noun.BRAND:
            await self._connection.execute(_LOCK_CAMPAIGNS, doomed.object_id)
        return [row["post_id"] for row in locked]

    async def lock_active(self, post_ids: Collection[UUID]) -> Sequence[Locked]:
        queued = await lock_queued(self._connection, ACTIVE_OF_POSTS, list(post_ids))
        return await locked_with(self._connection, queued, queued)

    async def erase(self, doomed: Doomed, post_ids: Collection[UUID], *, cancelled: int, at: datetime) -> None:
        for piece in pieces([*post_ids]):
            await self._erase_posts(piece, at)
        await self._connection.execute(_GIVE_BACK[doomed.noun], doomed.object_id)
        if doomed.noun is Noun.BRAND:
            for erasing in _OF_AUDIENCE:
                await self._connection.execute(erasing, doomed.object_id)
        if doomed.noun in _ERASE_AGENT_TEXTS:
            await self._connection.execute(_ERASE_AGENT_TEXTS[doomed.noun], doomed.object_id)
        erased: list[UUID] = [*post_ids]
        for erasing in _WHOLES[doomed.noun]:
            erased += [row[0] for row in await self._connection.fetch(erasing, doomed.object_id, at)]
        if doomed.noun is Noun.BRAND:
            await self._connection.execute(_ERASE_RULES, doomed.object_id)
            await self._connection.execute(_ERASE_REASONS, doomed.object_id)
        await self._connection.execute(_BY_WHAT_IS_LISTED)
        for piece in pieces(erased):
            await self._connection.execute(_ERASE_ANSWERS, piece)
        if doomed.object_id in erased:
            tell = _TELL.format(ids=_IDS_TOLD[doomed.noun], noun=doomed.noun)
            await self._connection.execute(tell, doomed.object_id, doomed.told_as, len(post_ids), cancelled)

    async def _erase_posts(self, post_ids: Sequence[UUID], at: datetime) -> None:
        for erasing in OF_POSTS:
            await self._connection.execute(erasing, post_ids)
        await self._connection.execute(ERASE_POSTS, post_ids, at)
        await self._connection.execute(_ERASE_EVENTS, post_ids)
