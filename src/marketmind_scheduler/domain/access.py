"""Who asks, what they may do, and whose objects exist for them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.event import DISPATCHER, OPERATOR, UPKEEP


class Scope(StrEnum):
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    DISPATCH_RUN = "dispatch:run"
    ENGAGEMENT_WRITE = "engagement:write"
    EVENTS_READ = "events:read"
    ADMIN = "admin"  # all of them


@dataclass(frozen=True, slots=True)
class Reach:
    """The brands that exist for a caller, with all that is theirs; None: every brand."""

    brands: frozenset[UUID] | None = None

    def covers(self, brand_id: UUID) -> bool:
        return self.brands is None or brand_id in self.brands


EVERYWHERE = Reach()

JWT_PREFIX = "jwt:"
"""What the names of callers with a token begin with, and the name of no API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody known. ``name`` stays the same while keys are rotated."""

    name: str
    scopes: frozenset[Scope]
    reach: Reach = EVERYWHERE

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY = Caller(name="anybody", scopes=frozenset({Scope.ADMIN}))
"""Who asks where access is not checked."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many requests at once, and so many in each such time."""

    requests: int
    per: timedelta = timedelta(minutes=1)

    @property
    def interval(self) -> timedelta:
        return self.per / self.requests


LONGEST_KEY_NAME = 100
KEYS_KEPT = timedelta(days=90)
"""How long a key that has ended is still listed, where nothing else is said."""
_KEY_ID = re.compile(r"[0-9a-f]{12}")


_OURS = frozenset({DISPATCHER, UPKEEP, OPERATOR, ANYBODY.name})


def is_key_id(text: str) -> bool:
    """Whether it has the form of a key's id, which no name has."""
    return _KEY_ID.fullmatch(text) is not None


def flaw_of_name(name: str) -> str | None:
    """Why no key can be called so, and what would be right; None where one can."""
    if name.startswith(JWT_PREFIX):
        return f"begins with {JWT_PREFIX}, as callers with a token do; choose another name"
    if name in _OURS:
        return "is what the service calls itself in events; choose another name"
    if is_key_id(name):
        return "looks like the id of a key; choose another name"
    if not name.isprintable() or name != name.strip() or not any(map(str.isalnum, name)):
        return "is no name; write one that can be seen, with no space at either end, such as content-service"
    if len(name) > LONGEST_KEY_NAME:
        return f"has {len(name)} characters; a name has {LONGEST_KEY_NAME} at most"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A service's key. Of its secret only the SHA-256 digest is kept: 256 random bits need no slow hash."""

    key_id: str
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    reach: Reach
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        return Caller(name=self.name, scopes=self.scopes, reach=self.reach)
