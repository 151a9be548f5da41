"""Who chose the time in events, and what is left of previews that are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TELLING = ("event_outbox", "events")


def upgrade() -> None:
    for table in TELLING:
        op.add_column(table, sa.Column("scheduler", sa.Text()))
    op.execute("CREATE INDEX ix_previews_over ON previews (coalesce(ended_at, expires_at, created_at))")
    op.create_table(
        "forgotten_previews",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_forgotten_previews")),
    )


def downgrade() -> None:
    op.drop_table("forgotten_previews")
    op.drop_index("ix_previews_over", table_name="previews")
    for table in TELLING:
        op.drop_column(table, "scheduler")
