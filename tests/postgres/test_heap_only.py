"""What dispatch writes of the wide row of a schedule: its end, once, beside the version before, and without a word in
any index."""

from collections.abc import Sequence

from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.pool import Pool, open_pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.attempt import Claim, Settlement, settlement
from marketmind_scheduler.domain.schedule import dry_run_id
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import a_brand, given
from tests.loops import telling_all_misses
from tests.postgres.given import OWNER, claim, given_due, in_batches

POSTS, AT_ONCE = 400, 50
WRITTEN_BY_ITS_END = {
    *("status", "finished_at", "updated_at", "version", "external_id", "last_error", "retry_count", "lease_token"),
    *("given_to", "claim_id", "last_send_at"),
}
NAMED_BY_INDEXES = """
SELECT DISTINCT a.attname FROM pg_index i
  JOIN pg_depend d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
 WHERE i.indrelid = 'schedules'::regclass
"""
COUNTED = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'schedules'"


async def test_no_index_of_schedules_names_what_the_end_of_an_accepted_send_writes(pool: Pool) -> None:
    named = {row[0] for row in await pool.fetch(NAMED_BY_INDEXES)}

    assert {"publish_time", "wrong", "kept_at"} <= named
    assert named & WRITTEN_BY_ITS_END == set()


async def test_postgresql_counts_every_end_of_an_accepted_send_as_heap_only(
    database_url: str, storage: PostgresStorage
) -> None:
    await given(storage, a_brand())
    with telling_all_misses() as trying:
        for said in (None, "an id", "dry run"):
            with trying(said=said):
                await given_due(storage, POSTS)
                async with open_pool(database_url, size=1) as pool:
                    queue = PostgresDispatchQueue(pool)
                    claims = await claim(queue)
                    before = await counted(pool)
                    for batch in in_batches(claims, AT_ONCE):
                        await queue.settle([accepted(each, said) for each in batch], owner=OWNER)
                    after = await counted(pool)

                assert [now - then for now, then in zip(after, before, strict=True)] == [POSTS, POSTS]


async def counted(pool: Pool) -> Sequence[int]:
    """How many rows of ``schedules`` were written anew, and how many of them without a word in any index."""
    await pool.execute("SELECT pg_stat_force_next_flush()")
    return tuple(await pool.fetchrow(COUNTED) or ())


def accepted(claim: Claim, said: str | None) -> Settlement:
    external_id = dry_run_id(claim.schedule_id) if said == "dry run" else said
    return settlement(claim, VerdictKind.ACCEPTED, external_id=external_id)
