"""PgQueuer: a row for each job, deleted when it is done, and log rows for its coming, its start and its end."""

from benchmarks.engines.engine import ROWS, Command, Connection, Glance, Jobs, Outcome
from benchmarks.engines.peer import PeerCommands

# Its log does not say when a job was due, and the job is deleted: the due instants are remembered on the side.
REMEMBERED = "CREATE TABLE IF NOT EXISTS remembered (job_id bigint PRIMARY KEY, due_at timestamptz NOT NULL)"
LOAD = f"""
WITH added AS (
  INSERT INTO pgqueuer (id, priority, status, entrypoint, execute_after)
  SELECT position, 0, 'queued', 'publish', due_at FROM ({ROWS}) AS jobs
  RETURNING id, priority, status, entrypoint, execute_after),
logged AS (
  INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority) SELECT id, status, entrypoint, priority FROM added)
INSERT INTO remembered SELECT id, execute_after FROM added WHERE $6
"""
GLANCE = "SELECT /* looking on */ last_value FROM pgqueuer_log_id_seq"
LEFT = "SELECT /* looking on */ count(*) FROM pgqueuer WHERE execute_after <= $1"
# From the due instant to the fetch, both by the database's clock; the job itself starts a little later.
BEGUN = """
SELECT extract(epoch FROM min(l.created) FILTER (WHERE l.status = 'picked') - r.due_at)::float8 AS lateness,
       count(*) FILTER (WHERE l.status = 'picked') AS times, bool_or(l.status = 'successful') AS is_completed
  FROM remembered r JOIN pgqueuer_log l USING (job_id)
 WHERE l.status IN ('picked', 'successful')
 GROUP BY r.job_id, r.due_at
"""


class PgQueuer:
    keeps = "deletes the job, and writes a log row for each change of it; no fence"

    def __init__(self, python: str, *, batch: int) -> None:
        self.name = f"pgqueuer-{batch}"
        self._commands = PeerCommands(python, "pgqueuer_worker.py", {"batch": batch})

    def install(self, url: str) -> Command:
        return self._commands.install(url)

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:
        return self._commands.worker(url, lease_seconds=lease_seconds, log=log)

    async def load(self, connection: Connection, rows: tuple[object, ...]) -> None:
        await connection.execute(REMEMBERED)
        await connection.execute(LOAD, *rows)

    async def glance(self, connection: Connection, jobs: Jobs) -> Glance:
        logged = await connection.fetchval(GLANCE) - jobs.total  # loading wrote one for each
        return Glance(has_begun=logged > 0, finished=logged // 2)

    async def left(self, connection: Connection, jobs: Jobs) -> int:
        return await connection.fetchval(LEFT, jobs.last_due)

    async def outcome(self, connection: Connection, jobs: Jobs) -> Outcome:  # noqa: ARG002
        begun = await connection.fetch(BEGUN)
        return Outcome(
            lateness=[row["lateness"] for row in begun],
            completed=sum(row["is_completed"] for row in begun),
            reported=0,
            repeated=sum(row["times"] - 1 for row in begun),
        )
