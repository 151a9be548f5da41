"""Which posts the lot left at the naive rule's time, and which it did not."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("arm", sa.Text()))
    op.create_check_constraint(op.f("ck_schedules_arm"), "schedules", "arm IN ('chosen', 'control')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_schedules_arm"), "schedules", type_="check")
    op.drop_column("schedules", "arm")
