"""Whatever happens to dispatchers, connections, database and receiver: nothing is lost, early, unrecorded or out twice
where that matters."""

import os
from collections.abc import Sequence

import pytest

from tests.chaos.checking import broken_promises
from tests.chaos.deliveries import Conduct
from tests.chaos.faults import Fault
from tests.chaos.figures import Figures
from tests.chaos.world import Run, live_through
from tests.system.servers import OwnServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_ODD = [conduct for conduct in Conduct if conduct is not Conduct.TAKE]
_PEOPLE = {Fault.CANCEL: 0.1, Fault.MOVE: 0.1, Fault.PAUSE: 0.5}
_EVERYTHING = {
    Fault.KILL: 2,
    Fault.STALL: 2.5,
    Fault.STOP: 4,
    Fault.CUT: 1.5,
    Fault.RESTART: 6,
    Fault.LOSE: 0.2,
    **_PEOPLE,
}


def alone(name: str, *faults: tuple[Fault, float], seconds: float = 5, odd: int = 0) -> Run:
    """A run with one kind of trouble; the receiver is often slow, so that much is in flight."""
    conducts = dict.fromkeys(_ODD, odd) | {Conduct.TAKE_SLOWLY: int(20 * seconds)}
    return Run(name=name, seconds=seconds, posts=int(100 * seconds), faults=dict(faults), conducts=conducts)


SHORT = [
    Run(
        name="everything at once",
        seconds=4,
        posts=300,
        faults=_EVERYTHING | {Fault.RESTART: 2.5},
        conducts=dict.fromkeys(_ODD, 2),
    )
]
LONG = [
    alone("nothing"),
    alone("SIGKILL", (Fault.KILL, 0.6), seconds=8),
    alone("SIGSTOP longer than the lease", (Fault.STALL, 0.2), seconds=8),
    alone("SIGTERM", (Fault.STOP, 0.6)),
    alone("all connections ended", (Fault.CUT, 0.2)),
    alone("immediate restarts of PostgreSQL", (Fault.RESTART, 1.5), seconds=8),
    alone("answers of the database lost", (Fault.LOSE, 0.05)),
    alone("people who change their minds", *_PEOPLE.items()),
    alone("odd answers of the receiver", odd=5),
    Run(
        name="everything at once",
        seconds=25,
        posts=2500,
        dispatchers=4,
        faults=_EVERYTHING,
        conducts=dict.fromkeys(_ODD, 20),
        long_busy=5,
        settles_within=120,
    ),
]
RUNS: Sequence[Run] = LONG if os.environ.get("CHAOS") == "long" else SHORT


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
async def test_every_promise_is_kept_under(run: Run, server: OwnServer, figures: Figures, seed: str) -> None:
    outcome = await live_through(server, run, seed=seed)
    figures.add(outcome)

    assert broken_promises(outcome.after) == {}, f"CHAOS_SEED={seed}"
    assert outcome.complaints == []
    assert max(outcome.repeats, outcome.unconfirmed) <= outcome.most_unclear
