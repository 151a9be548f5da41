"""The provider is asked as seldom as can be, and a token is checked as long as there is a key to check it with."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from marketmind_scheduler.adapters.identity.jwt_verifier import JwtVerifier
from marketmind_scheduler.adapters.identity.key_sources import FileKeySource, UrlKeySource, key_client
from marketmind_scheduler.domain.errors import IdentityProviderUnavailable, InvalidCredentials
from tests.fakes.clock import FrozenClock
from tests.identity.given import Signer, a_signer, a_verifier, claims, key_set, put
from tests.receivers import BLACK_HOLE, RESET, Answer, Cut, Receiver, always, in_turn, receiving

PAUSE = timedelta(seconds=30)
FRESH = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def provider(signer: Signer) -> AsyncGenerator[Receiver]:
    """Shows its one key to whoever asks."""
    async with receiving(always(showing(signer))) as server:
        yield server


@pytest.fixture
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    async with key_client() as opened:
        yield opened


@pytest.fixture
def verifier(provider: Receiver, client: httpx2.AsyncClient, clock: FrozenClock) -> JwtVerifier:
    return a_verifier(UrlKeySource(provider.url, client), clock)


def showing(*signers: Signer) -> Answer:
    return Answer(body=key_set(*signers))


async def is_known(verifier: JwtVerifier, signer: Signer, clock: FrozenClock) -> bool:
    try:
        await verifier.verify(signer.sign(claims(clock)))
    except InvalidCredentials:
        return False
    return True


async def test_keys_are_read_when_the_first_token_comes_and_kept_for_ten_minutes(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    assert provider.received == []
    for _ in range(3):
        assert await is_known(verifier, signer, clock)
    clock.advance(FRESH - SECOND)
    assert await is_known(verifier, signer, clock)
    assert len(provider.received) == 1

    clock.advance(SECOND)
    assert await is_known(verifier, signer, clock)

    assert len(provider.received) == 2


async def test_many_at_once_share_one_read(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    known = await asyncio.gather(*(is_known(verifier, signer, clock) for _ in range(20)))

    assert all(known)
    assert len(provider.received) == 1


async def test_a_new_key_of_the_provider_is_found_when_its_first_token_comes(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    assert await is_known(verifier, signer, clock)
    new = a_signer("second")
    provider.decide = always(showing(signer, new))
    clock.advance(PAUSE)

    assert await is_known(verifier, new, clock)
    assert await is_known(verifier, signer, clock)
    assert len(provider.received) == 2


async def test_a_key_that_the_provider_has_withdrawn_is_refused_after_ten_minutes(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    assert await is_known(verifier, signer, clock)
    provider.decide = always(showing(a_signer("second")))
    clock.advance(FRESH)

    assert not await is_known(verifier, signer, clock)


async def test_invented_key_ids_do_not_make_us_ask_more_than_twice_a_minute(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    assert await is_known(verifier, signer, clock)
    strangers = [a_signer(f"invented-{nth}") for nth in range(20)]

    clock.advance(PAUSE - SECOND)
    assert not any([await is_known(verifier, stranger, clock) for stranger in strangers])
    assert len(provider.received) == 1
    clock.advance(SECOND)
    assert not any(await asyncio.gather(*(is_known(verifier, stranger, clock) for stranger in strangers)))

    assert len(provider.received) == 2


@pytest.mark.parametrize(
    "answer",
    [
        RESET,
        Answer(cut=Cut.AFTER_HEAD),
        Answer(status=500),
        Answer(status=404, body=b"not here"),
        Answer(body=b"<html>down for maintenance</html>"),
        Answer(body=b'{"keys": []}'),
        Answer(body=b" " * 64_001),
        Answer(body=b" " * 1000, endless=True),
    ],
    ids=lambda answer: f"{answer.status} {answer.cut} {(answer.body or b'')[:12]!r}",
)
async def test_while_the_provider_is_down_its_old_keys_hold_and_the_log_says_so(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock, answer: Answer
) -> None:
    assert await is_known(verifier, signer, clock)
    provider.decide = always(answer)
    clock.advance(FRESH)

    with capture_logs() as logged:
        for _ in range(3):
            assert await is_known(verifier, signer, clock)

    assert len(provider.received) == 2
    (line,) = logged
    assert line["place"] == provider.url
    assert line["why"]
    assert line["has_old_ones"]


async def test_a_provider_that_is_down_at_first_is_asked_again_half_a_minute_later(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    provider.decide = in_turn(Answer(status=503), showing(signer))
    for _ in range(3):
        with pytest.raises(IdentityProviderUnavailable):
            await is_known(verifier, signer, clock)
    assert len(provider.received) == 1

    clock.advance(PAUSE)

    assert await is_known(verifier, signer, clock)


async def test_a_provider_that_listens_nowhere_is_unavailable(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    await provider.close()

    with pytest.raises(IdentityProviderUnavailable):
        await is_known(verifier, signer, clock)


async def test_a_url_that_leads_nowhere_is_unavailable_and_the_log_says_why(
    client: httpx2.AsyncClient, signer: Signer, clock: FrozenClock
) -> None:
    verifier = a_verifier(UrlKeySource("http://local host/keys", client), clock)

    with capture_logs() as logged, pytest.raises(IdentityProviderUnavailable):
        await is_known(verifier, signer, clock)

    assert logged[0]["why"].startswith("cannot be read: ")


@pytest.mark.parametrize("slow", [BLACK_HOLE, Answer(body=b"{" * 60, pace=0.1)], ids=["silent", "byte by byte"])
async def test_a_provider_that_is_slow_is_not_waited_for(
    provider: Receiver, client: httpx2.AsyncClient, signer: Signer, clock: FrozenClock, slow: Answer
) -> None:
    provider.decide = always(slow)
    verifier = a_verifier(UrlKeySource(provider.url, client, answers_within=0.25), clock)

    async with asyncio.timeout(3):
        with capture_logs() as logged, pytest.raises(IdentityProviderUnavailable):
            await is_known(verifier, signer, clock)

    assert logged[0]["why"] == "did not answer within 0.25 seconds"


async def test_a_redirect_is_not_followed(
    provider: Receiver, verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    async with receiving(always(showing(signer))) as elsewhere:
        provider.decide = always(Answer(status=302, headers={"location": elsewhere.url}))

        with pytest.raises(IdentityProviderUnavailable):
            await is_known(verifier, signer, clock)

        assert elsewhere.connections == 0


async def test_a_proxy_of_the_environment_is_not_used(
    provider: Receiver, signer: Signer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(always(showing(signer))) as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with key_client() as client:
            assert await is_known(a_verifier(UrlKeySource(provider.url, client), clock), signer, clock)

        assert proxy.connections == 0


async def test_a_file_counts_a_second_after_it_has_changed_and_until_it_is_there_again(
    key_file: Path, signer: Signer, clock: FrozenClock
) -> None:
    verifier = a_verifier(FileKeySource(str(key_file)), clock)
    assert await is_known(verifier, signer, clock)
    new = a_signer("second")
    put(key_file, key_set(new))
    clock.advance(SECOND)
    assert await is_known(verifier, new, clock)
    assert not await is_known(verifier, signer, clock)

    put(key_file, None)
    clock.advance(SECOND)

    assert await is_known(verifier, new, clock)


async def test_a_file_that_is_too_large_or_a_directory_is_not_read(
    tmp_path: Path, signer: Signer, clock: FrozenClock
) -> None:
    large = tmp_path / "large.json"
    put(large, key_set(signer) + b" " * 64_000)

    for path in (large, tmp_path):
        with pytest.raises(IdentityProviderUnavailable):
            await is_known(a_verifier(FileKeySource(str(path)), clock), signer, clock)
