"""What is active gets a narrow row of its own, in the queue; ``schedules`` keeps what was intended and how it ended.

The one migration that the version before cannot be run beside: what it reads is moved away. Its statements fail at
once, from the first step on, so stop it before. It goes in pieces, says how far it is, and may be broken off and run
again.
"""

from typing import Any

import sqlalchemy as sa
import structlog
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

AT_ONCE = 10_000
PLATFORMS = "'TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK'"
WAITS = ("due_iff_waiting", "never_early", "lease_iff_publishing", "pending_not_started", "doubt_stays_open")
BEGIN = f"""
DO $$ BEGIN
  IF to_regclass('queue') IS NULL THEN
    ALTER TABLE schedules RENAME COLUMN due_at TO was_due_at;
    ALTER TABLE schedules {", ".join(f"DROP CONSTRAINT ck_schedules_{each}" for each in WAITS)},
      ADD COLUMN wrong text NOT NULL DEFAULT '', ADD COLUMN wrong_at timestamptz;
    CREATE TABLE queue (
      post_id uuid NOT NULL, schedule_id uuid NOT NULL, brand_id uuid NOT NULL, platform text NOT NULL,
      publish_time timestamptz NOT NULL, status text NOT NULL DEFAULT 'PENDING', due_at timestamptz,
      latest_at timestamptz, on_late text NOT NULL, parked smallint NOT NULL DEFAULT 0,
      retry_count integer NOT NULL DEFAULT 0, max_retries integer NOT NULL DEFAULT 3,
      is_doubtful boolean NOT NULL DEFAULT false, lease_token bigint NOT NULL DEFAULT 0, claim_id uuid, given_to uuid,
      lease_expires_at timestamptz, leased_for interval, send_started_at timestamptz, last_send_at timestamptz,
      resend_until_at timestamptz, not_before timestamptz, sent_title text, sent_s3_url text,
      CONSTRAINT pk_queue PRIMARY KEY (post_id),
      CONSTRAINT ck_queue_platform CHECK (platform IN ({PLATFORMS})),
      CONSTRAINT ck_queue_status CHECK (status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED')),
      CONSTRAINT ck_queue_on_late CHECK (on_late IN ('publish', 'skip', 'hold')),
      CONSTRAINT ck_queue_due_iff_waiting CHECK ((status = 'PENDING' AND parked = 0) = (due_at IS NOT NULL)),
      CONSTRAINT ck_queue_never_early CHECK (due_at >= publish_time),
      CONSTRAINT ck_queue_lease_iff_publishing CHECK ((status = 'PUBLISHING') = (lease_expires_at IS NOT NULL)),
      CONSTRAINT ck_queue_pending_not_started CHECK (status <> 'PENDING' OR send_started_at IS NULL),
      CONSTRAINT ck_queue_latest_iff_limited CHECK ((on_late = 'publish') = (latest_at IS NULL)),
      CONSTRAINT ck_queue_retries_bounded CHECK (retry_count BETWEEN 0 AND max_retries)
    ) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
            autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02);
  END IF;
END $$
"""
MOVED = (
    "post_id, schedule_id, brand_id, platform, publish_time, status, latest_at, on_late, parked, retry_count,"
    " max_retries, is_doubtful, lease_token, given_to, lease_expires_at, leased_for, send_started_at, last_send_at,"
    " resend_until_at, not_before, sent_title, sent_s3_url"
)
MOVE = f"""
WITH piece AS MATERIALIZED (
  SELECT * FROM schedules WHERE schedule_id > :after ORDER BY schedule_id LIMIT {AT_ONCE}
), queued AS (
  INSERT INTO queue ({MOVED}, due_at, claim_id) SELECT {MOVED}, was_due_at, lease_owner FROM piece
   WHERE finished_at IS NULL AND NOT EXISTS (SELECT FROM queue q WHERE q.post_id = piece.post_id)
), wrong AS (
  UPDATE schedules s SET wrong = s.status, wrong_at = s.finished_at FROM piece p
   WHERE s.schedule_id = p.schedule_id AND s.wrong = ''
     AND (s.status IN ('FAILED', 'MISSED', 'CANCELLED') OR s.status = 'COMPLETED' AND s.publish_time > now())
), active AS (
  UPDATE schedules s SET status = 'PENDING' FROM piece p
   WHERE s.schedule_id = p.schedule_id AND s.status IN ('PUBLISHING', 'UNCONFIRMED')
)
SELECT schedule_id, count(*) OVER () AS moved FROM piece ORDER BY schedule_id DESC LIMIT 1
"""
GONE = (
    *("was_due_at", "parked", "lost_leases", "lease_expires_at", "send_started_at", "resend_until_at", "is_doubtful"),
    *("not_before", "leased_for", "sent_title", "sent_s3_url"),
)
INDEXES_GONE = ("uq_schedules_active_post", "listed", "of_brand", "dry_run", "unconfirmed", "went_wrong", "over")
WRONG = (
    "(wrong = status OR wrong = '' AND status IN ('PENDING', 'COMPLETED'))"
    " AND wrong_at IS NOT DISTINCT FROM CASE WHEN wrong <> '' THEN finished_at END"
)
INDEXES = (
    "listed ON schedules (((platform || ' ') || wrong), publish_time, schedule_id)",
    "of_brand ON schedules (((wrong || ' ') || platform), brand_id, publish_time, schedule_id)",
    "went_wrong ON schedules (platform, wrong, wrong_at) WHERE wrong IN ('FAILED', 'MISSED')",
    "over ON schedules (COALESCE(kept_at, publish_time))",
    "dry_run ON attempts (schedule_id) WHERE external_id LIKE 'dry-run-%'",
    "due ON queue (platform, due_at, schedule_id) WHERE due_at IS NOT NULL",
    "due_of_brand ON queue (brand_id, platform, due_at, schedule_id) WHERE due_at < 'infinity'",
    "lane ON queue (brand_id, platform, publish_time, schedule_id) WHERE due_at > '-infinity'",
    "listed ON queue (platform, publish_time, schedule_id) WHERE status = 'PENDING'",
    "of_brand ON queue (brand_id, platform, publish_time, schedule_id) WHERE status = 'PENDING'",
    "doubtful ON queue (due_at) WHERE is_doubtful AND due_at IS NOT NULL",
    "lease ON queue (lease_expires_at) WHERE lease_expires_at IS NOT NULL",
    "latest ON queue (latest_at) WHERE due_at IS NOT NULL AND latest_at IS NOT NULL",
    "no_receiver ON queue (platform, brand_id, publish_time, schedule_id) WHERE parked & 16 <> 0",
    "no_receiver_latest ON queue (latest_at) WHERE parked = 16 AND latest_at IS NOT NULL",
    "unconfirmed ON queue (platform, last_send_at) WHERE status = 'UNCONFIRMED'",
    "parked ON queue (platform, schedule_id) WHERE status = 'PENDING' AND parked <> 0",
)

