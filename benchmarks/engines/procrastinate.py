"""procrastinate: a row for each job, kept, and an event row for each change of it, written by triggers."""

from benchmarks.engines.engine import ROWS, Command, Connection, Glance, Jobs, Outcome
from benchmarks.engines.peer import PeerCommands

LOAD = f"""
INSERT INTO procrastinate_jobs (id, queue_name, task_name, scheduled_at)
SELECT position, 'default', 'publish', due_at FROM ({ROWS}) AS jobs
"""
GLANCE = "SELECT /* looking on */ last_value FROM procrastinate_events_id_seq"
# The due ones are known by their ids: a job that is retried is scheduled anew.
IS_DUE = "j.id <= $1 AND j.id % $2 = 0"
LEFT = f"""
SELECT /* looking on */ count(*) FROM procrastinate_jobs j WHERE {IS_DUE} AND j.status IN ('todo', 'doing')
"""
# From the due instant to the fetch, both by the database's clock; the job itself starts a little later.
BEGUN = f"""
SELECT extract(epoch FROM min(e.at) - ($3::timestamptz + (j.id / $2 - 1) * $4::interval))::float8 AS lateness,
       count(*) AS times
  FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'started'
 WHERE {IS_DUE}
 GROUP BY j.id
"""
COMPLETED = f"SELECT count(*) FROM procrastinate_jobs j WHERE {IS_DUE} AND j.status = 'succeeded'"


class Procrastinate:
    name = "procrastinate"
    keeps = "keeps the job, and writes an event row for each change of it; no fence"

    def __init__(self, python: str) -> None:
        self._commands = PeerCommands(python, "procrastinate_worker.py")

    def install(self, url: str) -> Command:
        return self._commands.install(url)

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:
        return self._commands.worker(url, lease_seconds=lease_seconds, log=log)

    async def load(self, connection: Connection, rows: tuple[object, ...]) -> None:
        await connection.execute(LOAD, *rows)
        await connection.execute("SELECT setval('procrastinate_jobs_id_seq', max(id)) FROM procrastinate_jobs")

    async def glance(self, connection: Connection, jobs: Jobs) -> Glance:
        events = await connection.fetchval(GLANCE) - 2 * jobs.total  # loading wrote two for each
        return Glance(has_begun=events > 0, finished=events // 2)

    async def left(self, connection: Connection, jobs: Jobs) -> int:
        return await connection.fetchval(LEFT, jobs.total, jobs.stride)

    async def outcome(self, connection: Connection, jobs: Jobs) -> Outcome:
        begun = await connection.fetch(BEGUN, jobs.total, jobs.stride, jobs.first_due, jobs.gap)
        return Outcome(
            lateness=[row["lateness"] for row in begun],
            completed=await connection.fetchval(COMPLETED, jobs.total, jobs.stride),
            reported=0,
            repeated=sum(row["times"] - 1 for row in begun),
        )
