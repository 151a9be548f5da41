"""What PlanSolver promises of whoever asks it, whatever the lanes are."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from marketmind_scheduler.adapters.numeric.solver import solving
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.ports.plan_solver import PlanSolver
from tests.numeric.lanes import a_lane, candidates, weighing


@pytest.fixture
async def solver() -> AsyncIterator[PlanSolver]:
    async with solving() as solver:
        yield solver


async def test_the_answers_come_in_the_order_of_the_questions(solver: PlanSolver) -> None:
    choices = await solver.solve([a_lane([1, 2, 3], posts=candidates(count)) for count in (1, 2, 3, 0)], seconds=9)

    assert [list(choice.chosen) for choice in choices] == [[2], [1, 2], [0, 1, 2], []]


async def test_without_the_extra_the_refusal_names_it(solver: PlanSolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(SchedulerUnavailable, match=r"numpy is not installed.*\[planning\]"):
        await solver.solve([a_lane([1])], seconds=9)


async def test_who_comes_when_four_wait_already_is_refused_at_once(solver: PlanSolver) -> None:
    asked = [asyncio.ensure_future(solver.solve([a_lane([1])], seconds=9)) for _ in range(20)]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, SchedulerUnavailable)]
    assert 10 <= len(refused) <= 15
    assert all("again in a few seconds" in str(answer) for answer in refused)
    assert (await solver.solve([a_lane([1])], seconds=9))[0].chosen == [0]


async def test_a_question_that_breaks_the_solver_is_unavailable_and_the_next_is_answered(solver: PlanSolver) -> None:
    beyond = a_lane([1], posts=weighing(1 << 70))

    with pytest.raises(SchedulerUnavailable, match="the solver failed"):
        await solver.solve([a_lane([1]), beyond, a_lane([1])], seconds=9)

    assert (await solver.solve([a_lane([1])], seconds=9))[0].chosen == [0]
