"""What callers show of themselves, checked against what is kept or signed elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from marketmind_scheduler.domain.access import ApiKey, Caller


class ApiKeys(Protocol):
    """The keys of services. Each method is one statement, committed when it returns, and raises StorageUnavailable."""

    async def find(self, key_id: str) -> ApiKey | None:
        """As it is at this moment: whatever was revoked before is revoked here."""
        ...

    async def add(self, key: ApiKey) -> None: ...

    async def list(self) -> Sequence[ApiKey]:
        """All of them, also those that are over, by name and then by age."""
        ...

    async def revoke(self, key_id: str, *, now: datetime) -> None:
        """The first time counts."""
        ...

    async def expire(self, key_id: str, *, at: datetime) -> None:
        """Let it end then, unless it ends before."""
        ...

    async def used(self, key_id: str, *, at: datetime) -> None:
        """Remember the last use."""
        ...


class TokenVerifier(Protocol):
    """The tokens of an identity provider."""

    async def verify(self, token: str) -> Caller:
        """Who the token speaks for; raises InvalidCredentials, and IdentityProviderUnavailable while its keys cannot
        be read."""
        ...
