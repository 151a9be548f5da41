"""The explorer's vendored files are the ones that VERSIONS names, with their licences beside them."""

from hashlib import sha256
from pathlib import Path

import pytest

from marketmind_scheduler.adapters import http

ASSETS = Path(http.__path__[0]) / "assets"
CHECKSUMS = {
    name: checksum for checksum, name in (line.split() for line in (ASSETS / "VERSIONS").read_text().splitlines()[1:])
}
PAPERS = {"VERSIONS", "LICENSE", "NOTICE"}


def test_every_file_has_a_checksum_and_every_checksum_a_file() -> None:
    assert {file.name for file in ASSETS.iterdir()} - PAPERS == set(CHECKSUMS)


@pytest.mark.parametrize("name", CHECKSUMS)
def test_a_file_is_as_it_was_taken_over(name: str) -> None:
    assert sha256((ASSETS / name).read_bytes()).hexdigest() == CHECKSUMS[name]


def test_the_papers_say_what_it_is_and_under_which_licence_it_may_be_given_on() -> None:
    assert (ASSETS / "VERSIONS").read_text().startswith("swagger-ui-dist ")
    assert "Apache License" in (ASSETS / "LICENSE").read_text()
    assert "SmartBear" in (ASSETS / "NOTICE").read_text()


@pytest.mark.parametrize("script", [name for name in CHECKSUMS if name.endswith(".js")])
def test_the_licences_of_what_is_bundled_into_a_script_lie_beside_it(script: str) -> None:
    assert f"{script}.LICENSE.txt" in CHECKSUMS
