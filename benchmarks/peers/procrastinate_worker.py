"""A procrastinate worker whose jobs do nothing, tuned after procrastinate's documentation.

    procrastinate_worker.py install
    procrastinate_worker.py work ['{"stalled_seconds": 30, "log": "file"}']

DATABASE_URL names the database. Jobs of a worker that died are taken up again after ``stalled_seconds``, or, as it
ships, never; into ``log`` goes a line for each job that runs, before it ends. Runs where procrastinate is installed.
"""

import json
import logging
import os
import sys
from typing import Any

import uvloop
from procrastinate import App, JobContext, PsycopgConnector

# "Launch multiple jobs concurrently": 30 in its example; 10 and 100 drain as fast, since it fetches one at a time.
CONCURRENCY = 30
# "How polling works": nothing notifies a worker of a job that becomes due, so this bounds the lateness.
POLLING_SECONDS = 0.1


def build(url: str, options: dict[str, Any]) -> App:
    # "Mind the size of your PostgreSQL pool": for short jobs as many connections as the concurrency, plus one.
    app = App(connector=PsycopgConnector(conninfo=url, min_size=2, max_size=CONCURRENCY + 1))
    log = os.open(options["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT) if "log" in options else None

    @app.task(name="publish", pass_context=True)
    async def publish(context: JobContext) -> None:
        if log is not None:
            os.write(log, b"%d\n" % context.job.id)

    if "stalled_seconds" in options:

        @app.periodic(cron="* * * * * */5")  # "Retry stalled jobs", where it is */10 minutes
        @app.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs", pass_context=True)
        async def retry_stalled_jobs(_context: JobContext, timestamp: int) -> None:  # noqa: ARG001
            stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=options["stalled_seconds"])
            for job in stalled:
                await app.job_manager.retry_job(job)

    return app


async def main(command: str, options: dict[str, Any]) -> None:
    app = build(os.environ["DATABASE_URL"], options)
    async with app.open_async():
        if command == "install":
            await app.schema_manager.apply_schema_async()
        else:
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLLING_SECONDS,
                delete_jobs="never",  # its default, as ours keeps its rows; "always" drains hardly faster
                update_heartbeat_interval=options.get("stalled_seconds", 30) / 3,  # in the ratio of its defaults
                stalled_worker_timeout=options.get("stalled_seconds", 30),
            )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    uvloop.run(main(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))
