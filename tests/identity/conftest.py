"""One provider with one key, and its verifier at a time that stands still."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from marketmind_scheduler.adapters.identity.jwt_verifier import JwtVerifier
from marketmind_scheduler.adapters.identity.key_sources import FileKeySource
from tests.fakes.clock import FrozenClock
from tests.identity.given import Signer, a_signer, a_verifier, key_set


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2027, 3, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def signer() -> Signer:
    return a_signer()


@pytest.fixture
def key_file(tmp_path: Path, signer: Signer) -> Path:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set(signer))
    return path


@pytest.fixture
def verifier(key_file: Path, clock: FrozenClock) -> JwtVerifier:
    return a_verifier(FileKeySource(str(key_file)), clock)
