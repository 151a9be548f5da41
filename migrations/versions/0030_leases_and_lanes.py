"""How long a claim was given for, and indexes of lanes that lead nobody astray who looks for something else."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INDEX = "CREATE INDEX ix_schedules_{} ON schedules ({}, schedule_id) WHERE {}"
COLUMNS = {"lane": "brand_id, platform, publish_time", "due_of_brand": "brand_id, platform, due_at"}
WAITS = {"lane": "due_at > '-infinity'", "due_of_brand": "due_at < 'infinity'"}
WAITED = dict.fromkeys(COLUMNS, "due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("schedules", sa.Column("leased_for", sa.Interval()))
    _index(WAITS)


def downgrade() -> None:
    _index(WAITED)
    op.drop_column("schedules", "leased_for")


def _index(where: dict[str, str]) -> None:
    for name, columns in COLUMNS.items():
        op.execute(f"DROP INDEX ix_schedules_{name}")
        op.execute(INDEX.format(name, columns, where[name]))
