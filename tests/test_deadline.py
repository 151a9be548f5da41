"""A deadline ends what its task does, as ``asyncio.timeout_at`` would, and makes one timer."""

import asyncio

import pytest

from marketmind_scheduler.deadline import Deadline
from tests.jumping_time import in_jumping_time, seconds_passed


def in_seconds(seconds: float) -> Deadline:
    loop = asyncio.get_running_loop()
    return Deadline(loop.time() + seconds, loop)


@in_jumping_time
async def test_what_takes_longer_is_ended_and_what_comes_after_it_goes_on() -> None:
    with pytest.raises(TimeoutError), in_seconds(3) as deadline:
        await asyncio.sleep(10)

    assert deadline.has_passed
    assert seconds_passed() == pytest.approx(3, abs=0.1)
    await asyncio.sleep(1)


@in_jumping_time
async def test_what_ends_in_time_hears_nothing_of_it() -> None:
    with in_seconds(3) as deadline:
        await asyncio.sleep(2)
    await asyncio.sleep(10)

    assert not deadline.has_passed


@in_jumping_time
async def test_it_can_be_moved_both_ways_and_lifted() -> None:
    for moved_to, lasts in ((5, 5.0), (1, 1.0), (None, 20.0)):
        began = seconds_passed()
        try:
            with in_seconds(3) as deadline:
                if moved_to is None:
                    deadline.lift()
                else:
                    deadline.move(began + moved_to)
                await asyncio.sleep(20)
        except TimeoutError:
            pass

        assert seconds_passed() - began == pytest.approx(lasts, abs=0.1), moved_to


@in_jumping_time
async def test_once_it_has_passed_nothing_moves_it() -> None:
    async def work() -> None:
        with in_seconds(3) as deadline:
            try:
                await asyncio.sleep(10)
            finally:
                deadline.move(seconds_passed() + 100)
                deadline.lift()

    with pytest.raises(TimeoutError):
        await work()


@in_jumping_time
async def test_what_is_raised_inside_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="of its own"), in_seconds(3):
        raise ValueError("of its own")
    with pytest.raises(TimeoutError, match="of its own"), in_seconds(3) as deadline:
        raise TimeoutError("of its own")
    assert not deadline.has_passed


@in_jumping_time
async def test_whoever_cancels_the_task_is_not_taken_for_the_deadline() -> None:
    async def work() -> None:
        with in_seconds(3):
            await asyncio.sleep(10)

    for after in (1, 3):  # before it, and at the same moment
        task = asyncio.create_task(work())
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@in_jumping_time
async def test_the_outer_one_of_two_ends_both() -> None:
    with pytest.raises(TimeoutError), in_seconds(2) as outer, in_seconds(5) as inner:
        await asyncio.sleep(10)

    assert (outer.has_passed, inner.has_passed) == (True, False)
