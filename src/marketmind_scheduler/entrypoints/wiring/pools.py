"""The connections of one process to its database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from marketmind_scheduler.adapters.postgres.backends import Backends
from marketmind_scheduler.adapters.postgres.pool import OnQuery, Pool, open_pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import LONGEST_REQUEST_SECONDS
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.embedded import url_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Plain requests, those with a key, which hold a connection each, and dispatch have their own."""

    requests: Pool
    keyed_requests: Pool
    dispatch: Pool

    @property
    def by_name(self) -> Mapping[str, Pool]:
        return {"requests": self.requests, "keyed_requests": self.keyed_requests, "dispatch": self.dispatch}


@asynccontextmanager
async def pools_of(settings: Settings, url: str, *, dispatch: int, on_query: OnQuery | None) -> AsyncGenerator[Pools]:
    """``dispatch`` connections for dispatch. Together they never have more backends than they may have connections,
    whatever hangs."""
    size, now = settings.pool_size, url_now(settings, url)
    backends = Backends(most=2 * size + dispatch)
    async with (
        open_pool(url, size=size, on_query=on_query, backends=backends, url_now=now) as requests,
        open_pool(
            url,
            size=size,
            idle_seconds=LONGEST_REQUEST_SECONDS,
            on_query=on_query,
            backends=backends,
            url_now=now,
        ) as keyed_requests,
        open_pool(
            url, size=dispatch, plans_once=True, on_query=on_query, backends=backends, url_now=now
        ) as of_dispatch,
    ):
        yield Pools(requests=requests, keyed_requests=keyed_requests, dispatch=of_dispatch)
