"""A token of the identity provider opens what a key with the same scopes and brands would open."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from marketmind_scheduler.adapters.identity.key_sources import FileKeySource
from marketmind_scheduler.application.use_cases import UseCases
from tests.fakes.clock import FrozenClock
from tests.http.steps import a_brand, calling, new_id, observed, problem
from tests.identity.given import Signer, a_signer, a_verifier, claims, key_set, put


@pytest.fixture(scope="module")
def signer() -> Signer:
    return a_signer()


@pytest.fixture
def key_file(tmp_path: Path, signer: Signer) -> Path:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set(signer))
    return path


@pytest.fixture
async def guarded(use_cases: UseCases, clock: FrozenClock, key_file: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API that takes tokens of the provider."""
    tokens = a_verifier(FileKeySource(str(key_file)), clock)
    guarded = replace(use_cases, access=replace(use_cases.access, tokens=tokens))
    async with calling(observed(guarded, checks_access=True)) as caller:
        yield caller


def bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_token_opens_its_brand_and_to_it_no_other_exists(
    client: httpx2.AsyncClient, guarded: httpx2.AsyncClient, signer: Signer, clock: FrozenClock
) -> None:
    theirs, other = await a_brand(client), await a_brand(client)
    token = bearer(signer.sign(claims(clock, scope="openid catalog:read", brands=[theirs])))

    found = await guarded.get(f"/brands/{theirs}", headers=token)
    hidden = await guarded.get(f"/brands/{other}", headers=token)
    listed = await guarded.get("/brands", headers=token)

    assert found.status_code == 200, found.text
    problem(hidden, 404, "brand_not_found")
    assert [brand["brand_id"] for brand in listed.json()["items"]] == [theirs]


async def test_a_token_that_names_no_brands_finds_none(
    client: httpx2.AsyncClient, guarded: httpx2.AsyncClient, signer: Signer, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    token = signer.sign(claims(clock, scope="admin"))

    problem(await guarded.get(f"/brands/{brand_id}", headers=bearer(token)), 404, "brand_not_found")


async def test_a_token_without_the_scope_is_told_which_one_it_needs(
    guarded: httpx2.AsyncClient, signer: Signer, clock: FrozenClock
) -> None:
    token = signer.sign(claims(clock, scope="catalog:read", brands="*"))
    body = {"brand_name": "Tidal", "brand_default_timezone": "Europe/Berlin"}

    answer = await guarded.put(f"/brands/{new_id()}", json=body, headers=bearer(token))

    assert problem(answer, 403, "missing_scope")["details"] == {"scope": "catalog:write", "held": ["catalog:read"]}


async def test_a_token_that_has_expired_or_is_none_is_not_told_apart(
    guarded: httpx2.AsyncClient, signer: Signer, clock: FrozenClock
) -> None:
    token = signer.sign(claims(clock, scope="catalog:read", brands="*"))
    assert (await guarded.get("/brands", headers=bearer(token))).status_code == 200
    clock.advance(timedelta(minutes=6))

    expired = problem(await guarded.get("/brands", headers=bearer(token)), 401, "invalid_credentials")
    nonsense = problem(await guarded.get("/brands", headers=bearer("nonsense")), 401, "invalid_credentials")

    assert expired["detail"] == nonsense["detail"]


async def test_without_the_keys_of_the_provider_a_token_is_asked_to_come_again(
    guarded: httpx2.AsyncClient, signer: Signer, key_file: Path, clock: FrozenClock
) -> None:
    token = signer.sign(claims(clock, scope="catalog:read", brands="*"))
    put(key_file, None)

    problem(await guarded.get("/brands", headers=bearer(token)), 503, "identity_provider_unavailable")
