"""The posts of a brand in their order: an index that no foreign key can take, for a condition that is always true.

Whoever adds a schedule has its post looked up by brand and id. While a table was last looked at with little in it, the
planner believed that the brand alone says as much, and went through all the brand's posts for each.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_posts_brand_id_position", "posts (brand_id, position)"


def upgrade() -> None:
    op.drop_index(NAME)
    op.execute(f"CREATE INDEX {NAME} ON {COLUMNS} WHERE position > 0")


def downgrade() -> None:
    op.drop_index(NAME)
    op.execute(f"CREATE INDEX {NAME} ON {COLUMNS}")
