"""What BrandRepository promises."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import BrandNotFound
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, NOW, a_brand, given, new_id


async def test_a_brand_is_read_as_it_was_saved(storage: Storage) -> None:
    brand = a_brand(on_late=OnLate.HOLD, max_lateness=timedelta(seconds=90), updated_at=NOW + timedelta(microseconds=1))

    await given(storage, brand)

    async with storage.reading() as stored:
        assert await stored.brands.get(BRAND_ID) == brand
        assert await stored.brands.find(BRAND_ID) == brand


async def test_an_unknown_brand_is_not_found(storage: Storage) -> None:
    await given(storage, a_brand())
    unknown = new_id()

    async with storage.reading() as stored:
        assert await stored.brands.find(unknown) is None
        with pytest.raises(BrandNotFound) as missing:
            await stored.brands.get(unknown)

    assert missing.value.details == {"brand_id": unknown}


async def test_saving_a_brand_again_replaces_all_but_its_creation(storage: Storage) -> None:
    later = NOW + timedelta(days=1)
    await given(storage, a_brand())

    async with storage.unit_of_work() as work:
        saved = await work.brands.save(
            a_brand(
                name="Acme Tea",
                default_zone="Europe/Berlin",
                tone_profile="Short and warm",
                on_late=OnLate.SKIP,
                max_lateness=timedelta(minutes=1),
                created_at=later,
                updated_at=later,
            )
        )
        await work.commit()

    expected = a_brand(
        name="Acme Tea",
        default_zone="Europe/Berlin",
        tone_profile="Short and warm",
        on_late=OnLate.SKIP,
        max_lateness=timedelta(minutes=1),
        created_at=NOW,
        updated_at=later,
    )
    assert saved == expected
    async with storage.reading() as stored:
        assert await stored.brands.get(BRAND_ID) == expected


async def test_saving_a_brand_leaves_others_alone(storage: Storage) -> None:
    other = a_brand(brand_id=new_id(), name="Bakery")
    await given(storage, a_brand(), other)

    await given(storage, a_brand(name="Acme Tea"))

    async with storage.reading() as stored:
        assert await stored.brands.get(other.brand_id) == other


async def test_brands_are_listed_by_id_page_by_page(storage: Storage) -> None:
    await given(storage, *(a_brand(brand_id=UUID(int=number)) for number in (4, 1, 5, 3, 2)))

    async with storage.reading() as stored:
        first = await stored.brands.list(limit=2, after=None)
        second = await stored.brands.list(limit=2, after=UUID(int=2))
        last = await stored.brands.list(limit=2, after=UUID(int=4))

    pages = [[brand.brand_id.int for brand in page] for page in (first, second, last)]
    assert pages == [[1, 2], [3, 4], [5]]


async def test_brands_behind_an_id_that_is_gone_are_listed_all_the_same(storage: Storage) -> None:
    await given(storage, *(a_brand(brand_id=UUID(int=number)) for number in (6, 2)))

    async with storage.reading() as stored:
        listed = await stored.brands.list(limit=10, after=UUID(int=4))

    assert [brand.brand_id.int for brand in listed] == [6]
