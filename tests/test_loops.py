"""A test that loops tries every case and hides none that misses."""

import pytest

from tests.loops import on_each


@on_each(("number", "square"), [(2, 4), (3, 8), (4, 16), (5, 0)])
def square(number: int, square: int) -> None:
    assert number**2 == square


@on_each("number", range(100))
async def awaited(number: int) -> None:
    if number >= 50:
        raise LookupError(number)


@on_each("number", [])
def nothing(number: int) -> None:
    del number


def test_every_miss_is_told_with_its_case_and_what_failed() -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        square()

    told = str(failed.value).splitlines()
    assert told[0] == "2 of 4 missed:"
    assert [line.partition(":")[0] for line in told[1:]] == [
        "number=3, square=8",
        "number=5, square=0",
    ]
    assert "assert number**2 == square" in told[1]


async def test_of_many_misses_twenty_are_shown_and_the_others_counted() -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        await awaited()

    first, *misses, last = str(failed.value).splitlines()
    assert (first, len(misses), last) == ("50 of 100 missed:", 20, "and 30 more")
    assert misses[0].startswith("number=50: LookupError")


def test_a_loop_over_nothing_is_no_test() -> None:
    with pytest.raises(AssertionError, match="nothing was tried"):
        nothing()


@pytest.fixture
def seen() -> list[int]:
    return []


@on_each("number", range(3))
def test_the_cases_share_the_fixtures_of_their_test(number: int, seen: list[int]) -> None:
    seen.append(number)

    assert seen == list(range(number + 1))
