"""Keys of callers, made as an operator makes them."""

from collections.abc import Mapping

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import KeyRing
from marketmind_scheduler.domain.access import EVERYWHERE, Reach, Scope


async def a_key(database: str, name: str, *scopes: Scope, reach: Reach = EVERYWHERE) -> Mapping[str, str]:
    """The header that a service of this name sends."""
    async with open_pool(database, size=1) as pool:
        ring = KeyRing(keys=PostgresApiKeys(pool), clock=SystemClock())
        issued = await ring.create(name, scopes=scopes, reach=reach, expires_at=None)
    return {"authorization": f"Bearer {issued.credential}"}
