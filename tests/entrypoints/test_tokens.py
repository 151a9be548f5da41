"""The identity provider is configured as a whole, and what can never work stops the start."""

from pathlib import Path

import pytest

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.access import Caller, Reach, Scope
from marketmind_scheduler.entrypoints.choices import SettingsError
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.wiring.bootstrap import running
from marketmind_scheduler.entrypoints.wiring.tokens import verifying_tokens
from tests.identity.given import AUDIENCE, ISSUER, a_signer, claims, key_set, put

URL = "https://login.example.com/keys"
PROVIDER = {
    "SCHEDULER_AUTH": "keys",
    "SCHEDULER_JWT_ISSUER": ISSUER,
    "SCHEDULER_JWT_AUDIENCE": AUDIENCE,
    "SCHEDULER_JWT_JWKS": URL,
}


async def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        async with verifying_tokens(load(environment)):
            pass
    return str(refused.value)


async def test_without_a_provider_no_token_is_accepted() -> None:
    async with verifying_tokens(load({})) as tokens:
        assert tokens is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (["ISSUER"], "SCHEDULER_JWT_AUDIENCE and SCHEDULER_JWT_JWKS"),
        (["ISSUER", "AUDIENCE"], "SCHEDULER_JWT_JWKS"),
        (["ISSUER", "JWKS"], "SCHEDULER_JWT_AUDIENCE"),
        (["AUDIENCE", "JWKS"], "SCHEDULER_JWT_ISSUER"),
    ],
)
async def test_a_provider_that_is_named_in_part_is_refused(given: list[str], missing: str) -> None:
    said = await refusal({f"SCHEDULER_JWT_{name}": PROVIDER[f"SCHEDULER_JWT_{name}"] for name in given})

    assert said.startswith(f"{missing} must be set too: ")


async def test_a_provider_without_access_checks_is_refused() -> None:
    said = await refusal({**PROVIDER, "SCHEDULER_AUTH": ""})

    assert said.startswith(f"SCHEDULER_JWT_ISSUER={ISSUER} has no effect")
    assert "SCHEDULER_AUTH=keys" in said


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "HTTPS://login.example.com:8443/keys?tenant=1",
        "http://localhost:8080/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:9/keys",
    ],
)
async def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    async with verifying_tokens(load({**PROVIDER, "SCHEDULER_JWT_JWKS": url})) as tokens:
        assert tokens is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.com/keys",
        "http://localhost.example.com/keys",
        "http://127.0.0.1@login.example.com/keys",
        "https://user:hush@login.example.com/keys",
        "ftp://localhost/keys",
        "file:///etc/keys.json",
        "https:///keys",
        "https://login.example.com:port/keys",
        "https://login.example.com:0/keys",
        "https://[::1/keys",
    ],
)
async def test_keys_from_where_anybody_could_change_them_are_refused(url: str) -> None:
    said = await refusal({**PROVIDER, "SCHEDULER_JWT_JWKS": url})

    assert said.startswith("SCHEDULER_JWT_JWKS: it takes an https URL")
    assert "hush" not in said


async def test_a_file_that_is_not_there_or_holds_no_keys_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with_file = {**PROVIDER, "SCHEDULER_JWT_JWKS": str(path)}

    missing = await refusal(with_file)
    put(path, b"{}")
    empty = await refusal(with_file)

    assert missing == f"SCHEDULER_JWT_JWKS={path}: the file cannot be read: No such file or directory"
    assert empty == f'SCHEDULER_JWT_JWKS={path}: the file is not a JSON Web Key Set, {{"keys": [...]}}'


async def test_the_service_takes_the_tokens_of_its_provider_by_the_claims_it_was_told(
    database_url: str, tmp_path: Path
) -> None:
    signer, path = a_signer(), tmp_path / "keys.json"
    put(path, key_set(signer))
    names = {"SCHEDULER_JWT_SCOPES_CLAIM": "permissions", "SCHEDULER_JWT_BRANDS_CLAIM": "https://example.com/brands"}
    settings = load({**PROVIDER, **names, "SCHEDULER_JWT_JWKS": str(path), "DATABASE_URL": database_url})
    granted = {"permissions": ["events:read"], "https://example.com/brands": "*"}
    token = signer.sign(claims(SystemClock(), scope="admin", brands=[], **granted))

    async with running(settings, database_url) as service:
        caller = await service.use_cases.access.caller(token)

    assert caller == Caller(name="jwt:ada", scopes=frozenset({Scope.EVENTS_READ}), reach=Reach())
