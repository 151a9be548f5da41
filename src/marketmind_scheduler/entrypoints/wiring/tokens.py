"""Whose tokens this process accepts."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
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
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings, is_loopback
from marketmind_scheduler.ports.access import TokenVerifier


def examine_tokens(settings: Settings) -> Sequence[Finding]:
    """Whether an identity provider's keys can be read, as far as can be seen without asking it; nothing where there is
    none."""
    provider = settings.identity_provider
    if provider is None:
        return []
    try:
        asyncio.run(_open_and_close(settings))
    except SettingsError as wrong:
        return [Finding(Mark.WRONG, "tokens", str(wrong), "let SCHEDULER_JWT_JWKS be where the provider's key set is")]
    return [Finding(Mark.WELL, "tokens", f"those of {provider.issuer}, keys from {provider.jwks}")]


async def _open_and_close(settings: Settings) -> None:
    async with verifying_tokens(settings):
        pass


@asynccontextmanager
async def verifying_tokens(settings: Settings) -> AsyncGenerator[TokenVerifier | None]:
    """For the configured identity provider, as long as the context; None without one. Raises SettingsError where its
    keys can never be read; whether a URL answers is seen when the first token comes."""
    provider = settings.identity_provider
    if provider is None:
        yield None
        return
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
