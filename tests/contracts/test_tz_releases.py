"""What TzReleaseRepository promises."""

from datetime import timedelta

import pytest

from marketmind_scheduler.ports.storage import Storage
from tests.builders import NOW


async def add(storage: Storage, *releases: str) -> None:
    async with storage.unit_of_work() as work:
        for release in releases:
            await work.tz_releases.add(release, now=NOW)
        await work.commit()


async def test_no_release_is_the_newest_before_one_is_used(storage: Storage) -> None:
    async with storage.reading() as stored:
        assert await stored.tz_releases.newest() is None


@pytest.mark.parametrize("releases", [["2025b", "2026a", "2026f"], ["2026f", "2025b", "2026a"], ["2026f"]])
async def test_the_newest_release_is_the_last_by_name(storage: Storage, releases: list[str]) -> None:
    await add(storage, *releases)

    async with storage.reading() as stored:
        assert await stored.tz_releases.newest() == "2026f"


async def test_a_release_may_be_remembered_again(storage: Storage) -> None:
    await add(storage, "2026f")

    async with storage.unit_of_work() as work:
        await work.tz_releases.add("2026f", now=NOW + timedelta(days=1))
        await work.commit()

    async with storage.reading() as stored:
        assert await stored.tz_releases.newest() == "2026f"
