"""A PgQueuer worker whose jobs do nothing, tuned after PgQueuer's documentation.

    pgqueuer_worker.py install
    pgqueuer_worker.py work ['{"batch": 100, "stalled_seconds": 30, "log": "file"}']

DATABASE_URL names the database. A ``batch`` of jobs is taken at once; "Performance Tuning" wants it larger for short
jobs. Jobs of a worker that died are taken up again after ``stalled_seconds``; into ``log`` goes a line for each job
that runs, before it ends. Runs where PgQueuer is installed.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from typing import Any

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries


async def install(connection: asyncpg.Connection) -> None:
    queries = Queries(AsyncpgDriver(connection))  # durable tables are its default
    await queries.install()
    await queries.optimize_autovacuum()  # "Run pgq autovac after installation"


async def work(connection: asyncpg.Connection, options: dict[str, Any]) -> None:
    # "A single connection for QueueManager"; the listener and its notifications are on, as by default.
    pgq = PgQueuer(AsyncpgDriver(connection))
    log = os.open(options["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT) if "log" in options else None

    @pgq.entrypoint("publish")
    async def publish(job: Job) -> None:
        if log is not None:
            os.write(log, b"%d\n" % job.id)

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, pgq.shutdown.set)
    stalled = timedelta(seconds=options.get("stalled_seconds", 30))
    # An idle worker looks for stalled jobs only when its dequeue_timeout runs out.
    await pgq.run(batch_size=options["batch"], heartbeat_timeout=stalled, dequeue_timeout=stalled / 6)


async def main(command: str, options: dict[str, Any]) -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await (install(connection) if command == "install" else work(connection, options))
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))
