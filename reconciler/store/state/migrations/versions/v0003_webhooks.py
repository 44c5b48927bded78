"""Webhooks: deliveries that were taken, records to read again, and checks of single records beside the runs."""

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("runs", sa.Column("kind", sa.String(8), nullable=False, server_default="run"))
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("side", "identity", name="uq_webhook_deliveries_side_identity"),
    )
    op.create_index("ix_webhook_deliveries_last_at", "webhook_deliveries", ["last_at"])
    op.create_table(
        "webhook_hints",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_hints"),
        sa.UniqueConstraint("side", "entity", "record_id", name="uq_webhook_hints_side_entity_record_id"),
    )
    op.create_index("ix_webhook_hints_dead_due_at", "webhook_hints", ["dead", "due_at"])
