"""Runs in which a language model takes part: plans being made, what was asked and decided, and what it cost."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preparations",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble_code", sa.Text()),
        sa.Column("trouble", sa.Text()),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_preparations")),
        sa.CheckConstraint("(trouble_code IS NULL) = (trouble IS NULL)", name=op.f("ck_preparations_trouble")),
    )
    op.create_index(op.f("ix_preparations_deadline"), "preparations", ["deadline"])
    op.create_table(
        "agent_runs",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_agent_runs")),
    )
    op.create_index(op.f("ix_agent_runs_brand_id_position"), "agent_runs", ["brand_id", "position"])
    op.create_index(op.f("ix_agent_runs_plan_id"), "agent_runs", ["plan_id"])
    op.create_index(op.f("ix_agent_runs_run_id"), "agent_runs", ["run_id"])
    op.create_table(
        "agent_texts",
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_agent_texts")),
        sa.ForeignKeyConstraint(["position"], ["agent_runs.position"], name=op.f("fk_agent_texts_agent_runs")),
    )
    op.create_index(op.f("ix_agent_texts_brand_id_campaign_id"), "agent_texts", ["brand_id", "campaign_id"])
    op.create_index(op.f("ix_agent_texts_kept_at"), "agent_texts", ["kept_at"])
    op.create_table(
        "agent_costs",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "day", name=op.f("pk_agent_costs")),
    )


def downgrade() -> None:
    for table in ("agent_costs", "agent_texts", "agent_runs", "preparations"):
        op.drop_table(table)
