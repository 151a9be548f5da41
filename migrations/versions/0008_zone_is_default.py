"""Whether a schedule was made in its brand's zone because nobody named one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("zone_is_default", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("""
UPDATE schedules s SET zone_is_default = true FROM brands b
 WHERE b.brand_id = s.brand_id AND b.brand_default_timezone = s.timezone
""")


def downgrade() -> None:
    op.drop_column("schedules", "zone_is_default")
