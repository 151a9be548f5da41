"""Graphile Worker, in JavaScript: a row for each job, locked in batches and deleted when it is done; nothing is kept of
it afterwards."""

from benchmarks.engines.engine import ROWS, Command, Connection, Glance, Jobs, Outcome

LOAD = f"""
SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
  SELECT ROW('publish', NULL, NULL, due_at, NULL, NULL, NULL, NULL)::graphile_worker.job_spec
    FROM ({ROWS}) AS jobs))
"""
LEFT = """
SELECT /* looking on */ count(*) AS left, coalesce(bool_or(locked_at IS NOT NULL), false) AS is_held
  FROM graphile_worker._private_jobs WHERE run_at <= $1
"""


class Graphile:
    name = "graphile-worker"
    keeps = "deletes the job; no log and no fence; a dead worker's jobs wait for four hours"

    def __init__(self, modules: str) -> None:
        """``modules`` is the directory in which its packages are installed."""
        self._modules = modules

    def install(self, url: str) -> Command:
        return self._command(url, "install")

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:  # noqa: ARG002
        return self._command(url, "work")

    async def load(self, connection: Connection, rows: tuple[object, ...]) -> None:
        await connection.fetchval(LOAD, *rows)

    async def glance(self, connection: Connection, jobs: Jobs) -> Glance:
        [row] = await connection.fetch(LEFT, jobs.last_due)
        return Glance(has_begun=row["is_held"] or row["left"] < jobs.due, finished=jobs.due - row["left"])

    async def left(self, connection: Connection, jobs: Jobs) -> int:
        return await connection.fetchval(LEFT, jobs.last_due)

    async def outcome(self, connection: Connection, jobs: Jobs) -> Outcome:
        return Outcome(lateness=[], completed=jobs.due - await self.left(connection, jobs), reported=0, repeated=0)

    def _command(self, url: str, what: str) -> Command:
        script = f"{self._modules}/worker.js"
        return Command(arguments=["node", script, what], environment={"DATABASE_URL": url})
