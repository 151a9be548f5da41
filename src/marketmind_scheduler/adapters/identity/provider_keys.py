"""The identity provider's keys, kept for a while and read again when they may have changed."""

import asyncio
import math
from collections.abc import Callable

import structlog
from jwt import PyJWK

from marketmind_scheduler.adapters.identity.key_set import KeySet, read_key_set
from marketmind_scheduler.adapters.identity.key_sources import KeySource, KeysUnreadable
from marketmind_scheduler.domain.errors import IdentityProviderUnavailable

log = structlog.get_logger()


class ProviderKeys:
    """Read when first asked for, when they are no longer fresh, and when an unknown one is asked for; never more often
    than the source's ``pause``, and once for all who ask at the same time. What cannot be read changes nothing."""

    def __init__(self, source: KeySource, *, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._read_at = -math.inf
        self._tried_at = -math.inf
        self._reading = asyncio.Lock()

    async def find(self, kid: str, algorithm: str) -> PyJWK | None:
        """The key of this id for this algorithm; raises IdentityProviderUnavailable while there are no keys at all."""
        wanted = (kid, algorithm)
        if self._is_worth_reading(wanted):
            async with self._reading:
                if self._is_worth_reading(wanted):
                    await self._read()
        if self._keys is None:
            raise IdentityProviderUnavailable
        return self._keys.get(wanted)

    def _is_worth_reading(self, wanted: tuple[str, str]) -> bool:
        now = self._monotonic()
        is_fresh = now - self._read_at < self._source.fresh_for
        if is_fresh and self._keys is not None and wanted in self._keys:
            return False
        return now - self._tried_at >= self._source.pause

    async def _read(self) -> None:
        try:
            self._keys = read_key_set(await self._source.read())
            self._read_at = self._monotonic()
        except KeysUnreadable as unreadable:
            log.warning(
                "the identity provider's keys cannot be used",
                place=self._source.place,
                why=str(unreadable),
                has_old_ones=self._keys is not None,
            )
        finally:
            self._tried_at = self._monotonic()
