"""Policies and the brands' own caps: SQL in, frozen values out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.rule_rows import of_window, to_cap, to_json, to_policy
from marketmind_scheduler.adapters.postgres.repositories.selections import where, within
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import PolicyVersionNotFound
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import PlatformCap
from marketmind_scheduler.domain.rules.policy import Policy

_GET = """
SELECT version, rules, updated_at AS ruled_at FROM policies
 WHERE brand_id = $1 AND version = coalesce($2, version) ORDER BY version DESC LIMIT 1
"""
_LATEST = "SELECT coalesce(max(version), 0) FROM policies WHERE brand_id = $1"
# A new version of the brand's row, though nothing in it is another: so whoever read the rules without a lock, and makes
# sure that the brand is as it was, knows that they are not.
_RENEWED = "WITH renewed AS (UPDATE brands SET updated_at = updated_at WHERE brand_id = $1)"
_ADD = f"""
{_RENEWED} INSERT INTO policies (brand_id, version, rules, is_across, updated_at) VALUES ($1, $2, $3, $4, $5)
"""
_CAPS = """
SELECT * FROM (SELECT DISTINCT ON (platform) * FROM platform_cap_overrides
                WHERE brand_id = $1 ORDER BY platform, revision DESC) own
 WHERE most IS NOT NULL ORDER BY platform
"""
_SET_CAP = f"""
{_RENEWED}
INSERT INTO platform_cap_overrides
       (brand_id, revision, platform, most, window_seconds, window_zone, reason, updated_at)
SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5, $6, $7 FROM platform_cap_overrides WHERE brand_id = $1
"""
_HAS_RULES = """(
  coalesce((SELECT rules FROM policies p WHERE p.brand_id = b.brand_id ORDER BY p.version DESC LIMIT 1) <> '[]', false)
  OR EXISTS (SELECT FROM platform_cap_overrides o WHERE o.brand_id = b.brand_id AND o.most IS NOT NULL OFFSET 0))"""


class PostgresPolicyRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, brand_id: UUID, *, version: int | None = None) -> Policy:
        row = await self._connection.fetchrow(_GET, brand_id, version)
        if row is not None:
            return to_policy(brand_id, row)
        if version:
            raise PolicyVersionNotFound(
                brand_id, version=version, latest=await self._connection.fetchval(_LATEST, brand_id)
            )
        return Policy(brand_id=brand_id)

    async def add(self, policy: Policy) -> None:
        rules = to_json(policy.rules)
        await self._connection.execute(
            _ADD, policy.brand_id, policy.version, rules, policy.is_across, policy.updated_at
        )

    async def caps_of(self, brand_id: UUID) -> Sequence[PlatformCap]:
        return [to_cap(dict(row)) for row in await self._connection.fetch(_CAPS, brand_id)]

    async def set_cap(self, brand_id: UUID, platform: Platform, cap: PlatformCap | None, *, at: datetime) -> None:
        window = of_window(cap and cap.window)
        limit, reason = (None, "") if cap is None else (cap.limit, cap.source)
        await self._connection.execute(_SET_CAP, brand_id, platform, limit, *window, reason, at)

    async def ruled_brands(self, *, among: Collection[UUID]) -> Sequence[UUID]:
        conditions = [
            within(self._reach, "b.brand_id"),
            ("b.brand_id = ANY({}::uuid[])", list(among)),
            ("b.deleted_at IS NULL",),
            (_HAS_RULES,),
        ]
        ruled, parameters = where(conditions, after=0)
        rows = await self._connection.fetch(f"SELECT b.brand_id FROM brands b{ruled} ORDER BY b.brand_id", *parameters)
        return [row["brand_id"] for row in rows]
