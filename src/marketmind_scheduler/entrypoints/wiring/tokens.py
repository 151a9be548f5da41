"""Whose tokens this process accepts."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from marketmind_scheduler.entrypoints.choices import SettingsError
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
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
    from marketmind_scheduler.entrypoints.wiring.identity import verifying  # noqa: PLC0415  # it loads cryptography

    async with verifying(settings, provider) as tokens:
        yield tokens
