"""What is fitted in a process of its own is what is fitted here, and failures have a name."""

import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from marketmind_scheduler.adapters.numeric.fitter import NumericProfileFitter
from marketmind_scheduler.adapters.numeric.fitting import fitted, narrowed
from marketmind_scheduler.adapters.numeric.workers import Workers
from marketmind_scheduler.domain.audience.week import CELLS
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from tests.domain.audiences import observed


@pytest.fixture
async def fitter() -> AsyncIterator[NumericProfileFitter]:
    workers = Workers(most=1)
    yield NumericProfileFitter(workers)
    await workers.close()


async def test_another_process_fits_the_same_snapshot(fitter: NumericProfileFitter) -> None:
    in_kathmandu = replace(observed(100), zone="Asia/Kathmandu")
    here = fitted(in_kathmandu)

    assert (await fitter.fit(in_kathmandu)).digest == here.digest
    assert await fitter.narrowed(here, [1] * CELLS) == narrowed(here, [1] * CELLS)


async def test_a_fit_that_fails_says_when_to_ask_again(fitter: NumericProfileFitter) -> None:
    with pytest.raises(SchedulerUnavailable, match="ask again in a minute"):
        await fitter.fit(replace(observed(3), zone="Nowhere/Land"))


async def test_without_numpy_the_extra_is_named(fitter: NumericProfileFitter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)  # as where it is not installed
    with pytest.raises(SchedulerUnavailable, match=r"\.\[planning\]"):
        await fitter.fit(observed(3))
