"""Who a caller is, by what they show; and the keys that services show."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from marketmind_scheduler.domain.access import ApiKey, Caller, Reach, Scope, flaw_of_name, is_key_id
from marketmind_scheduler.domain.errors import InvalidCredentials
from marketmind_scheduler.domain.quoting import quoted
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


class KeyRingError(Exception):
    """What an operator asked for cannot be done; the message says why, and what would be right."""


class UnknownKeyError(KeyRingError):
    """An operator named a key that does not live."""

    def __init__(self, named: str) -> None:
        super().__init__(f"there is no live key {quoted(named)}; `keys list` shows all of them")


class AmbiguousKeyError(KeyRingError):
    """An operator named a service that has several live keys."""

    def __init__(self, name: str, live: Sequence[ApiKey]) -> None:
        super().__init__(f"{quoted(name)} has {len(live)} live keys; name one by its id: {_listed(live)}")


class KeyNameTakenError(KeyRingError):
    """An operator asked for a second key of a service."""

    def __init__(self, name: str, live: Sequence[ApiKey]) -> None:
        super().__init__(f"{quoted(name)} has a live key already: {_listed(live)}; `keys rotate` gives it a second one")


class KeyNameRefusedError(KeyRingError):
    """An operator asked for a key with a name that none can have."""

    def __init__(self, name: str, flaw: str) -> None:
        super().__init__(f"{quoted(name)} {flaw}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with what its service is to send: the only time that this can be seen."""

    key: ApiKey
    credential: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A key and the one that takes its place: ``old`` with its end, and all the ``live`` ones of their name, by age."""

    old: ApiKey
    issued: IssuedKey
    live: Sequence[ApiKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys of services, as their operator sees them."""

    keys: ApiKeys
    clock: Clock

    async def create(
        self, name: str, *, scopes: Collection[Scope], reach: Reach, expires_at: datetime | None
    ) -> IssuedKey:
        """A key for a service that has none; raises KeyNameTakenError and KeyNameRefusedError."""
        if flaw := flaw_of_name(name):
            raise KeyNameRefusedError(name, flaw)
        if live := await self._live_of(name):
            raise KeyNameTakenError(name, live)
        return await self._issue(name, frozenset(scopes), reach, expires_at)

    async def list(self) -> Sequence[ApiKey]:
        """All keys, also those that are over, by name and then by age."""
        return await self.keys.list()

    async def rotate(self, named: str, *, overlap: timedelta) -> Rotation:
        """A second key that may do the same, for as long; the first, named by its id or its service, ends after
        ``overlap``. Raises UnknownKeyError and AmbiguousKeyError."""
        old = await self._live(named)
        issued = await self._issue(old.name, old.scopes, old.reach, old.expires_at)
        ends_at = self.clock.now() + overlap
        await self.keys.expire(old.key_id, at=ends_at)
        old = replace(old, expires_at=min(old.expires_at or ends_at, ends_at))
        return Rotation(old=old, issued=issued, live=await self._live_of(old.name))

    async def revoke(self, named: str) -> ApiKey:
        """Refuse this key, named by its id or its service, from now on; raises UnknownKeyError and
        AmbiguousKeyError."""
        key = await self._live(named)
        await self.keys.revoke(key.key_id, now=self.clock.now())
        return key

    async def _live(self, named: str) -> ApiKey:
        by_id = await self.keys.find(named) if is_key_id(named) else None
        live = [by_id] if by_id is not None and by_id.is_live(self.clock.now()) else await self._live_of(named)
        match live:
            case []:
                raise UnknownKeyError(named)
            case [key]:
                return key
            case several:
                raise AmbiguousKeyError(named, several)

    async def _live_of(self, name: str) -> Sequence[ApiKey]:
        now = self.clock.now()
        return [key for key in await self.keys.list() if key.name == name and key.is_live(now)]

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


def _listed(keys: Sequence[ApiKey]) -> str:
    return ", ".join(f"{key.key_id} (made {key.created_at:%Y-%m-%d %H:%M})" for key in keys)


def key_id_in(credential: str) -> str | None:
    """The public part of what looks like one of our keys."""
    shown = _KEY.fullmatch(credential)
    return shown.group(1) if shown else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
