"""What one caller may have at once, and what the others have all the same."""

import asyncio
from contextlib import ExitStack

import pytest

from marketmind_scheduler.adapters.http.envelope.limits import MEGABYTE, Limits
from marketmind_scheduler.adapters.http.envelope.shares import Shares
from marketmind_scheduler.adapters.http.problems import Overloaded
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import TooManyAtOnce
from tests.http.steps import calling, observed, problem
from tests.http.test_access import a_key
from tests.jumping_time import in_jumping_time, seconds_passed

LIMITS = Limits(connections=20, requests_per_caller=3, waits_per_caller=4, held=16 * MEGABYTE)


@pytest.fixture
def shares() -> Shares:
    return Shares(LIMITS)


def test_a_caller_has_so_many_requests_at_once_and_another_has_its_own(shares: Shares) -> None:
    with shares.request("a"), shares.request("a"), shares.request("a"), shares.request("b"):
        with pytest.raises(TooManyAtOnce, match=r"^3 requests are as many"), shares.request("a"):
            pass
        assert shares.requests == {"a": 3, "b": 1}
    assert not shares.requests


def test_who_waits_may_still_ask(shares: Shares) -> None:
    with shares.wait("a"), shares.wait("a"), shares.wait("a"), shares.wait("a"):
        with pytest.raises(TooManyAtOnce, match=r"^4 requests that wait are as many"), shares.wait("a"):
            pass
        with shares.request("a"):
            assert shares.waits.total() == 4


def test_all_who_wait_leave_half_of_the_connections_to_the_others(shares: Shares) -> None:
    with ExitStack() as waiting:
        for nth in range(LIMITS.waits):
            waiting.enter_context(shares.wait(f"caller {nth}"))
        with pytest.raises(Overloaded), shares.wait("one more"):
            pass
    assert not shares.waits


@in_jumping_time
async def test_what_is_large_waits_for_room_and_is_refused_where_there_is_none_for_two_seconds(shares: Shares) -> None:
    async with shares.holding("a", 3 * MEGABYTE):
        with pytest.raises(Overloaded):
            async with shares.holding("a", 2 * MEGABYTE):
                pass
        assert seconds_passed() == pytest.approx(2, abs=0.1)
        async with shares.holding("b", 2 * MEGABYTE):
            assert shares.held.total() == 5 * MEGABYTE
    assert not shares.held


@in_jumping_time
async def test_what_waits_has_its_room_as_soon_as_it_is_given_back(shares: Shares) -> None:
    async def hold() -> float:
        async with shares.holding("a", 3 * MEGABYTE):
            await asyncio.sleep(0.5)
        return seconds_passed()

    ended = await asyncio.gather(*(hold() for _ in range(4)))

    assert sorted(ended) == pytest.approx([0.5, 1, 1.5, 2], abs=0.1)


@in_jumping_time
async def test_what_is_larger_than_every_share_is_held_when_nothing_else_is(shares: Shares) -> None:
    async with shares.holding("a", 100 * MEGABYTE):
        assert shares.held == {"a": 100 * MEGABYTE}


@in_jumping_time
async def test_one_waits_too_often_and_is_told_so_while_another_is_served(use_cases: UseCases) -> None:
    app = observed(use_cases, checks_access=True, shares=Shares(LIMITS))
    greedy, other = await a_key(use_cases, Scope.EVENTS_READ), await a_key(use_cases, Scope.EVENTS_READ)
    async with calling(app) as client:
        waiting = [asyncio.create_task(client.get("/events?wait_seconds=30", headers=greedy)) for _ in range(5)]
        await asyncio.sleep(1)
        waits = asyncio.create_task(client.get("/events?wait_seconds=1", headers=other))
        answers, served = await asyncio.gather(*waiting), await waits

    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429]
    [refused] = [answer for answer in answers if answer.status_code == 429]
    assert problem(refused, 429, "too_many_at_once")["details"] == {"most": 4}
    assert refused.headers["retry-after"] == "1"
    assert served.status_code == 200
