"""How tokens of an identity provider are verified: loaded where there is one."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

from marketmind_scheduler.adapters.identity.jwt_verifier import JwtVerifier
from marketmind_scheduler.adapters.identity.key_set import read_key_set
from marketmind_scheduler.adapters.identity.key_sources import (
    FileKeySource,
    KeySource,
    KeysUnreadable,
    UrlKeySource,
    key_client,
)
from marketmind_scheduler.adapters.identity.provider_keys import ProviderKeys
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.entrypoints.choices import SettingsError
from marketmind_scheduler.entrypoints.settings import IdentityProvider, Settings, is_loopback
from marketmind_scheduler.ports.access import TokenVerifier


@asynccontextmanager
async def verifying(settings: Settings, provider: IdentityProvider) -> AsyncGenerator[TokenVerifier]:
    """As long as the context. Raises SettingsError where the provider's keys can never be read."""
    async with _reading_keys(provider.jwks) as source:
        yield JwtVerifier(
            keys=ProviderKeys(source, monotonic=time.monotonic),
            clock=SystemClock(),
            issuer=provider.issuer,
            audience=provider.audience,
            scopes_claim=settings.jwt_scopes_claim,
            brands_claim=settings.jwt_brands_claim,
            longest=timedelta(hours=settings.jwt_longest_hours),
        )


@asynccontextmanager
async def _reading_keys(jwks: str) -> AsyncGenerator[KeySource]:
    if "://" in jwks:
        _check_url(jwks)
        async with key_client() as client:
            yield UrlKeySource(jwks, client)
    else:
        file = FileKeySource(jwks)
        try:
            read_key_set(await file.read())
        except KeysUnreadable as unreadable:
            raise SettingsError(f"SCHEDULER_JWT_JWKS={jwks}: the file {unreadable}") from None
        yield file


def _check_url(url: str) -> None:
    try:
        is_right = _is_safe(urlsplit(url))
    except ValueError:  # a port that is no number, a bracket that never closes
        is_right = False
    if not is_right:
        raise SettingsError(
            "SCHEDULER_JWT_JWKS: it takes an https URL without user and password, an http URL of this machine "
            "(localhost, 127.0.0.1, [::1]), or the path of a file"
        )


def _is_safe(url: SplitResult) -> bool:
    if not url.hostname or url.port == 0 or "@" in url.netloc:
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))
