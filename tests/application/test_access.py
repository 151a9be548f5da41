"""A caller is whoever holds a live key, and nobody else."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from marketmind_scheduler.application.access import (
    Access,
    AmbiguousKeyError,
    IssuedKey,
    KeyNameRefusedError,
    KeyNameTakenError,
    KeyRing,
    UnknownKeyError,
    key_id_in,
)
from marketmind_scheduler.domain.access import Caller, Reach, Scope
from marketmind_scheduler.domain.errors import InvalidCredentials
from tests.fakes.api_keys import InMemoryApiKeys
from tests.fakes.clock import FrozenClock
from tests.loops import on_each

DAY = timedelta(days=1)


@pytest.fixture
def keys() -> InMemoryApiKeys:
    return InMemoryApiKeys()


@pytest.fixture
def ring(keys: InMemoryApiKeys, clock: FrozenClock) -> KeyRing:
    return KeyRing(keys=keys, clock=clock)


@pytest.fixture
def access(keys: InMemoryApiKeys, clock: FrozenClock) -> Access:
    return Access(keys=keys, tokens=None, clock=clock)


async def issued(ring: KeyRing, name: str = "content-service", *, lifetime: timedelta | None = None) -> IssuedKey:
    expires_at = ring.clock.now() + lifetime if lifetime else None
    return await ring.create(name, scopes=[Scope.CATALOG_READ], reach=Reach(), expires_at=expires_at)


async def refused(access: Access, credential: str) -> None:
    with pytest.raises(InvalidCredentials):
        await access.caller(credential)


async def test_a_key_tells_who_calls_and_what_they_may_do(ring: KeyRing, access: Access) -> None:
    reach = Reach(frozenset({uuid4()}))
    made = await ring.create("content-service", scopes=[Scope.CATALOG_READ], reach=reach, expires_at=None)

    caller = await access.caller(made.credential)

    assert caller == Caller(name="content-service", scopes=frozenset({Scope.CATALOG_READ}), reach=reach)


async def test_no_two_keys_share_a_secret_and_no_secret_is_kept_or_shown_by_accident(
    ring: KeyRing, keys: InMemoryApiKeys
) -> None:
    first, second = await issued(ring, "first"), await issued(ring, "second")
    secrets = {each.credential.partition(".")[2] for each in (first, second)}

    assert len(secrets) == 2
    assert all(len(secret) == 43 for secret in secrets)
    shown = repr((first, second, await keys.list()))
    assert not any(secret in shown for secret in secrets)


CHANGES: dict[str, Callable[[str], str]] = {
    "another end": lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
    "cut": lambda key: key[:-1],
    "longer": lambda key: key + "A",
    "another id": lambda key: "mms_000000000000" + key[16:],
    "no id": lambda key: key.partition(".")[2],
    "upper case": lambda key: key.upper(),
    "a space": lambda key: f" {key}",
    "a prefix": lambda _: "mms_",
    "very long": lambda _: "x" * 100_000,
    "a NUL": lambda _: "mms_0123456789ab.\x00",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_anything_but_the_very_key_is_refused(
    ring: KeyRing, access: Access, change: Callable[[str], str]
) -> None:
    made = await issued(ring)

    await refused(access, change(made.credential))


async def test_a_revoked_key_is_refused_from_then_on(ring: KeyRing, access: Access) -> None:
    made = await issued(ring)
    await access.caller(made.credential)

    await ring.revoke(made.key.key_id)

    await refused(access, made.credential)


async def test_an_expired_key_is_refused(ring: KeyRing, access: Access, clock: FrozenClock) -> None:
    made = await issued(ring, lifetime=DAY)
    clock.advance(DAY - timedelta(microseconds=1))
    await access.caller(made.credential)

    clock.advance(timedelta(microseconds=1))

    await refused(access, made.credential)


async def test_while_a_key_is_rotated_both_work_and_afterwards_the_new_one(
    ring: KeyRing, access: Access, clock: FrozenClock
) -> None:
    old = await issued(ring)

    new = await ring.rotate(old.key.key_id, overlap=DAY)

    assert await access.caller(old.credential) == await access.caller(new.issued.credential)
    clock.advance(DAY)
    await refused(access, old.credential)
    assert (await access.caller(new.issued.credential)).name == "content-service"


async def test_rotating_does_not_prolong_what_was_to_expire(ring: KeyRing) -> None:
    old = await issued(ring, lifetime=DAY)

    new = await ring.rotate(old.key.key_id, overlap=7 * DAY)

    assert new.issued.key.expires_at == old.key.expires_at


async def test_a_name_has_one_live_key_unless_it_is_rotated(ring: KeyRing) -> None:
    made = await issued(ring)

    with pytest.raises(KeyNameTakenError, match="keys rotate"):
        await issued(ring)
    await ring.revoke(made.key.key_id)

    assert (await issued(ring)).key.name == "content-service"


async def test_no_key_is_named_like_a_caller_with_a_token(ring: KeyRing) -> None:
    with pytest.raises(KeyNameRefusedError, match="choose another name"):
        await issued(ring, "jwt:ada")

    assert await ring.list() == []


@on_each(
    "name",
    [
        *("", " ", "\t", "\n", "\u200b", "\u00a0", "…", " tea", "tea ", "tea\n", "te\x00a", "te\x1b[31ma", "te\u202ea"),
        *("x" * 101, "0123456789ab", "jwt:ada", "operator", "upkeep", "anybody", "\udcff"),
    ],
)
async def test_a_key_has_a_name_that_can_be_seen_and_told_from_an_id(ring: KeyRing, name: str) -> None:
    with pytest.raises(KeyNameRefusedError):
        await issued(ring, name)

    assert await ring.list() == []


@on_each("name", ["a", "content-service", "Ada Lovelace", "планёр", "team/tea.1", "x" * 100])
async def test_any_other_name_is_taken(ring: KeyRing, name: str) -> None:
    assert (await issued(ring, name)).key.name == name


async def test_a_key_is_named_by_its_service_while_that_has_one(ring: KeyRing, access: Access) -> None:
    await issued(ring, "other")
    made = await issued(ring)

    rotation = await ring.rotate("content-service", overlap=DAY)
    with pytest.raises(AmbiguousKeyError, match=f"2 live keys.*{made.key.key_id}.*{rotation.issued.key.key_id}"):
        await ring.revoke("content-service")
    await ring.revoke(made.key.key_id)
    await ring.revoke("content-service")

    await refused(access, made.credential)
    await refused(access, rotation.issued.credential)
    with pytest.raises(UnknownKeyError):
        await ring.revoke("content-service")


async def test_a_rotation_tells_when_the_old_key_ends_and_which_keys_live(ring: KeyRing, clock: FrozenClock) -> None:
    made = await issued(ring, lifetime=DAY)

    first = await ring.rotate(made.key.key_id, overlap=DAY / 2)
    second = await ring.rotate(made.key.key_id, overlap=7 * DAY)

    assert (first.old.key_id, first.old.expires_at) == (made.key.key_id, clock.now() + DAY / 2)
    assert second.old.expires_at == clock.now() + DAY / 2
    assert {key.key_id for key in second.live} == {each.key.key_id for each in (made, first.issued, second.issued)}


async def test_a_key_that_is_over_can_be_neither_rotated_nor_revoked(ring: KeyRing) -> None:
    made = await issued(ring)
    await ring.revoke(made.key.key_id)

    with pytest.raises(UnknownKeyError):
        await ring.revoke(made.key.key_id)
    with pytest.raises(UnknownKeyError):
        await ring.rotate(made.key.key_id, overlap=DAY)


async def test_the_last_use_is_noted_once_a_minute(
    ring: KeyRing, access: Access, keys: InMemoryApiKeys, clock: FrozenClock
) -> None:
    made, began = await issued(ring), clock.now()

    async def last_use_after(pause: timedelta) -> timedelta | None:
        clock.advance(pause)
        await access.caller(made.credential)
        found = await keys.find(made.key.key_id)
        return found.last_used_at - began if found and found.last_used_at else None

    minute = timedelta(minutes=1)
    assert await last_use_after(minute) == minute
    assert await last_use_after(minute) == minute
    assert await last_use_after(timedelta(seconds=1)) == 2 * minute + timedelta(seconds=1)


def test_the_scope_admin_is_all_of_them() -> None:
    admin = Caller(name="operator", scopes=frozenset({Scope.ADMIN}))
    reader = Caller(name="reader", scopes=frozenset({Scope.CATALOG_READ}))

    assert all(admin.may(scope) for scope in Scope)
    assert [scope for scope in Scope if reader.may(scope)] == [Scope.CATALOG_READ]


def test_only_the_public_part_of_a_key_is_read_out_of_it() -> None:
    assert key_id_in(f"mms_0123456789ab.{'s' * 43}") == "0123456789ab"
    assert key_id_in("something else") is None
