"""Processes that compute beside the event loop: one call each, replaced where they die, ended when they are unused."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import psutil
import pytest

from marketmind_scheduler.adapters.numeric.workers import WorkerDied, Workers


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    one = Workers(most=1)
    yield one
    await one.close()


def children() -> list[psutil.Process]:
    return [
        each for each in psutil.Process().children() if "marketmind_scheduler.adapters.numeric.worker" in each.cmdline()
    ]


async def test_a_call_runs_in_another_process_and_its_answer_comes_back(workers: Workers) -> None:
    there = await workers.run("os:getpid", int)

    assert there != os.getpid()
    assert await workers.run("os:getpid", int) == there


async def test_what_a_call_raises_is_told_and_its_process_goes_on(workers: Workers) -> None:
    there = await workers.run("os:getpid", int)

    with pytest.raises(RuntimeError, match=r"ValueError: .*'no number'"):
        await workers.run("builtins:int", int, "no number")

    assert await workers.run("os:getpid", int) == there


async def test_a_process_that_dies_fails_its_call_alone(workers: Workers) -> None:
    with pytest.raises(WorkerDied):
        await workers.run("os:abort", int)

    assert await workers.run("builtins:abs", int, -1) == 1


async def test_a_call_that_is_cancelled_ends_its_process(workers: Workers) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await workers.run("time:sleep", object, 60)

    assert children() == []
    assert await workers.run("builtins:abs", int, -1) == 1


async def test_whatever_a_call_prints_does_not_mix_with_its_answer(workers: Workers) -> None:
    assert await workers.run("builtins:print", object, "a banner") is None
    assert await workers.run("os:system", int, "echo another") == 0


async def test_zone_rules_are_those_of_the_package_and_not_of_the_machine(workers: Workers) -> None:
    assert await workers.run("os:getenv", str, "PYTHONTZPATH") == ""


async def test_no_more_than_so_many_run_at_once(workers: Workers) -> None:
    await asyncio.gather(*(workers.run("os:getpid", int) for _ in range(5)))

    assert len(children()) == 1


async def test_nothing_runs_before_the_first_call_and_after_the_end() -> None:
    workers = Workers(most=2)
    assert children() == []
    await workers.run("os:getpid", int)
    assert len(children()) == 1

    await workers.close()

    assert children() == []


def test_the_process_that_serves_imports_neither_numpy_nor_highs() -> None:
    program = (
        "import sys, marketmind_scheduler.adapters.numeric.solver, marketmind_scheduler.entrypoints.wiring.bootstrap; "
        "print(sorted({'numpy', 'highspy'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
