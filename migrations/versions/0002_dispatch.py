"""What the dispatcher needs: when a schedule is due, who holds it, what was tried, and what is told to others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FINAL = "status IN ('COMPLETED', 'FAILED', 'MISSED', 'CANCELLED')"
STATUSES = "'PENDING', 'PUBLISHING', 'UNCONFIRMED', 'COMPLETED', 'FAILED', 'MISSED', 'CANCELLED'"
PLATFORMS = "'TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK'"
# A claim, its fence and its settlement rewrite the row three times: room on the page keeps the second one cheap, and
# vacuum has to follow closely.
STORAGE = {
    "fillfactor": 70,
    "autovacuum_vacuum_scale_factor": 0.01,
    "autovacuum_vacuum_threshold": 1000,
    "autovacuum_vacuum_cost_delay": 0,
    "autovacuum_analyze_scale_factor": 0.02,
}
COLUMNS = (
    sa.Column("due_at", MOMENT),
    sa.Column("on_late", sa.Text, nullable=False, server_default=sa.text("'publish'")),
    sa.Column("latest_at", MOMENT),
    sa.Column("parked", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("max_retries", sa.Integer, nullable=False, server_default=sa.text("3")),
    sa.Column("lost_leases", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("lease_token", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("lease_owner", sa.Uuid),
    sa.Column("lease_expires_at", MOMENT),
    sa.Column("send_started_at", MOMENT),
    sa.Column("last_send_at", MOMENT),
    sa.Column("resend_until_at", MOMENT),
    sa.Column("is_doubtful", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("external_id", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.Column("finished_at", MOMENT),
    sa.Column("retry_of", sa.Uuid),
)
CHECKS = {
    "due_iff_waiting": "(status = 'PENDING' AND parked = 0) = (due_at IS NOT NULL)",
    "never_early": "due_at >= publish_time",
    "lease_iff_publishing": "(status = 'PUBLISHING') = (lease_expires_at IS NOT NULL)",
    "finished_iff_final": f"({FINAL}) = (finished_at IS NOT NULL)",
    "pending_not_started": "status <> 'PENDING' OR send_started_at IS NULL",
    "doubt_stays_open": "NOT is_doubtful OR finished_at IS NULL",
    "latest_iff_limited": "(on_late = 'publish') = (latest_at IS NULL)",
    "retries_bounded": "retry_count BETWEEN 0 AND max_retries",
    "on_late": "on_late IN ('publish', 'skip', 'hold')",
}


def upgrade() -> None:
    op.add_column("brands", sa.Column("on_late", sa.Text, nullable=False, server_default=sa.text("'publish'")))
    op.add_column(
        "brands", sa.Column("max_lateness_seconds", sa.Integer, nullable=False, server_default=sa.text("21600"))
    )
    op.add_column("brands", sa.Column("paused_at", MOMENT))
    op.create_check_constraint(op.f("ck_brands_on_late"), "brands", "on_late IN ('publish', 'skip', 'hold')")
    op.create_check_constraint(op.f("ck_brands_max_lateness"), "brands", "max_lateness_seconds >= 60")
    op.add_column("campaigns", sa.Column("paused_at", MOMENT))
    for column in COLUMNS:
        op.add_column("schedules", column)
    op.execute("UPDATE schedules SET status = 'UNCONFIRMED' WHERE status = 'PUBLISHING'")
    op.execute(
        "UPDATE schedules SET due_at = CASE WHEN status = 'PENDING' THEN publish_time END, "
        f"finished_at = CASE WHEN {FINAL} THEN updated_at END, max_retries = greatest(3, retry_count)"
    )
    op.drop_constraint(op.f("ck_schedules_retry_count"), "schedules")
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_schedules_{name}"), "schedules", rule)
    parameters = ", ".join(f"{name} = {value}" for name, value in STORAGE.items())
    op.execute(f"ALTER TABLE schedules SET ({parameters})")
    create_indexes()
    create_tables()


def create_indexes() -> None:
    def index(name: str, columns: list[str], where: str) -> None:
        op.create_index(name, "schedules", columns, postgresql_where=sa.text(where))

    index("ix_schedules_due", ["platform", "due_at", "schedule_id"], "due_at IS NOT NULL")
    index("ix_schedules_lease", ["lease_expires_at"], "lease_expires_at IS NOT NULL")
    index("ix_schedules_latest", ["latest_at"], "due_at IS NOT NULL AND latest_at IS NOT NULL")
    index("ix_schedules_unconfirmed", ["platform", "last_send_at"], "status = 'UNCONFIRMED'")
    index("ix_schedules_gone_wrong", ["platform", "finished_at"], "status IN ('FAILED', 'MISSED')")
    index("ix_schedules_parked", ["platform", "schedule_id"], "status = 'PENDING' AND parked <> 0")


def create_tables() -> None:
    op.create_table(
        "attempts",
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("lease_token", sa.BigInteger, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.PrimaryKeyConstraint("schedule_id", "lease_token", name="pk_attempts"),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'deferred', 'refused', 'unknown', 'unsent', 'lost')",
            name=op.f("ck_attempts_verdict"),
        ),
    )
    for table, key in (("event_outbox", "seq"), ("events", "position")):
        op.create_table(
            table,
            sa.Column(key, sa.BigInteger, sa.Identity(always=True), nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("schedule_id", sa.Uuid, nullable=False),
            sa.Column("brand_id", sa.Uuid, nullable=False),
            sa.Column("post_id", sa.Uuid, nullable=False),
            sa.Column("platform", sa.Text, nullable=False),
            sa.Column("publish_time", MOMENT, nullable=False),
            sa.Column("status", sa.Text, nullable=False),
            sa.Column("retry_count", sa.Integer, nullable=False),
            sa.Column("external_id", sa.Text),
            sa.Column("error", sa.Text),
            sa.Column("occurred_at", MOMENT, nullable=False, server_default=sa.text("now()")),
            sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
            sa.CheckConstraint(f"platform IN ({PLATFORMS})", name=op.f(f"ck_{table}_platform")),
            sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f(f"ck_{table}_status")),
        )
    op.create_index("ix_events_brand_id_position", "events", ["brand_id", "position"])


def downgrade() -> None:
    for table in ("events", "event_outbox", "attempts"):
        op.drop_table(table)
    for name in ("due", "lease", "latest", "unconfirmed", "gone_wrong", "parked"):
        op.drop_index(f"ix_schedules_{name}", "schedules")
    op.execute(f"ALTER TABLE schedules RESET ({', '.join(STORAGE)})")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_schedules_{name}"), "schedules")
    op.create_check_constraint(op.f("ck_schedules_retry_count"), "schedules", "retry_count >= 0")
    for column in COLUMNS:
        op.drop_column("schedules", column.name)
    op.drop_column("campaigns", "paused_at")
    op.drop_constraint(op.f("ck_brands_on_late"), "brands")
    op.drop_constraint(op.f("ck_brands_max_lateness"), "brands")
    for name in ("on_late", "max_lateness_seconds", "paused_at"):
        op.drop_column("brands", name)
