"""What audiences did, what is believed of them since, and when that is fitted anew."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

PLATFORMS = "platform IN ('TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK')"
FIGURES = "figure IN ('engagements', 'impressions', 'views', 'clicks')"


def upgrade() -> None:
    op.create_table(
        "observations",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("observation_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("post_id", sa.Uuid()),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("reference", sa.Text()),
        sa.PrimaryKeyConstraint("brand_id", "observation_id", name=op.f("pk_observations")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.brand_id"], name=op.f("fk_observations_brands")),
        sa.ForeignKeyConstraint(
            ["brand_id", "post_id"], ["posts.brand_id", "posts.post_id"], name=op.f("fk_observations_posts")
        ),
        sa.CheckConstraint(PLATFORMS, name=op.f("ck_observations_platform")),
        sa.CheckConstraint(FIGURES, name=op.f("ck_observations_figure")),
        sa.CheckConstraint("value BETWEEN 0 AND 1000000000000", name=op.f("ck_observations_value")),
        sa.CheckConstraint("(post_id IS NULL) = (published_at IS NOT NULL)", name=op.f("ck_observations_of_one_post")),
        sa.CheckConstraint("reference IS NULL OR post_id IS NULL", name=op.f("ck_observations_reference_of_history")),
    )
    op.create_index(
        op.f("ix_observations_brand_id_platform_measured_at"), "observations", ["brand_id", "platform", "measured_at"]
    )
    op.create_table(
        "profiles",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "platform", "fitted_at", name=op.f("pk_profiles")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.brand_id"], name=op.f("fk_profiles_brands")),
        sa.CheckConstraint(PLATFORMS, name=op.f("ck_profiles_platform")),
    )
    op.create_table(
        "refits",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("brand_id", "platform", name=op.f("pk_refits")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.brand_id"], name=op.f("fk_refits_brands")),
        sa.CheckConstraint(PLATFORMS, name=op.f("ck_refits_platform")),
    )
    op.create_index(op.f("ix_refits_due_at"), "refits", ["due_at"])


def downgrade() -> None:
    for table in ("refits", "profiles", "observations"):
        op.drop_table(table)