log: Any = structlog.get_logger()


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(BEGIN)
        moved = _move()
    op.execute("LOCK TABLE schedules, queue IN ACCESS EXCLUSIVE MODE")
    for name in INDEXES_GONE:
        op.execute(f"DROP INDEX {name if name.startswith('uq') else f'ix_schedules_{name}'}")
    op.execute("ALTER TABLE schedules DROP CONSTRAINT ck_schedules_status")
    op.execute(f"ALTER TABLE schedules {', '.join(f'DROP COLUMN {each}' for each in GONE)}")
    op.execute("ALTER TABLE schedules RENAME COLUMN lease_owner TO claim_id")
    op.create_check_constraint(
        op.f("ck_schedules_status"), "schedules", "status IN ('PENDING', 'COMPLETED', 'FAILED', 'MISSED', 'CANCELLED')"
    )
    op.create_check_constraint(op.f("ck_schedules_wrong"), "schedules", WRONG)
    for done, index in enumerate(INDEXES):
        if moved:
            log.info("building indexes of schedules and the queue", done=done, of=len(INDEXES))
        name, _, of = index.partition(" ON ")
        table = of.split()[0]
        op.execute(f"CREATE INDEX ix_{table}_{name} ON {of}")
    op.execute("ALTER TABLE schedules SET (fillfactor = 40)")


def downgrade() -> None:
    raise NotImplementedError(
        "0032 moved what is active into a table of its own, which no version before reads or fills: to go back, "
        "restore the backup from before the upgrade, as docs/runbook.md says"
    )


def _move() -> int:
    """What has been moved before is passed over, and counted all the same."""
    connection = op.get_bind()
    schedules = connection.scalar(sa.text("SELECT count(*) FROM schedules"))
    done, after = 0, "00000000-0000-0000-0000-000000000000"
    while piece := connection.execute(sa.text(MOVE), {"after": after}).first():
        after, done = str(piece.schedule_id), done + piece.moved
        log.info("moving schedules into the queue", done=done, of=schedules)
    return done
