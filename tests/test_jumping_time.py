"""Waiting takes no time, and everything happens in its order all the same."""

import asyncio
import time
from itertools import count

import pytest

from tests.jumping_time import in_jumping_time, seconds_passed


@in_jumping_time
async def test_the_clock_jumps_to_each_timer_in_its_turn() -> None:
    began, woken = time.monotonic(), list[int]()

    async def sleep(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woken.append(round(seconds_passed()))

    await asyncio.gather(sleep(86_400), sleep(20), sleep(3_600))

    assert woken == [20, 3_600, 86_400]
    assert time.monotonic() - began < 5


@in_jumping_time
async def test_what_goes_round_and_round_comes_to_its_time_limit() -> None:
    async def spin() -> None:
        for _ in count():
            await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(spin(), timeout=0.1)
