"""Who was given a claim, so that nobody else can say what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("given_to", sa.Uuid()))
    op.add_column("attempts", sa.Column("owner", sa.Uuid()))
    op.execute("UPDATE schedules SET given_to = lease_owner WHERE lease_expires_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("attempts", "owner")
    op.drop_column("schedules", "given_to")
