"""What one claim reads and takes, with few and with many schedules in the future."""

import json
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.engines.engine import Connection
from benchmarks.engines.ours import PLATFORMS, Ours
from benchmarks.servers import Server, connected
from benchmarks.watching import Show
from benchmarks.workloads import Task, installed, load

from marketmind_scheduler.adapters.postgres.dispatch.queue import CLAIM
from marketmind_scheduler.adapters.postgres.pool import BY_INDEX, PLAN_ONCE

ROUNDS = 20
ROWS_OF_PLATFORM = 20


def _of_each(value: object) -> str:
    """An array with this for each platform."""
    return f"array_fill({value}, ARRAY[{len(PLATFORMS)}])"


DUE = (ROUNDS + 5) * ROWS_OF_PLATFORM * len(PLATFORMS)
# As a dispatcher's connection runs it.
SETTINGS = BY_INDEX | PLAN_ONCE | {"jit": "off"}
PREPARE = (*(f"SET {name} = {value}" for name, value in SETTINGS.items()), f"PREPARE claim AS {CLAIM}")
EXPLAIN = (
    "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE claim("
    f"ARRAY[{', '.join(repr(platform) for platform in PLATFORMS)}], {_of_each(ROWS_OF_PLATFORM)}, "
    f"{_of_each('NULL::interval')}, {_of_each('interval $$0$$')}, {_of_each('interval $$100 years$$')}, "
    f"{_of_each('NULL::uuid')}, '{{}}', '{{}}', gen_random_uuid(), gen_random_uuid(), '30 s', NULL, NULL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCost:
    """Of claims of ``rows`` schedules: medians over the rounds. ``finding_buffers`` are those of picking and locking
    the due ones; the others write the new versions of their rows and the entries in every index."""

    future: int
    rows: int
    buffers: float
    finding_buffers: float
    milliseconds: float


async def measure(server: Server, engine: Ours, future: int, show: Show) -> ClaimCost:
    database = "bench_claim"
    url = await server.fresh(database, template=installed(engine))
    async with connected(url) as connection:
        jobs = await load(connection, Task(workload="claim", engine=engine, processes=0, due=DUE, future=future), show)
        for statement in PREPARE:
            await connection.execute(statement)
        claims = [await one_claim(connection) for _ in range(ROUNDS)]
    await server.drop(database)
    return ClaimCost(
        future=jobs.total - jobs.due,
        rows=ROWS_OF_PLATFORM * len(PLATFORMS),
        buffers=median(buffers_of(claim["Plan"]) for claim in claims),
        finding_buffers=median(finding_buffers_of(claim["Plan"]) for claim in claims),
        milliseconds=median(claim["Execution Time"] for claim in claims),
    )


async def one_claim(connection: Connection) -> dict[str, Any]:
    [explained] = json.loads(await connection.fetchval(EXPLAIN))
    return explained


def buffers_of(plan: dict[str, Any]) -> int:
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def finding_buffers_of(plan: dict[str, Any]) -> int:
    return sum(buffers_of(each) for each in plan["Plans"] if each.get("Subplan Name") == "CTE due")
