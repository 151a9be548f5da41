"""How long a claim was given for, and an index of what is due on a lane that no other can stand in for."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

DUE_OF_BRAND = "CREATE INDEX ix_schedules_due_of_brand ON schedules ({}, due_at, schedule_id) WHERE due_at IS NOT NULL"


def upgrade() -> None:
    op.add_column("schedules", sa.Column("leased_for", sa.Interval()))
    _index("uuid_send(brand_id), ('' || platform)")


def downgrade() -> None:
    _index("brand_id, platform")
    op.drop_column("schedules", "leased_for")


def _index(begin: str) -> None:
    op.execute("DROP INDEX ix_schedules_due_of_brand")
    op.execute(DUE_OF_BRAND.format(begin))
