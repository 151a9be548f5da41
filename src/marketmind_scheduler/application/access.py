"""Who a caller is, by what they show; and the keys that services show."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from marketmind_scheduler.domain.access import JWT_PREFIX, ApiKey, Caller, Reach, Scope
from marketmind_scheduler.domain.errors import InvalidCredentials
from marketmind_scheduler.ports.access import ApiKeys, TokenVerifier
from marketmind_scheduler.ports.clock import Clock

_KEY = re.compile(r"mms_([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
_SECRET_BYTES = 32
_NOBODYS_DIGEST = bytes(32)
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Checks credentials. Nothing is remembered between two calls, so a revoked key is refused from then on."""

    keys: ApiKeys
    tokens: TokenVerifier | None
    clock: Clock

    async def caller(self, credential: str) -> Caller:
        """Who shows this key or token; raises InvalidCredentials, and what ``TokenVerifier.verify`` raises."""
        if shown := _KEY.fullmatch(credential):
            return await self._holder(*shown.groups())
        if self.tokens is None or credential.startswith("mms_"):
            raise InvalidCredentials
        return await self.tokens.verify(credential)

    async def _holder(self, key_id: str, secret: str) -> Caller:
        key = await self.keys.find(key_id)
        is_right = hmac.compare_digest(_digest(secret), key.digest if key else _NOBODYS_DIGEST)
        now = self.clock.now()
        if key is None or not is_right or not key.is_live(now):
            raise InvalidCredentials
        if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
            await self.keys.used(key_id, at=now)
        return key.caller


class UnknownKeyError(Exception):
    """An operator named a key that does not live."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no live key {key_id!r}; `keys list` shows all of them")


class KeyNameTakenError(Exception):
    """An operator asked for a second key of a service."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} has a live key already; `keys rotate` gives it a second one")


class KeyNameReservedError(Exception):
    """An operator asked for a key with a name that callers with a token have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} begins with {JWT_PREFIX}, as callers with a token do; choose another name")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with what its service is to send: the only time that this can be seen."""

    key: ApiKey
    credential: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys of services, as their operator sees them."""

    keys: ApiKeys
    clock: Clock

    async def create(
        self, name: str, *, scopes: Collection[Scope], reach: Reach, expires_at: datetime | None
    ) -> IssuedKey:
        """A key for a service that has none; raises KeyNameTakenError and KeyNameReservedError."""
        if name.startswith(JWT_PREFIX):
            raise KeyNameReservedError(name)
        now = self.clock.now()
        if any(key.name == name and key.is_live(now) for key in await self.keys.list()):
            raise KeyNameTakenError(name)
        return await self._issue(name, frozenset(scopes), reach, expires_at)

    async def list(self) -> Sequence[ApiKey]:
        """All keys, also those that are over, by name and then by age."""
        return await self.keys.list()

    async def rotate(self, key_id: str, *, overlap: timedelta) -> IssuedKey:
        """A second key that may do the same, for as long; the first ends after ``overlap``. Raises UnknownKeyError."""
        old = await self._live(key_id)
        issued = await self._issue(old.name, old.scopes, old.reach, old.expires_at)
        await self.keys.expire(key_id, at=self.clock.now() + overlap)
        return issued

    async def revoke(self, key_id: str) -> ApiKey:
        """Refuse this key from now on; raises UnknownKeyError."""
        key = await self._live(key_id)
        await self.keys.revoke(key_id, now=self.clock.now())
        return key

    async def _live(self, key_id: str) -> ApiKey:
        key = await self.keys.find(key_id)
        if key is None or not key.is_live(self.clock.now()):
            raise UnknownKeyError(key_id)
        return key

    async def _issue(self, name: str, scopes: frozenset[Scope], reach: Reach, expires_at: datetime | None) -> IssuedKey:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=secrets.token_hex(6),
            name=name,
            digest=_digest(secret),
            scopes=scopes,
            reach=reach,
            created_at=self.clock.now(),
            expires_at=expires_at,
        )
        await self.keys.add(key)
        return IssuedKey(key, f"mms_{key.key_id}.{secret}")


def key_id_in(credential: str) -> str | None:
    """The public part of what looks like one of our keys."""
    shown = _KEY.fullmatch(credential)
    return shown.group(1) if shown else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
